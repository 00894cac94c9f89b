//! Names inside photos, written by exiftool and read by exiv2.

use std::path::Path;

use serde_json::Value;

use crate::common::photos::{ORIENTED_FORMATS, at_width, oriented_jpeg, pixels};
use crate::common::{RunExt, TestEnv, only_face, repository, sample_bytes};
use crate::tagging::{
    PHOTO, oriented_photos, oriented_scene, scene, stored_edges, tag, tagged, untag,
};
use crate::tagging_tools::{assert_keeps_everything, assert_names_obama, exiftool, told};

/// Returns the XMP packet in `photo`, byte for byte.
pub(crate) fn packet(folder: &Path, photo: &str) -> String {
    told("exiftool", &["-b", "-XMP"], folder, &[photo.to_owned()])
}

/// Writes `packet` into `photos`.
fn embed(env: &TestEnv, packet: impl AsRef<[u8]>, photos: &[String]) {
    let file = env.write("packet.xmp", packet);
    let option = format!("-XMP<={}", file.display());
    told(
        "exiftool",
        &["-q", "-overwrite_original", &option],
        env.root(),
        photos,
    );
}

pub(crate) fn bytes(env: &TestEnv, name: &str) -> Vec<u8> {
    std::fs::read(env.path(name)).unwrap()
}

#[test]
#[ignore = "needs exiftool and exiv2"]
fn both_read_what_is_inside_photos_of_all_orientations_and_formats() {
    let (env, upright) = oriented_scene();
    let photos: Vec<_> = oriented_photos().map(|(path, _)| path).collect();
    let untouched: Vec<_> = photos.iter().map(|photo| bytes(&env, photo)).collect();
    let before = exiftool(env.root(), &photos);
    let run = tagged(&env, &["--embed"]);
    let after = exiftool(env.root(), &photos);
    for (index, (path, number)) in oriented_photos().enumerate() {
        let record = run.record(&path);
        let done = serde_json::json!({"change": "change", "done": true});
        assert_eq!(record["embedded"], done, "{path}");
        assert_eq!(record["sidecar"], Value::Null, "{path}");
        let found = &after[index];
        // The test photos have less EXIF than exiftool expects.
        for key in ["Validate", "Warning"] {
            assert_eq!(found[key], before[index][key], "{path}");
        }
        let face = stored_edges(&upright, only_face(&record), number);
        assert_names_obama(&env, &path, found, face);
        assert_eq!(bytes(&env, &format!("{path}_original")), untouched[index]);
    }
    // A second run changes no byte.
    let embedded: Vec<_> = photos.iter().map(|photo| bytes(&env, photo)).collect();
    let again = tag(&env, &["--embed"], 0);
    assert_eq!(again.text(), "");
    let told = format!("{} photos unchanged", photos.len());
    assert!(again.stderr.contains(&told), "{}", again.stderr);
    for (photo, embedded) in photos.iter().zip(&embedded) {
        assert_eq!(&bytes(&env, photo), embedded, "{photo}");
    }
    let out = untag(&env, &[], 0);
    assert_eq!(out.text().lines().count(), photos.len());
    for (found, before) in exiftool(env.root(), &photos).iter().zip(&before) {
        assert_eq!(found, before);
    }
    for photo in &photos {
        assert_eq!(packet(env.root(), photo), "", "{photo}");
    }
}

/// Returns a photo of each format with the packet of `manager` inside, beside a known person.
pub(crate) fn photos_of(manager: &str) -> (TestEnv, [String; 4]) {
    let seed = repository(&format!("tests/fuzz/seeds/sidecar/valid_{manager}.xmp"));
    // A packet in a photo has no XML declaration.
    let xmp = std::fs::read_to_string(&seed).unwrap();
    let xmp = match xmp.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>\n").unwrap().1,
        None => &xmp,
    };
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    let upright = at_width(&pixels("unknown/obama2.jpg"), 400);
    let photos = ORIENTED_FORMATS.map(|(format, encode)| {
        let photo = format!("photos/a.{format}");
        env.write(&photo, encode(&upright, 6));
        photo
    });
    embed(&env, xmp, &photos);
    (env, photos)
}

