//! `facematch sort`: photos go into one folder per person, and nothing is lost on the way.

use image::RgbImage;
use serde_json::{Value, json};

use crate::common::photos::{at_width, oriented_jpeg, pixels};
use crate::common::{Run, RunExt, TestEnv};

pub(crate) const OBAMA: &str = "photos/obama.jpg";

/// Returns photos of one known person, of two, of a stranger, and without a face.
pub(crate) fn scene() -> TestEnv {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("known/biden.jpg", "known/biden.jpg");
    env.copy("unknown/obama2.jpg", OBAMA);
    env.copy("unknown/astronaut.png", "photos/stranger.png");
    env.copy("unknown/chelsea.png", "photos/cat.png");
    env.write("photos/two.jpg", two_people());
    env
}

/// Returns Biden on the left, Obama on the right.
fn two_people() -> Vec<u8> {
    let [left, right] =
        ["known/biden.jpg", "unknown/obama2.jpg"].map(|photo| at_width(&pixels(photo), 400));
    let height = left.height().max(right.height());
    let both = RgbImage::from_fn(800, height, |x, y| {
        let (photo, x) = if x < 400 {
            (&left, x)
        } else {
            (&right, x - 400)
        };
        *photo.get_pixel_checked(x, y).unwrap_or(&image::Rgb([0; 3]))
    });
    oriented_jpeg(&both, 1)
}

pub(crate) fn sort(env: &TestEnv, options: &[&str], status: i32) -> Run {
    env.facematch()
        .args([
            "sort",
            "--detector",
            "hog",
            "--no-flip",
            "-w",
            "350",
            "known",
            "photos",
            "--into",
            "out",
        ])
        .args(options)
        .ends_with(status)
}

