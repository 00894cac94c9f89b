use super::*;

fn tree(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "x").unwrap();
    }
    folder
}

fn names(folder: &Path, options: &WalkOptions) -> Vec<String> {
    walk(&[folder.to_owned()], options)
        .list
        .iter()
        .map(|input| {
            let below = input.path().strip_prefix(folder).unwrap();
            below.to_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn photos_are_found_at_any_depth_and_sorted_by_bytes() {
    let folder = tree(&[
        "b.JPG",
        "a/z.png",
        "a.jpg",
        "a-b/c.webp",
        "notes.txt",
        "a/b/c/d.tiff",
    ]);
    let found = names(folder.path(), &WalkOptions::default());
    assert_eq!(
        found,
        ["a-b/c.webp", "a.jpg", "a/b/c/d.tiff", "a/z.png", "b.JPG"]
    );
}

#[test]
fn depth_and_hidden_files_are_options() {
    let folder = tree(&["a.jpg", ".b.jpg", ".c/d.jpg", "e/f.jpg"]);
    let shallow = WalkOptions {
        max_depth: 1,
        ..WalkOptions::default()
    };
    assert_eq!(names(folder.path(), &shallow), ["a.jpg"]);
    let hidden = WalkOptions {
        hidden: true,
        ..WalkOptions::default()
    };
    assert_eq!(
        names(folder.path(), &hidden),
        [".b.jpg", ".c/d.jpg", "a.jpg", "e/f.jpg"]
    );
}

#[test]
fn excluded_folders_are_not_entered() {
    let folder = tree(&["a.jpg", "out/b.jpg", "out/c/d.jpg", "outer/e.jpg"]);
    let options = WalkOptions {
        excluded: vec![std::fs::canonicalize(folder.path().join("out")).unwrap()],
        ..WalkOptions::default()
    };
    assert_eq!(names(folder.path(), &options), ["a.jpg", "outer/e.jpg"]);
}

#[test]
fn without_an_extension_the_content_decides() {
    let folder = tree(&["readme"]);
    // The backup that ExifTool keeps of a photo that it changed is not searched.
    for name in ["scan0001", "scan0001_original", "my_original"] {
        std::fs::write(folder.path().join(name), b"\x89PNG\r\n\x1a\n....").unwrap();
    }
    let found = names(folder.path(), &WalkOptions::default());
    assert_eq!(found, ["my_original", "scan0001"]);
}

#[test]
fn formats_that_cannot_be_read_are_counted() {
    let folder = tree(&["a.JP2", "b.jp2", "c.j2k", "d.txt"]);
    let roots = [folder.path().to_owned(), folder.path().join(".")];
    for roots in [&roots[..1], &roots] {
        let inputs = walk(roots, &WalkOptions::default());
        assert!(inputs.list.is_empty());
        let skipped = BTreeMap::from([("jp2".to_owned(), 2), ("j2k".to_owned(), 1)]);
        assert_eq!(inputs.skipped, skipped);
    }
}

#[test]
fn the_content_decides_for_names_of_other_formats() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    };
    let jpeg = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01";
    let tiff = b"II*\0\x08\0\0\0\0\0\0\0\0\0\0\0";
    let jpeg_2000 = b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\0";
    // A name that a browser or wget gives to a second photo of the same name is not that of a copy.
    for name in [
        "a.HEIC",
        "b.jpg_large",
        "c.nef",
        "d.jpg_original",
        "k.jpg",
        "k.jpg.1",
        "k.jpg (2)",
        "k.jpg_large",
    ] {
        write(name, jpeg);
    }
    // Many camera raw files start like a TIFF.
    write("e.avif", tiff);
    write("f.nef", tiff);
    for name in ["g", "h.jpf", "i.jpg_large"] {
        write(name, jpeg_2000);
    }
    write("j.jpg:Zone.Identifier", b"[ZoneTransfer]");
    let inputs = walk(&[folder.path().to_owned()], &WalkOptions::default());
    let found = names(folder.path(), &WalkOptions::default());
    assert_eq!(
        found,
        [
            "a.HEIC",
            "b.jpg_large",
            "c.nef",
            "e.avif",
            "f.nef",
            "k.jpg",
            "k.jpg (2)",
            "k.jpg.1",
            "k.jpg_large"
        ]
    );
    let skipped = [("jp2", 2), ("jpf", 1), ("jpg_original", 1)];
    let skipped = skipped.map(|(kind, count)| (kind.to_owned(), count));
    assert_eq!(inputs.skipped, BTreeMap::from(skipped));
}

#[test]
fn photos_that_are_not_named_like_photos_are_counted_unless_they_are_copies_beside_one() {
    let jpeg = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01";
    let copies = [
        "a.jpg.bak",
        "a.jpg~",
        "a.jpg_original",
        "a.jpg.tmp",
        "scan~",
        "scan_original",
    ];
    let alone = ["b.jpg.bak", "c.dat", "d.DAT", "e.img", "f~"];
    let folder = tree(&["a.jpg", "scan", "notes.txt", "a.jpg.xmp"]);
    for name in copies.iter().chain(&alone) {
        std::fs::write(folder.path().join(name), jpeg).unwrap();
    }
    let inputs = walk(&[folder.path().to_owned()], &WalkOptions::default());
    let skipped = [("bak", 1), ("dat", 2), ("img", 1), ("~", 1)];
    let skipped = skipped.map(|(kind, count)| (kind.to_owned(), count));
    assert_eq!(inputs.skipped, BTreeMap::from(skipped));
}

#[test]
fn own_pictures_are_skipped_except_crops_that_people_are_known_by() {
    let folder = tree(&["a.jpg"]);
    let at = |name: &str| folder.path().join(name);
    let marked = [
        b"\x89PNG\r\n\x1a\n",
        &facematch_image_files::mark_exif()[..],
    ]
    .concat();
    for name in ["a.jpg.faces.jpg", "a.jpg.face1.png", "moved.jpg.face12.png"] {
        std::fs::write(at(name), &marked).unwrap();
    }
    // Such a name is not enough to skip a file.
    let users = ["b.face.png", "family.faces.jpg", "one.face1.png"];
    for name in users {
        std::fs::write(at(name), b"\x89PNG\r\n\x1a\n....").unwrap();
    }
    let for_search = WalkOptions::default();
    assert_eq!(
        names(folder.path(), &for_search),
        ["a.jpg", users[0], users[1], users[2]]
    );
    let inputs = walk(&[folder.path().to_owned()], &for_search);
    let skipped = OWN_PICTURES.map(|kind| inputs.skipped.get(kind).copied());
    assert_eq!(skipped, [Some(1), Some(2)]);

    let for_known = WalkOptions {
        purpose: Purpose::KnownPeople,
        ..WalkOptions::default()
    };
    let moved = "moved.jpg.face12.png";
    let known = names(folder.path(), &for_known);
    assert_eq!(known, ["a.jpg", users[0], users[1], moved, users[2]]);

    // `*` also matches the drawing. A user who names a crop in another folder wants it searched.
    let named = |name: &str, options| walk(&[at(name)], options).list.len();
    assert_eq!(named("a.jpg.faces.jpg", &for_search), 0);
    assert_eq!(named("a.jpg.face1.png", &for_search), 0);
    assert_eq!(named(moved, &for_search), 1);
    assert_eq!(named("a.jpg.face1.png", &for_known), 1);
}

#[cfg(unix)]
#[test]
fn a_folder_is_searched_once_however_it_is_written() {
    let folder = tree(&["photos/a.jpg", "photos/sub/b.jpg", "photos/sub/deep/c.jpg"]);
    let at = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink(at("photos"), at("link")).unwrap();
    std::os::unix::fs::symlink(at("photos/a.jpg"), at("photos/z.jpg")).unwrap();
    let found = |roots: &[&str], max_depth| {
        let roots: Vec<_> = roots.iter().map(|root| at(root)).collect();
        let options = WalkOptions {
            max_depth,
            ..WalkOptions::default()
        };
        let list = walk(&roots, &options).list;
        let below = |input: &Input| {
            let below = input.path().as_os_str().to_str().unwrap();
            below[folder.path().as_os_str().len() + 1..].to_owned()
        };
        list.iter().map(below).collect::<Vec<_>>()
    };
    let once = [
        "photos/a.jpg",
        "photos/sub/b.jpg",
        "photos/sub/deep/c.jpg",
        "photos/z.jpg",
    ];
    for again in [
        "./photos",
        "photos/",
        "photos/../photos",
        "link",
        "photos/sub/..",
    ] {
        assert_eq!(found(&["photos", again], usize::MAX), once, "{again}");
    }
    // The first spelling is used, even for a part of a folder and for a file.
    assert_eq!(
        found(&["link/sub", "photos", "link/a.jpg"], usize::MAX),
        [
            "link/sub/b.jpg",
            "link/sub/deep/c.jpg",
            "photos/a.jpg",
            "photos/z.jpg"
        ]
    );
    assert_eq!(
        found(&["link/a.jpg", "photos", "./photos/none.jpg"], 1),
        ["./photos/none.jpg", "link/a.jpg", "photos/z.jpg"]
    );
    // Files that the first root does not reach are not lost.
    assert_eq!(
        found(&["photos", "./photos/sub"], 1),
        ["./photos/sub/b.jpg", "photos/a.jpg", "photos/z.jpg"]
    );
}

#[test]
fn a_folder_named_like_a_photo_is_an_error_and_still_searched() {
    let folder = tree(&["odd.jpg/inside.jpg"]);
    let inputs = walk(&[folder.path().to_owned()], &WalkOptions::default());
    assert_eq!(inputs.list.len(), 2);
    assert_eq!(
        inputs.list[0].problem().map(|e| e.kind()),
        Some("not_a_file")
    );
    assert!(inputs.list[1].problem().is_none());
}

#[test]
fn a_path_is_taken_once_and_a_missing_one_is_kept_for_its_error() {
    let folder = tree(&["a.jpg"]);
    let photo = folder.path().join("a.jpg");
    let missing = folder.path().join("none.jpg");
    let roots = [
        photo.clone(),
        folder.path().to_owned(),
        missing.clone(),
        photo.clone(),
    ];
    let inputs = walk(&roots, &WalkOptions::default());
    let paths: Vec<_> = inputs.list.iter().map(Input::path).collect();
    assert_eq!(paths, [photo, missing]);
}

#[cfg(unix)]
#[test]
fn links_to_files_are_followed_and_links_to_folders_when_asked_for() {
    use std::os::unix::fs::symlink;
    let folder = tree(&["real/a.jpg"]);
    let at = |name: &str| folder.path().join(name);
    symlink(at("real/a.jpg"), at("link.jpg")).unwrap();
    symlink(at("real"), at("linked")).unwrap();
    symlink(at("nowhere"), at("broken.jpg")).unwrap();
    symlink(folder.path(), at("real/loop")).unwrap();

    let found = names(folder.path(), &WalkOptions::default());
    assert_eq!(found, ["broken.jpg", "link.jpg", "real/a.jpg"]);

    let following = WalkOptions {
        follow_links: true,
        ..WalkOptions::default()
    };
    let inputs = walk(&[folder.path().to_owned()], &following);
    let problems: Vec<_> = inputs.list.iter().filter_map(Input::problem).collect();
    assert!(
        inputs
            .list
            .iter()
            .any(|i| i.path().ends_with("linked/a.jpg"))
    );
    assert!(
        problems
            .iter()
            .any(|e| e.to_string().contains("leads back to")),
        "{problems:?}"
    );
}