#[test]
#[ignore = "needs exiftool"]
fn the_packets_of_photo_managers_keep_everything_and_come_back_to_the_byte() {
    for manager in ["digikam", "lightroom", "darktable"] {
        let (env, photos) = photos_of(manager);
        let packets_before = photos.each_ref().map(|photo| packet(env.root(), photo));
        let before = exiftool(env.root(), &photos);
        tagged(&env, &["--embed", "--no-backup"]);
        for (before, after) in before.iter().zip(&exiftool(env.root(), &photos)) {
            let [before, after] = [before, after].map(|read| read.as_object().unwrap());
            assert_keeps_everything(manager, before, after);
            let people = after["PersonInImage"].to_string();
            assert!(people.contains("obama"), "{manager}: {people}");
        }
        untag(&env, &["--no-backup"], 0);
        for (photo, before) in photos.iter().zip(&packets_before) {
            assert_eq!(&packet(env.root(), photo), before, "{manager} {photo}");
        }
        assert!(!env.files().iter().any(|file| file.ends_with("_original")));
    }
}

#[test]
#[ignore = "needs exiftool and exiv2"]
fn exiftool_imports_the_names_and_keeps_those_that_photos_have() {
    let (env, upright) = oriented_scene();
    let photos: Vec<_> = oriented_photos().map(|(path, _)| path).collect();
    let run = tagged(&env, &["--dry-run"]);
    let import = tag(&env, &["-f", "exiftool-json", "-o", "tags.json"], 0);
    let told_count = "32 photos for exiftool -json=FILE";
    assert!(import.stderr.contains(told_count), "{}", import.stderr);
    assert!(!env.files().iter().any(|file| file.ends_with(".xmp")));
    let options = ["-q", "-overwrite_original", "-json=tags.json"];
    told("exiftool", &options, env.root(), &photos);
    let read = exiftool(env.root(), &photos);
    for ((path, number), found) in oriented_photos().zip(&read) {
        let face = stored_edges(&upright, only_face(&run.record(&path)), number);
        assert_names_obama(&env, &path, found, face);
    }
    let again = tag(&env, &["-f", "exiftool-json"], 0);
    assert_eq!(again.text(), "[\n\n]\n");
}

#[test]
#[ignore = "needs exiftool"]
fn what_exiftool_imports_has_what_photo_managers_wrote() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    let photos = ["digikam", "lightroom"].map(|manager| {
        let photo = format!("photos/{manager}.jpg");
        env.copy("unknown/obama2.jpg", &photo);
        let seed = repository(&format!("tests/fuzz/seeds/sidecar/valid_{manager}.xmp"));
        embed(
            &env,
            std::fs::read(seed).unwrap(),
            std::slice::from_ref(&photo),
        );
        photo
    });
    let before = exiftool(env.root(), &photos);
    tag(&env, &["-f", "exiftool-json", "-o", "tags.json"], 0);
    let options = ["-q", "-overwrite_original", "-json=tags.json"];
    told("exiftool", &options, env.root(), &photos);
    for (before, after) in before.iter().zip(&exiftool(env.root(), &photos)) {
        let [mut before, after] = [before, after].map(|read| read.as_object().unwrap().clone());
        // ExifTool rewrites the whole packet, and puts its own name into it.
        before.remove("XMPToolkit");
        assert_keeps_everything("exiftool", &before, &after);
        assert!(after["PersonInImage"].to_string().contains("obama"));
        let regions = |read: &serde_json::Map<String, Value>| match read.get("RegionInfo") {
            Some(regions) => regions["RegionList"].as_array().unwrap().clone(),
            None => Vec::new(),
        };
        let (old, new) = (regions(&before), regions(&after));
        assert_eq!(new.len(), old.len() + 1);
        assert!(old.iter().all(|region| new.contains(region)), "{new:?}");
    }
}

#[test]
#[ignore = "needs exiftool"]
fn people_are_known_by_what_exiftool_tagged_and_not_by_what_facematch_did() {
    let env = scene();
    tag(&env, &["--embed"], 0);
    let enroll = |status| {
        let mut facematch = env.facematch();
        let arguments = [
            "enroll",
            "--from-tags",
            "photos",
            "-o",
            "people.safetensors",
        ];
        facematch.args(arguments).ends_with(status)
    };
    let run = enroll(3);
    assert!(
        run.stderr.contains("no face region with a name"),
        "{}",
        run.stderr
    );
    let region = "-RegionInfo={AppliedToDimensions={W=512,H=512,Unit=pixel},RegionList=[{Area={X=0.44,Y=0.24,W=0.25,H=0.3,Unit=normalized},Name=Eileen Collins,Type=Face}]}";
    let photo = ["photos/astronaut.png".to_owned()];
    told("exiftool", &["-q", region], env.root(), &photo);
    enroll(0);
    let list = env
        .facematch()
        .args(["enroll", "--list", "people.safetensors"])
        .ends_with(0);
    assert_eq!(list.text(), "Eileen Collins\t1\n");
}