pub(crate) fn bytes(env: &TestEnv, name: &str) -> Vec<u8> {
    std::fs::read(env.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns the files below `folder`.
pub(crate) fn below(env: &TestEnv, folder: &str) -> Vec<String> {
    let files = env.files();
    files
        .into_iter()
        .filter(|file| file.starts_with(folder))
        .collect()
}

const SORTED: [&str; 3] = [
    "out/biden/two.jpg",
    "out/obama/obama.jpg",
    "out/obama/two.jpg",
];

#[test]
fn a_photo_stands_in_the_folder_of_everybody_who_is_on_it() {
    let env = scene();
    let before = env.files();
    let run = sort(&env, &[], 0);
    assert_eq!(
        run.text(),
        "photos/obama.jpg\tcopied\tout/obama/obama.jpg\tobama\n\
         photos/two.jpg\tcopied\tout/biden/two.jpg\tbiden\n\
         photos/two.jpg\tcopied\tout/obama/two.jpg\tobama\n"
    );
    assert!(
        run.stderr.contains("2 photos copied to 3 places"),
        "{}",
        run.stderr
    );
    assert_eq!(below(&env, "out"), SORTED);
    for copy in SORTED {
        let name = copy.rsplit('/').next().unwrap();
        assert_eq!(bytes(&env, copy), bytes(&env, &format!("photos/{name}")));
        let [from, to] = [format!("photos/{name}"), copy.to_owned()].map(|path| {
            std::fs::metadata(env.path(path))
                .unwrap()
                .modified()
                .unwrap()
        });
        assert_eq!(from, to);
    }
    // Strangers and cats stay, like the photos themselves; a second run changes nothing.
    let again = sort(&env, &[], 0);
    assert_eq!(again.text(), "");
    let told = "0 photos copied, 2 unchanged";
    assert!(again.stderr.contains(told), "{}", again.stderr);
    assert_eq!(env.files().len(), before.len() + SORTED.len());
}

#[test]
fn a_dry_run_tells_the_places_of_the_real_run() {
    let env = scene();
    // Two photos with one name, and one with a name that already exists.
    env.write("photos/more/two.jpg", [two_people(), vec![0]].concat());
    env.write("out/obama/obama.jpg", "something else");
    let before = env.files();
    let told = sort(&env, &["--dry-run"], 0);
    assert_eq!(env.files(), before);
    assert!(
        told.stderr.contains("3 photos to copy to 5 places"),
        "{}",
        told.stderr
    );
    let done = sort(&env, &[], 0);
    assert_eq!(told.text().replace("would copy", "copied"), done.text());
    for place in [
        "out/obama/obama.2.jpg",
        "out/obama/two.2.jpg",
        "out/biden/two.2.jpg",
    ] {
        assert!(done.text().contains(place), "{}", done.text());
    }
    assert_eq!(bytes(&env, "out/obama/obama.jpg"), b"something else");
    assert_eq!(sort(&env, &[], 0).text(), "");
}

/// The real run once created the folder for `-o`, which a dry run does not.
#[test]
fn a_dry_run_and_a_real_one_need_the_folder_of_the_results() {
    let env = scene();
    for options in [&["--dry-run"][..], &[]] {
        let run = sort(&env, &[options, &["-o", "out/list.tsv"]].concat(), 3);
        assert_eq!(
            run.stderr,
            "facematch: out/list.tsv: cannot write: the folder out does not exist\n"
        );
        assert!(!env.path("out").exists());
    }
    env.folder("out");
    for options in [&["--dry-run"][..], &[]] {
        sort(&env, &[options, &["-o", "out/list.tsv"]].concat(), 0);
    }
}

#[test]
fn the_first_person_gets_the_photo_alone_where_that_is_wanted() {
    let env = scene();
    sort(&env, &["--first"], 0);
    assert_eq!(
        below(&env, "out"),
        ["out/biden/two.jpg", "out/obama/obama.jpg"]
    );
}

#[test]
fn strangers_and_photos_without_faces_have_folders_of_their_own() {
    let env = scene();
    let options = [
        "--unknown-into",
        "photos/unknown",
        "--none-into",
        "photos/none",
    ];
    let run = sort(&env, &options, 0);
    for line in [
        "photos/stranger.png\tcopied\tphotos/unknown/stranger.png\tunknown\n",
        "photos/cat.png\tcopied\tphotos/none/cat.png\tno faces\n",
    ] {
        assert!(run.text().contains(line), "{}", run.text());
    }
    // They are not searched again.
    let again = sort(&env, &options, 0);
    assert_eq!(again.text(), "");
    assert!(again.stderr.contains("4 photos, "), "{}", again.stderr);
}

#[test]
fn moved_photos_are_gone_from_where_they_were_and_others_stay() {
    let env = scene();
    let photo = bytes(&env, OBAMA);
    let two = bytes(&env, "photos/two.jpg");
    let run = sort(&env, &["--by", "move"], 1);
    assert_eq!(
        run.text(),
        "photos/obama.jpg\tmoved\tout/obama/obama.jpg\tobama\n"
    );
    let told = "photos/two.jpg: not sorted: 2 known people are in it";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert!(run.stderr.contains("--first"), "{}", run.stderr);
    assert_eq!(bytes(&env, "out/obama/obama.jpg"), photo);
    assert_eq!(bytes(&env, "photos/two.jpg"), two);
    assert!(!env.path(OBAMA).exists());
    sort(&env, &["--by", "move", "--first"], 0);
    assert_eq!(bytes(&env, "out/biden/two.jpg"), two);
    assert_eq!(
        below(&env, "photos"),
        ["photos/cat.png", "photos/stranger.png"]
    );
}

#[test]
fn known_photos_are_never_moved() {
    let env = scene();
    std::fs::rename(env.path("known"), env.path("photos/known")).unwrap();
    let known = bytes(&env, "photos/known/obama.jpg");
    for known_people in ["photos/known", "photos/known/obama.jpg"] {
        let run = env
            .facematch()
            .args(["sort", "--by", "move", "--first", "--detector", "hog"])
            .args([
                known_people,
                "photos",
                "photos/known/obama.jpg",
                "--into",
                "photos",
            ])
            .ends_with(0);
        let told = run.stderr.contains("known photo");
        assert!(told, "{}", run.stderr);
        assert_eq!(bytes(&env, "photos/known/obama.jpg"), known);
    }
    assert!(env.path("photos/obama/obama.jpg").exists());
}

#[test]
fn a_person_with_the_name_of_another_folder_does_not_share_it() {
    let env = scene();
    std::fs::rename(env.path("known/obama.jpg"), env.path("known/Unknown.jpg")).unwrap();
    let options = ["--unknown-into", "out/unknown"];
    sort(&env, &options, 0);
    assert_eq!(
        below(&env, "out"),
        [
            "out/Unknown (2)/obama.jpg",
            "out/Unknown (2)/two.jpg",
            "out/biden/two.jpg",
            "out/unknown/stranger.png"
        ]
    );
}

#[test]
fn a_photo_that_is_in_its_folder_already_stays_there() {
    for by in ["copy", "hardlink", "move"] {
        let env = scene();
        let photo = bytes(&env, OBAMA);
        env.write("out/obama/a.jpg", &photo);
        let run = env
            .facematch()
            .args([
                "sort",
                "--by",
                by,
                "--detector",
                "hog",
                "known",
                "out/obama/a.jpg",
            ])
            .args(["./out/../out/obama/a.jpg", "--into", "out"])
            .ends_with(0);
        assert_eq!(run.text(), "", "{by}");
        assert_eq!(bytes(&env, "out/obama/a.jpg"), photo, "{by}");
        assert_eq!(below(&env, "out"), ["out/obama/a.jpg"], "{by}");
    }
}

#[test]
fn sidecars_go_along_under_the_name_of_the_photo() {
    for by in ["copy", "move"] {
        let env = scene();
        for (sidecar, content) in [
            ("photos/obama.jpg.xmp", "appended"),
            ("photos/two.xmp", "adobe"),
            ("out/obama/obama.jpg", "another photo"),
            ("out/biden/two.xmp", "another sidecar"),
        ] {
            env.write(sidecar, content);
        }
        sort(&env, &["--by", by, "--first"], 0);
        assert_eq!(bytes(&env, "out/obama/obama.2.jpg.xmp"), b"appended");
        assert_eq!(bytes(&env, "out/biden/two.2.xmp"), b"adobe");
        assert_eq!(bytes(&env, "out/obama/obama.jpg"), b"another photo");
        assert_eq!(bytes(&env, "out/biden/two.xmp"), b"another sidecar");
        assert!(env.path("out/biden/two.2.jpg").exists());
        let stays = by == "copy";
        assert_eq!(env.path("photos/obama.jpg.xmp").exists(), stays);
        assert_eq!(env.path("photos/two.xmp").exists(), stays);
    }
}

#[test]
fn a_sidecar_that_another_photo_has_too_stays_for_it() {
    let env = scene();
    env.write("photos/obama.xmp", "of both");
    env.copy("unknown/chelsea.png", "photos/obama.png");
    sort(&env, &["--by", "move", "--first"], 0);
    assert_eq!(bytes(&env, "out/obama/obama.xmp"), b"of both");
    assert_eq!(bytes(&env, "photos/obama.xmp"), b"of both");
}

#[test]
fn a_sidecar_that_was_made_later_comes_to_the_copy_and_a_changed_one_stays() {
    let env = scene();
    sort(&env, &[], 0);
    env.write("photos/obama.jpg.xmp", "new");
    sort(&env, &[], 0);
    assert_eq!(bytes(&env, "out/obama/obama.jpg.xmp"), b"new");
    env.write("out/obama/obama.jpg.xmp", "rated there");
    assert_eq!(sort(&env, &[], 0).text(), "");
    assert_eq!(bytes(&env, "out/obama/obama.jpg.xmp"), b"rated there");
}

#[test]
fn names_of_people_lead_nowhere_else() {
    let env = TestEnv::new();
    env.copy("unknown/obama2.jpg", OBAMA);
    // A gallery may have any name: this one is created by hand.
    env.copy("known/obama.jpg", "known/xxxxxxxxxxxx.jpg");
    let mut facematch = env.facematch();
    facematch
        .args(["enroll", "known", "-o", "people.safetensors"])
        .ends_with(0);
    let gallery = bytes(&env, "people.safetensors");
    for (name, folder) in [
        ("../../../etc", ".._.._.._etc"),
        ("/etc/x/y/zzz", "_etc_x_y_zzz"),
        ("com1.jpg.jpg", "_"),
        ("C:*?.jpg .. ", "C___.jpg_"),
    ] {
        let env = TestEnv::new();
        env.copy("unknown/obama2.jpg", OBAMA);
        let text = String::from_utf8_lossy(&gallery);
        assert!(text.contains("xxxxxxxxxxxx"));
        let at = gallery
            .windows(12)
            .position(|part| part == b"xxxxxxxxxxxx")
            .unwrap();
        let mut renamed = gallery.clone();
        renamed[at..at + 12].copy_from_slice(name.as_bytes());
        env.write("people.safetensors", renamed);
        env.facematch()
            .args(["sort", "people.safetensors", "photos", "--into", "out"])
            .ends_with(0);
        let place = format!("out/{folder}/obama.jpg");
        assert_eq!(below(&env, "out"), [place], "{name}");
    }
}

#[test]
fn a_sidecar_of_another_photo_is_not_adopted() {
    let env = scene();
    env.write("out/obama/obama.xmp", "of another photo");
    sort(&env, &[], 0);
    assert!(!env.path("out/obama/obama.jpg").exists());
    assert!(env.path("out/obama/obama.2.jpg").exists());
}

#[test]
fn a_photo_in_two_formats_keeps_its_names() {
    let env = scene();
    env.copy("unknown/obama2.jpg", "photos/obama.jpg.jpeg");
    env.write("photos/obama.jpg.xmp", "of obama.jpg");
    sort(&env, &[], 0);
    assert_eq!(
        below(&env, "out/obama/obama"),
        [
            "out/obama/obama.jpg",
            "out/obama/obama.jpg.jpeg",
            "out/obama/obama.jpg.xmp"
        ]
    );
}

#[test]
fn a_moved_photo_does_not_leave_its_sidecar_behind() {
    let env = scene();
    env.write("photos/obama.jpg.xmp", "first");
    sort(&env, &["--by", "hardlink"], 0);
    env.write("photos/obama.jpg.xmp.new", "second");
    std::fs::rename(
        env.path("photos/obama.jpg.xmp.new"),
        env.path("photos/obama.jpg.xmp"),
    )
    .unwrap();
    for options in [&["--dry-run"][..], &[]] {
        let run = sort(&env, &[options, &["--by", "move", "--first"]].concat(), 1);
        assert!(
            run.stderr.contains("with another sidecar"),
            "{}",
            run.stderr
        );
        assert!(env.path(OBAMA).exists());
    }
}

#[test]
fn a_photo_is_not_copied_again_where_one_before_it_was_deleted() {
    let env = scene();
    env.write(
        "photos/0/obama.jpg",
        oriented_jpeg(&pixels("unknown/obama2.jpg"), 1),
    );
    sort(&env, &[], 0);
    assert_eq!(bytes(&env, "out/obama/obama.2.jpg"), bytes(&env, OBAMA));
    for photo in ["photos/0/obama.jpg", "out/obama/obama.jpg"] {
        std::fs::remove_file(env.path(photo)).unwrap();
    }
    let run = sort(&env, &[], 0);
    assert!(run.stderr.contains("0 photos copied"), "{}", run.stderr);
    assert!(!env.path("out/obama/obama.jpg").exists());
}

#[test]
fn nobody_is_known_by_sorted_photos() {
    let env = scene();
    // A missing folder would be created first.
    for into in ["known", "known/new", "missing/../known"] {
        let run = env
            .facematch()
            .args(["sort", "known", "photos", "--into", into])
            .ends_with(2);
        assert!(
            run.stderr.contains("would become known photos"),
            "{}",
            run.stderr
        );
    }
    assert!(!env.path("known/new").exists());
}

#[cfg(unix)]
#[test]
fn no_photo_is_sorted_into_known_through_a_link() {
    let env = scene();
    std::fs::create_dir(env.path("out")).unwrap();
    std::os::unix::fs::symlink("../known", env.path("out/obama")).unwrap();
    let known = std::fs::read_dir(env.path("known")).unwrap().count();
    let run = env
        .facematch()
        .args(["sort", "known", "photos", "--into", "out"])
        .ends_with(1);
    let told =
        "out/obama leads into KNOWN, and photos there would become known photos; remove that link";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert_eq!(std::fs::read_dir(env.path("known")).unwrap().count(), known);
}

#[test]
fn json_and_csv_tell_the_places() {
    let env = scene();
    let run = sort(&env, &["-f", "ndjson", "--dry-run"], 0);
    let place = |person: &str| json!({"path": format!("out/{person}/two.jpg"), "person": person, "by": "copy", "change": "create", "done": false});
    let two = run.record("photos/two.jpg");
    assert_eq!(two["sorted"], json!([place("biden"), place("obama")]));
    assert_eq!(run.record("photos/cat.png")["sorted"], Value::Null);
    let csv = sort(&env, &["-f", "csv", "--none-into", "none"], 0);
    let column = |line: &str| line.split(',').nth(16).unwrap_or_default().to_owned();
    let places: Vec<_> = csv.text().lines().map(column).collect();
    assert_eq!(
        places,
        [
            "sorted",
            "none/cat.png",
            "out/obama/obama.jpg",
            "",
            "out/biden/two.jpg",
            "out/obama/two.jpg"
        ]
    );
}

#[test]
fn a_file_in_the_place_of_the_folder_is_told_before_anything_is_searched() {
    let env = scene();
    env.write("out", "a file");
    let run = sort(&env, &[], 3);
    assert!(
        run.stderr.contains("a file with that name already exists"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_run_leaves_no_empty_folders_behind() {
    let env = scene();
    env.folder("mine");
    let into = |known: &str, photos: &str, status| {
        env.facematch()
            .args(["sort", "--detector", "hog", known, photos])
            .args(["--into", "new/people", "--unknown-into", "mine"])
            .args(["--none-into", "other/none", "--draw", "drawn"])
            .ends_with(status)
    };
    // No photo is placed; no person is known; no photo is found to search.
    into("known", "photos/nothing.jpg", 1);
    into("photos/cat.png", "photos", 3);
    into("known", "mine", 3);
    for folder in ["new", "other", "drawn"] {
        assert!(!env.path(folder).exists(), "{folder}");
    }
    // The user created it.
    assert!(env.path("mine").is_dir());
    into("known", "photos/cat.png", 0);
    assert!(env.path("other/none/cat.png").is_file());
    assert!(!env.path("new").exists() && !env.path("drawn").exists());
}
