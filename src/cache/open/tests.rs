use super::*;
use crate::cache::key::PhotoKey;
use crate::cache::key::SettingsFingerprint;
use crate::cache::value;
use crate::cache::value::tests::sample;
use crate::engine::EngineParams;
use crate::photo::{PhotoFaces, PhotoSettings};

fn key(number: u16) -> PhotoKey {
    let params = EngineParams::new("models");
    let fingerprint = SettingsFingerprint::new(&params, &PhotoSettings::default()).unwrap();
    PhotoKey::new(&fingerprint, &number.to_le_bytes())
}

fn fill(path: &Path, count: u16) {
    let (store, _) = Store::open_or_rebuild(path).unwrap();
    for batch in (0..count).collect::<Vec<_>>().chunks(64) {
        let entries: Vec<_> = batch
            .iter()
            .map(|&n| (key(n), value::encode(&sample(f32::from(n)))))
            .collect();
        store.write(&entries, 20_000).unwrap();
    }
}

fn read(store: &Store, number: u16) -> Option<PhotoFaces> {
    let entry = store.read(&key(number)).ok().flatten()?;
    value::decode(&entry.value)
}

#[test]
fn what_was_written_is_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/cache.redb");
    fill(&path, 100);
    let (store, set_aside) = Store::open_or_rebuild(&path).unwrap();
    assert_eq!(set_aside, None);
    assert_eq!(read(&store, 42), Some(sample(42.0)));
    assert_eq!(read(&store, 100), None);
    let error = Store::open_or_rebuild(&path).err().unwrap();
    assert!(matches!(error, CacheError::InUse { .. }), "{error}");
    drop(store);
    assert!(Store::open(&path).is_ok());
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inner/cache.redb");
    fill(&path, 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    // A store that other users can read, such as a copy.
    for open in [
        |path: &Path| Store::open(path).map(drop),
        |path: &Path| Store::open_or_rebuild(path).map(drop),
    ] {
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        open(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
    }
}

#[test]
fn a_folder_in_its_place_stays_there() {
    let folder = tempfile::tempdir().unwrap();
    for error in [
        Store::open_or_rebuild(folder.path()).err().unwrap(),
        clear(folder.path()).unwrap_err(),
    ] {
        assert!(matches!(error, CacheError::Foreign { .. }), "{error}");
    }
    assert!(folder.path().is_dir());
}

#[test]
fn what_is_damaged_in_use_is_set_aside_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    fill(&path, 1);
    let set_aside = retire(&path, "odd".to_owned()).unwrap().unwrap();
    assert_eq!(set_aside.path, folder.path().join("cache.redb.damaged"));
    assert!(set_aside.path.exists() && !path.exists());
}

#[test]
fn another_file_is_neither_set_aside_nor_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("thesis.txt");
    for content in [
        &b"chapter one"[..],
        b"redbreast",
        b"r3",
        b"\0\0\0\x18ftypmp42",
        b"red",
        &[0; 40_000],
    ] {
        fs::write(&path, content).unwrap();
        for error in [
            Store::open(&path).err().unwrap(),
            Store::open_or_rebuild(&path).err().unwrap(),
            clear(&path).unwrap_err(),
        ] {
            assert!(matches!(error, CacheError::Foreign { .. }), "{error}");
        }
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(clear(&folder.path().join("none")).unwrap(), 0);
}

/// `cache clear` used to delete such a database, and a run used to write a table into it.
#[test]
fn the_database_of_another_program_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.redb");
    for has_multimap in [false, true] {
        let database = redb::Database::create(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        if has_multimap {
            let table: redb::MultimapTableDefinition<u64, u64> =
                redb::MultimapTableDefinition::new("books");
            let mut table = transaction.open_multimap_table(table).unwrap();
            table.insert(1, 2).unwrap();
        } else {
            let table: redb::TableDefinition<u64, u64> = redb::TableDefinition::new("books");
            transaction.open_table(table).unwrap().insert(1, 2).unwrap();
        }
        transaction.commit().unwrap();
        drop(database);
        let content = fs::read(&path).unwrap();
        for error in [
            Store::open(&path).err().unwrap(),
            Store::open_or_rebuild(&path).err().unwrap(),
            clear(&path).unwrap_err(),
        ] {
            assert!(matches!(error, CacheError::Foreign { .. }), "{error}");
        }
        assert!(fs::read(&path).unwrap() == content);
        fs::remove_file(&path).unwrap();
    }
}

/// A store left by a killed run must be repaired before its tables are known. It used to be refused
/// as another program's.
#[test]
fn a_store_of_any_name_is_used_again_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photos.cache");
    fill(&path, 3);
    let open = Store::open(&path).unwrap();
    let left = folder.path().join("left.cache");
    fs::copy(&path, &left).unwrap();
    drop(open);
    let (store, set_aside) = Store::open_or_rebuild(&left).unwrap();
    assert_eq!(set_aside, None);
    assert_eq!(read(&store, 2), Some(sample(2.0)));
}