#[test]
#[ignore = "needs exiftool"]
fn what_exiftool_wrote_into_a_region_of_facematch_stays() {
    for (options, file) in [(&[][..], "photos/obama2.jpg.xmp"), (&["--embed"], PHOTO)] {
        let env = scene();
        tag(&env, options, 0);
        let file = [file.to_owned()];
        let described = "-XMP-mwg-rs:RegionDescription=Shaking hands";
        let rewrite = ["-q", "-overwrite_original", described];
        told("exiftool", &rewrite, env.root(), &file);
        untag(&env, &[], 0);
        let left = &exiftool(env.root(), &file)[0];
        let regions = left["RegionInfo"]["RegionList"].to_string();
        assert!(regions.contains("Shaking hands"), "{left}");
        assert!(regions.contains("obama"), "{left}");
        assert!(left.get("PersonInImage").is_none(), "{left}");
    }
    // Content that another program only rewrote in another form is still facematch's.
    let env = scene();
    tag(&env, &[], 0);
    let sidecar = ["photos/obama2.jpg.xmp".to_owned()];
    let rated = ["-q", "-overwrite_original", "-XMP:Rating=3"];
    told("exiftool", &rated, env.root(), &sidecar);
    untag(&env, &[], 0);
    let left = &exiftool(env.root(), &sidecar)[0];
    assert!(!left.to_string().contains("obama\""), "{left}");
    assert!(left.get("RegionInfo").is_none(), "{left}");
}

#[test]
#[ignore = "needs exiftool"]
fn a_dry_run_changes_no_byte_of_a_photo() {
    let env = scene();
    let before = (env.files(), bytes(&env, PHOTO));
    let run = tag(&env, &["--embed", "--dry-run"], 0);
    assert_eq!(
        run.text(),
        format!("{PHOTO}\twould change\t{PHOTO}\tobama\n")
    );
    assert!(run.stderr.contains("1 photo to change"), "{}", run.stderr);
    assert_eq!((env.files(), bytes(&env, PHOTO)), before);
    let csv = tag(&env, &["--embed", "--dry-run", "-f", "csv"], 0);
    assert!(csv.text().contains(",embedded_change,embedded_done,"));
    assert!(csv.text().contains(",change,false,"), "{}", csv.text());
}

#[test]
#[ignore = "needs exiftool"]
fn what_cannot_be_written_is_told_and_stays_as_it_is() {
    let env = scene();
    std::fs::remove_file(env.path(PHOTO)).unwrap();
    let upright = at_width(&pixels("unknown/obama2.jpg"), 400);
    upright.save(env.path("photos/a.bmp")).unwrap();
    // Two packets, and one that is incomplete.
    let own = oriented_jpeg(&upright, 1);
    let twice = |xmp: &str| {
        let payload = [b"http://ns.adobe.com/xap/1.0/\0", xmp.as_bytes()].concat();
        let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
        [&[0xff, 0xe1], &length[..], &payload].concat()
    };
    let empty = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>";
    let two = [&own[..2], &twice(empty), &twice(empty), &own[2..]].concat();
    env.write("photos/b.jpg", &two);
    let extended = crate::tagging::EXISTING.replace(
        "xmp:Rating=",
        "xmlns:xmpNote='http://ns.adobe.com/xmp/note/' xmpNote:HasExtendedXMP='0123456789abcdef0123456789abcdef' xmp:Rating=",
    );
    let part = [&own[..2], &twice(&extended), &own[2..]].concat();
    env.write("photos/c.jpg", &part);
    env.write("photos/d.png", &own);
    let protected = env.write("photos/e.jpg", &own);
    let mut permissions = std::fs::metadata(&protected).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&protected, permissions).unwrap();
    let photos = ["a.bmp", "b.jpg", "c.jpg", "d.png", "e.jpg"].map(|name| format!("photos/{name}"));
    let before = photos.each_ref().map(|photo| bytes(&env, photo));
    let files = env.files();
    let run = tag(&env, &["--embed", "-f", "ndjson"], 1);
    let records = run.records();
    let reasons = [
        "Writing of BMP files is not yet supported",
        "it has several XMP packets",
        "too long for one packet",
        "Not a valid PNG",
        "it is write-protected",
    ];
    for ((photo, before), reason) in photos.iter().zip(before).zip(reasons) {
        assert_eq!(bytes(&env, photo), before, "{photo}");
        let error = records
            .iter()
            .find(|record| record["type"] == "error" && record["path"] == **photo)
            .unwrap_or_else(|| panic!("no error of {photo}: {records:?}"));
        assert_eq!(error["kind"], "embedding");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(reason), "{message}");
        assert!(
            !message.contains(&*env.root().to_string_lossy()),
            "{message}"
        );
    }
    assert_eq!(env.files(), files);
}

/// Photos that ExifTool writes into with a warning.
const WARNED_OF: [&str; 5] = [
    "bad_iccp.png",
    "data_after_iend.png",
    "imagemagick.png",
    "jpeg_strips.tif",
    "text_after_idat.png",
];

#[test]
#[ignore = "needs exiftool"]
fn photos_of_which_exiftool_only_warns_are_written() {
    let env = TestEnv::new();
    // Without the warnings.
    let options = ["-q", "-q", "-b", "-XMP"];
    let packet = |photo: &String| {
        told(
            "exiftool",
            &options,
            env.root(),
            std::slice::from_ref(photo),
        )
    };
    env.copy("known/obama.jpg", "known/obama.jpg");
    let photos = WARNED_OF.map(|name| {
        let photo = format!("photos/{name}");
        env.copy(
            &format!("tests/faults/embed-refuses-on-warning/{name}"),
            &photo,
        );
        photo
    });
    let before = photos.each_ref().map(|photo| bytes(&env, photo));
    let run = tag(&env, &["--embed"], 0);
    assert!(run.stderr.contains("5 photos changed"), "{}", run.stderr);
    for (photo, before) in photos.iter().zip(before) {
        assert!(packet(photo).contains("obama"), "{photo}");
        assert_eq!(bytes(&env, &format!("{photo}_original")), before, "{photo}");
    }
    // Each separately: tagged again, then untagged.
    for photo in &photos {
        std::fs::rename(env.path(format!("{photo}_original")), env.path(photo)).unwrap();
        let mut facematch = env.facematch();
        let arguments = ["tag", "--embed", "--no-backup", "known", photo];
        facematch.args(arguments).ends_with(0);
        assert!(packet(photo).contains("obama"), "{photo}");
    }
    let again = tag(&env, &["--embed"], 0);
    assert!(
        again.stderr.contains("5 photos unchanged"),
        "{}",
        again.stderr
    );
    untag(&env, &["--no-backup"], 0);
    for photo in &photos {
        assert_eq!(packet(photo), "", "{photo}");
    }
}