/// A photo with such a name used to be deleted.
#[test]
fn clear_deletes_nothing_that_begins_otherwise_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("photo.redb", &b"\xFF\xD8\xFF"[..]),
        ("disk.redb.damaged.img", &[0; 5_000]),
        ("empty.txt", b""),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        assert!(
            matches!(clear(&path), Err(CacheError::Foreign { .. })),
            "{name}"
        );
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn damaged_files_are_kept_side_by_side_until_they_are_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    let foreign = folder.path().join("cache.redb.damaged-2");
    fs::write(&foreign, "somebody else's").unwrap();
    for (name, length) in [("cache.redb.damaged", 1), ("cache.redb.damaged-3", 5_000)] {
        // A process that is killed while it creates a store leaves this.
        let zeros = vec![0; length];
        fs::write(&path, &zeros).unwrap();
        let (_, set_aside) = Store::open_or_rebuild(&path).unwrap();
        let aside = folder.path().join(name);
        assert_eq!(set_aside.unwrap().path, aside);
        assert_eq!(fs::read(aside).unwrap(), zeros);
    }
    assert_eq!(clear(&path).unwrap(), 3);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(foreign.exists());
}

/// The first bytes of a store may be damaged too; its name still distinguishes it from a photo.
#[test]
fn a_store_without_its_first_bytes_is_set_aside_and_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    for name in ["cache.redb.damaged", "cache.redb.damaged-2"] {
        fill(&path, 1);
        let mut bytes = fs::read(&path).unwrap();
        bytes[0] = b'R';
        fs::write(&path, &bytes).unwrap();
        let error = Store::open(&path).err().unwrap();
        assert!(matches!(error, CacheError::Damaged { .. }), "{error}");
        let (store, set_aside) = Store::open_or_rebuild(&path).unwrap();
        assert_eq!(set_aside.unwrap().path, folder.path().join(name));
        assert_eq!(read(&store, 0), None);
    }
    // Beside a store only files that begin like one are deleted, because any program could use such
    // a name.
    assert_eq!(clear(&path).unwrap(), 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_is_in_use_is_not_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    let (store, _) = Store::open_or_rebuild(&path).unwrap();
    let error = clear(&path).unwrap_err();
    assert!(matches!(error, CacheError::InUse { .. }), "{error}");
    drop(store);
    assert_eq!(clear(&path).unwrap(), 1);
}

#[cfg(unix)]
#[test]
fn through_a_link_the_file_itself_is_set_aside_and_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("a/c.redb"), folder.path().join("link"));
    fs::create_dir(folder.path().join("a")).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    // A dangling link.
    fill(&link, 1);
    assert!(file.is_file());
    fs::write(&file, [0; 100]).unwrap();
    let (store, set_aside) = Store::open_or_rebuild(&link).unwrap();
    let aside = folder.path().join("a/c.redb.damaged");
    assert_eq!(set_aside.unwrap().path, fs::canonicalize(&aside).unwrap());
    drop(store);
    assert_eq!(clear(&link).unwrap(), 2);
    assert!(!file.exists() && !aside.exists());
    assert!(link.is_symlink());
}

/// Pseudo-random numbers (xorshift), the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Returns `bytes` with one kind of damage: changed bytes, a truncated end, or a block of zeros or
/// noise.
fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let length = bytes.len();
    // Half of the time in the header and the first pages, which hold the structure.
    let end = [length, 4096 * 4][random.below(2)].min(length);
    match random.below(4) {
        0 => bytes.truncate(random.below(length)),
        1 => {
            for _ in 0..=random.below(8) {
                bytes[random.below(end)] ^= 1 << random.below(8);
            }
        }
        kind => {
            let start = random.below(end);
            for byte in bytes.iter_mut().skip(start).take(random.below(4096)) {
                *byte = if kind == 2 {
                    0
                } else {
                    random.below(256) as u8
                };
            }
        }
    }
    bytes
}

#[test]
fn no_damage_gives_wrong_results_or_ends_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    fill(&path, 150);
    let whole = fs::read(&path).unwrap();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut rebuilt = 0;
    for round in 0..150 {
        let damaged = damaged(&whole, &mut random);
        fs::write(&path, &damaged).unwrap();
        let (store, set_aside) = match Store::open_or_rebuild(&path) {
            Ok(opened) => opened,
            // A file without the mark may be any file.
            Err(CacheError::Foreign { .. }) if !damaged.starts_with(MAGIC) => {
                assert!(fs::read(&path).unwrap() == damaged, "round {round}");
                continue;
            }
            Err(error) => panic!("round {round}: {error}"),
        };
        rebuilt += usize::from(set_aside.is_some());
        for number in 0..150 {
            if let Some(found) = read(&store, number) {
                assert_eq!(found, sample(f32::from(number)), "round {round}");
            }
        }
        let entry = (key(7), value::encode(&sample(7.0)));
        store.write(&[entry], 20_000).unwrap();
        assert_eq!(read(&store, 7), Some(sample(7.0)), "round {round}");
        drop(store);
        if let Some(SetAside { path, .. }) = set_aside {
            fs::remove_file(path).unwrap();
        }
    }
    assert!(rebuilt > 50, "{rebuilt}");
}