#[test]
#[ignore = "needs exiftool"]
fn an_error_beside_a_warning_is_an_error() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    let png = sample_bytes("tests/faults/embed-refuses-on-warning/bad_iccp.png");
    env.write("photos/a.jpg", &png);
    let run = tag(&env, &["--embed"], 1);
    assert!(run.stderr.contains("Not a valid JPG"), "{}", run.stderr);
    assert!(!run.stderr.contains("Warning"), "{}", run.stderr);
    assert_eq!(bytes(&env, "photos/a.jpg"), png);
    assert_eq!(env.files(), ["known/obama.jpg", "photos/a.jpg"]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::ffi::OsStrExt;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::embedding::unix::{embed as embed_with, exiftool as fake_exiftool};

    #[test]
    #[ignore = "needs exiftool"]
    fn names_that_look_like_options_are_names() {
        let env = scene();
        std::fs::remove_file(env.path(PHOTO)).unwrap();
        let photo = oriented_jpeg(&at_width(&pixels("unknown/obama2.jpg"), 400), 1);
        let names: [&[u8]; 9] = [
            b"-XMP:all=.jpg",
            b"#a.jpg",
            b" a .jpg",
            b"%d%f.jpg",
            b"$a@b.jpg",
            b"a - b.jpg",
            b"\"a\\u0041\".jpg",
            "Zoë 🙂.jpg".as_bytes(),
            b"a*.jpg",
        ];
        let path = |name| Path::new("photos").join(std::ffi::OsStr::from_bytes(name));
        for name in names {
            env.write(path(name), &photo);
        }
        tag(&env, &["--embed", "--no-backup"], 0);
        for name in names {
            let tagged = std::fs::read(env.path(path(name))).unwrap();
            assert!(tagged != photo, "{:?}", path(name));
        }
        env.write(path(b"\xff\xfe.jpg"), &photo);
        env.write(path(b"line\nbreak.jpg"), &photo);
        env.write(path(b"other.jpg"), &photo);
        let run = tag(&env, &["--embed", "--no-backup"], 1);
        let told = String::from_utf8_lossy(&run.stdout);
        assert_eq!(told.matches("changed").count(), 2, "{told}");
        assert!(run.stderr.contains("line break"), "{}", run.stderr);
        assert_eq!(bytes(&env, "photos/line\nbreak.jpg"), photo);
    }

    #[test]
    #[ignore = "needs exiftool"]
    fn photos_whose_names_exiftool_takes_for_the_same_get_their_own_names() {
        let env = scene();
        std::fs::remove_file(env.path(PHOTO)).unwrap();
        env.copy("known/biden.jpg", "known/biden.jpg");
        env.copy("known/biden.jpg", "photos/a/b.jpg");
        env.copy("unknown/obama2.jpg", "photos/a\\b.jpg");
        env.copy("unknown/obama2.jpg", "photos/A/B.jpg");
        tag(&env, &["--embed"], 0);
        for (photo, [name, other]) in [
            ("photos/a/b.jpg", ["biden", "obama"]),
            ("photos/a\\b.jpg", ["obama", "biden"]),
            ("photos/A/B.jpg", ["obama", "biden"]),
        ] {
            let packet = packet(env.root(), photo);
            assert!(packet.contains(name), "{photo}: {packet}");
            assert!(!packet.contains(other), "{photo}: {packet}");
        }
    }

    #[test]
    #[ignore = "needs exiftool"]
    fn a_photo_that_cannot_be_written_costs_those_beside_it_nothing() {
        let env = scene();
        for name in ["a.jpg", "c.jpg"] {
            env.copy("unknown/obama2.jpg", format!("photos/{name}"));
        }
        let before = bytes(&env, PHOTO);
        // A JPEG by its content.
        env.copy("unknown/obama2.jpg", "photos/b.png");
        let run = tag(&env, &["--embed", "-f", "ndjson"], 1);
        assert!(run.stderr.contains("photos/b.png: "), "{}", run.stderr);
        assert_eq!(
            run.stderr.matches("cannot be changed").count(),
            1,
            "{}",
            run.stderr
        );
        for name in ["photos/a.jpg", "photos/c.jpg", PHOTO] {
            assert!(packet(env.root(), name).contains("obama"), "{name}");
            assert_eq!(bytes(&env, &format!("{name}_original")), before, "{name}");
            assert_eq!(run.record(name)["embedded"]["change"], "change");
        }
        assert_eq!(bytes(&env, "photos/b.png"), before);
        assert!(!env.path("photos/b.png_original").exists());
    }

    #[test]
    #[ignore = "needs exiftool"]
    fn beside_a_photo_that_cannot_be_written_none_is_written_twice() {
        let env = scene();
        for name in ["a.jpg", "b.png", "c.jpg"] {
            env.copy("unknown/obama2.jpg", format!("photos/{name}"));
        }
        let path = fake_exiftool(&env, "PATH=${PATH#*:}; tee -a asked | exiftool \"$@\"");
        embed_with(&env, path, 1);
        let asked = std::fs::read_to_string(env.path("asked")).unwrap();
        let written = asked.matches("-json=").count();
        // All together and b.png separately; on a slow machine each separately.
        assert!((2..=4).contains(&written), "{asked}");
    }

    #[test]
    #[ignore = "needs exiftool"]
    fn photos_that_were_written_before_exiftool_ended_are_told_as_written() {
        let env = scene();
        // Without XMP, which would need a query first.
        let photo = oriented_jpeg(&at_width(&pixels("unknown/obama2.jpg"), 400), 1);
        for name in ["photos/a.jpg", PHOTO] {
            env.write(name, &photo);
        }
        // It prints only its version, and no other instance can start.
        let script = "PATH=${PATH#*:}
            [ ! -e started ] || exit 1
            touch started
            exiftool \"$@\" | { read -r line; echo \"$line\"; read -r line; echo \"$line\"; read -r line; kill $$; }";
        let run = embed_with(&env, fake_exiftool(&env, script), 0);
        assert!(run.stderr.contains("2 photos changed"), "{}", run.stderr);
        for photo in ["photos/a.jpg", PHOTO] {
            assert!(packet(env.root(), photo).contains("obama"), "{photo}");
        }
    }

    #[test]
    #[ignore = "needs exiftool"]
    fn the_photo_behind_a_link_gets_the_names_and_the_link_stays() {
        let env = scene();
        let place = env.path("elsewhere.jpg");
        std::fs::rename(env.path(PHOTO), &place).unwrap();
        std::os::unix::fs::symlink(&place, env.path(PHOTO)).unwrap();
        tag(&env, &["--embed"], 0);
        let metadata = std::fs::symlink_metadata(env.path(PHOTO)).unwrap();
        assert!(metadata.is_symlink());
        assert!(packet(env.root(), "elsewhere.jpg").contains("obama"));
        assert!(env.path("elsewhere.jpg_original").exists());
    }

    #[test]
    #[ignore = "needs exiftool"]
    fn a_photo_that_is_searched_under_two_names_is_written_once() {
        let env = scene();
        let before = bytes(&env, PHOTO);
        std::os::unix::fs::symlink(env.path(PHOTO), env.path("photos/zz.jpg")).unwrap();
        let run = tagged(&env, &["--embed"]);
        let change = |photo| run.record(photo)["embedded"]["change"].clone();
        assert_eq!(change(PHOTO), "change");
        assert_eq!(change("photos/zz.jpg"), "keep");
        assert_eq!(bytes(&env, &format!("{PHOTO}_original")), before);
    }

    /// Returns the number of exiftool processes that run in `folder`.
    fn exiftools_in(folder: &Path) -> usize {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let in_folder = processes.filter(|process| {
            let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            let at = std::fs::read_link(process.path().join("cwd")).unwrap_or_default();
            at == folder && command.windows(9).any(|part| part == b"stay_open")
        });
        in_folder.count()
    }

    #[test]
    #[ignore = "needs exiftool"]
    fn a_run_that_is_killed_leaves_whole_photos_and_no_exiftool() {
        // More than ExifTool gets at a time.
        const PHOTOS: usize = 300;
        let env = TestEnv::new();
        env.copy("known/obama.jpg", "known/obama.jpg");
        let photo = oriented_jpeg(&at_width(&pixels("unknown/obama2.jpg"), 120), 1);
        for number in 0..PHOTOS {
            env.write(format!("photos/{number}.jpg"), &photo);
        }
        let mut counts = vec![0];
        for round in 0.. {
            let mut child = Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
                .current_dir(env.root())
                .args(["tag", "--embed", "-q", "-w", "120", "--detector", "hog"])
                .args(["--no-flip", "known", "photos"])
                .env("TMPDIR", env.folder("temporary"))
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            // Some time after it has started to write.
            let is_backup = |file: &&String| file.ends_with("_original");
            let backups = || env.files().iter().filter(is_backup).count();
            while backups() == counts[round] && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(7 * round as u64));
            child.kill().unwrap();
            let status = child.wait().unwrap();
            let killed = Instant::now();
            while exiftools_in(env.root()) > 0 {
                assert!(killed.elapsed() < Duration::from_secs(60), "exiftool stays");
                std::thread::sleep(Duration::from_millis(20));
            }
            let mut tagged = 0;
            for number in 0..PHOTOS {
                let name = format!("photos/{number}.jpg");
                let now = bytes(&env, &name);
                tagged += usize::from(now != photo);
                assert!(image::load_from_memory(&now).is_ok(), "{name}");
                if now != photo {
                    assert_eq!(bytes(&env, &format!("{name}_original")), photo, "{name}");
                    assert!(now.windows(21).any(|part| part == b"urn:facematch:ns:1.0/"));
                }
            }
            let unfinished = |file: &String| file.ends_with("_exiftool_tmp");
            assert!(!env.files().iter().any(unfinished), "{:?}", env.files());
            counts.push(tagged);
            if status.success() {
                break;
            }
        }
        assert_eq!(counts.last(), Some(&PHOTOS), "{counts:?}");
        // Some of the runs were killed while photos were written.
        assert!(
            counts.iter().any(|&count| count > 0 && count < PHOTOS),
            "{counts:?}"
        );
    }
}

#[test]
#[ignore = "needs exiftool"]
fn what_perl_says_of_a_locale_that_is_not_there_is_no_error_of_a_photo() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    let upright = at_width(&pixels("unknown/obama2.jpg"), 400);
    let photos = ORIENTED_FORMATS.map(|(format, encode)| {
        let photo = format!("photos/a.{format}");
        env.write(&photo, encode(&upright, 1));
        photo
    });
    env.facematch()
        .env("LC_ALL", "xx_XX.UTF-8")
        .args(["tag", "--embed", "known", "photos"])
        .ends_with(0);
    for photo in &photos {
        assert!(packet(env.root(), photo).contains("obama"), "{photo}");
    }
}
