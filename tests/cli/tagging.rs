//! `facematch tag` and `untag`: names are written to sidecars and removed again, and nothing else
//! changes.

use image::{GrayImage, Luma, RgbImage};
use serde_json::Value;

use crate::common::photos::{ORIENTED_FORMATS, at_width, oriented_jpeg, pixels, stored};
use crate::common::{RunExt, TestEnv, face_box, only_face};

pub(crate) const PHOTO: &str = "photos/obama2.jpg";
const SIDECAR: &str = "photos/obama2.jpg.xmp";

/// Returns a known person, and photos that include one of that person.
pub(crate) fn scene() -> TestEnv {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/obama2.jpg", PHOTO);
    env.copy("unknown/astronaut.png", "photos/astronaut.png");
    env.copy("unknown/chelsea.png", "photos/chelsea.png");
    env
}

pub(crate) fn tag(env: &TestEnv, options: &[&str], status: i32) -> crate::common::Run {
    env.facematch()
        .args(["tag", "--detector", "hog", "known", "photos"])
        .args(options)
        .ends_with(status)
}

pub(crate) fn untag(env: &TestEnv, options: &[&str], status: i32) -> crate::common::Run {
    env.facematch()
        .args(["untag", "photos"])
        .args(options)
        .ends_with(status)
}

fn read(env: &TestEnv, name: &str) -> String {
    std::fs::read_to_string(env.path(name)).unwrap()
}

#[test]
fn names_go_into_a_sidecar_and_out_again() {
    let env = scene();
    let before = env.files();
    let photo = std::fs::read(env.path(PHOTO)).unwrap();
    let run = tag(&env, &[], 0);
    assert_eq!(run.text(), format!("{PHOTO}\tcreated\t{SIDECAR}\tobama\n"));
    assert!(run.stderr.contains("1 sidecar created"), "{}", run.stderr);
    let added: Vec<_> = env
        .files()
        .into_iter()
        .filter(|f| !before.contains(f))
        .collect();
    assert_eq!(added, [SIDECAR]);
    assert_eq!(std::fs::read(env.path(PHOTO)).unwrap(), photo);
    let sidecar = read(&env, SIDECAR);
    for part in [
        "mwg-rs:Name=\"obama\"",
        "<rdf:li>obama</rdf:li>",
        "<rdf:li>People|obama</rdf:li>",
        "<rdf:li>People/obama</rdf:li>",
        "facematch:Distance=\"0.3",
        // From inside the photo.
        "<rdf:li>Pete Souza</rdf:li>",
    ] {
        assert!(sidecar.contains(part), "{part} is not in {sidecar}");
    }
    // Neither the stranger nor the cat has one; a second run changes nothing.
    let again = tag(&env, &[], 0);
    assert_eq!(again.text(), "");
    assert!(
        again.stderr.contains("1 sidecar unchanged"),
        "{}",
        again.stderr
    );
    assert_eq!(read(&env, SIDECAR), sidecar);
    let gone = untag(&env, &[], 0);
    assert_eq!(gone.text(), format!("{PHOTO}\tremoved\t{SIDECAR}\n"));
    assert_eq!(env.files(), before);
    assert_eq!(untag(&env, &[], 0).text(), "");
}

#[test]
fn a_dry_run_tells_and_writes_nothing() {
    let env = scene();
    let before = env.files();
    let run = tag(&env, &["--dry-run"], 0);
    assert_eq!(
        run.text(),
        format!("{PHOTO}\twould create\t{SIDECAR}\tobama\n")
    );
    assert!(run.stderr.contains("1 sidecar to create"), "{}", run.stderr);
    assert_eq!(env.files(), before);
    tag(&env, &[], 0);
    let sidecar = read(&env, SIDECAR);
    let run = untag(&env, &["--dry-run"], 0);
    assert_eq!(run.text(), format!("{PHOTO}\twould remove\t{SIDECAR}\n"));
    assert_eq!(read(&env, SIDECAR), sidecar);
}

/// A sidecar as darktable writes it, with a rating and a keyword.
pub(crate) const EXISTING: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmp:Rating="4">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Washington</rdf:li>
    </rdf:Bag>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"#;

#[test]
fn a_sidecar_that_is_there_keeps_everything() {
    let env = scene();
    // The existing one is used, regardless of the naming option.
    env.write("photos/obama2.xmp", EXISTING);
    let run = tag(&env, &[], 0);
    assert_eq!(
        run.text(),
        format!("{PHOTO}\tchanged\tphotos/obama2.xmp\tobama\n")
    );
    let tagged = read(&env, "photos/obama2.xmp");
    for line in EXISTING.lines() {
        assert!(tagged.contains(line), "{line} is not in {tagged}");
    }
    assert!(tagged.contains("<rdf:li>obama</rdf:li>"), "{tagged}");
    assert!(!env.path(SIDECAR).exists());
    let run = untag(&env, &[], 0);
    assert_eq!(run.text(), format!("{PHOTO}\tchanged\tphotos/obama2.xmp\n"));
    assert_eq!(read(&env, "photos/obama2.xmp"), EXISTING);
}

#[test]
fn a_new_sidecar_is_called_as_it_is_asked_for() {
    let env = scene();
    let run = tag(&env, &["--sidecar-naming", "adobe"], 0);
    assert_eq!(
        run.text(),
        format!("{PHOTO}\tcreated\tphotos/obama2.xmp\tobama\n")
    );
}

#[test]
fn a_sidecar_that_cannot_be_parsed_is_left_alone() {
    let env = scene();
    env.copy("unknown/obama2.jpg", "photos/z.jpg");
    let damaged = &EXISTING[..EXISTING.len() / 2];
    env.write(SIDECAR, damaged);
    let run = tag(&env, &["-f", "ndjson"], 1);
    let records = run.records();
    let error = records
        .iter()
        .find(|record| record["type"] == "error")
        .unwrap();
    assert_eq!(
        (&error["path"], &error["kind"]),
        (&Value::from(PHOTO), &Value::from("sidecar"))
    );
    assert!(
        error["message"].as_str().unwrap().contains(SIDECAR),
        "{error}"
    );
    // Its own record comes before it, and the run continues.
    let own = records
        .iter()
        .find(|record| record["path"] == PHOTO)
        .unwrap();
    assert_eq!(only_face(own)["name"], "obama");
    assert_eq!(run.record("photos/z.jpg")["sidecar"]["done"], true);
    assert_eq!(read(&env, SIDECAR), damaged);
    untag(&env, &[], 1);
    assert_eq!(read(&env, SIDECAR), damaged);
    assert!(!env.path("photos/z.jpg.xmp").exists());
}

#[test]
fn what_cannot_be_written_is_an_error_of_its_photo() {
    let env = scene();
    // Four more letters make the name too long for file systems.
    let long = format!("photos/{}.jpg", "o".repeat(249));
    env.copy("unknown/obama2.jpg", &long);
    let run = tag(&env, &["-f", "ndjson"], 1);
    let error = run
        .records()
        .into_iter()
        .find(|record| record["type"] == "error")
        .unwrap();
    assert_eq!(
        (&error["path"], &error["kind"]),
        (&Value::from(long), &Value::from("write"))
    );
    assert!(env.path(SIDECAR).exists());
    let left: Vec<_> = env
        .files()
        .into_iter()
        .filter(|f| f.contains(".facematch-"))
        .collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn the_forms_for_programs_tell_of_the_sidecar() {
    let env = scene();
    let run = tag(&env, &["--dry-run", "-f", "ndjson"], 0);
    let record = run.record(PHOTO);
    let wanted = serde_json::json!({"path": SIDECAR, "change": "create", "done": false});
    assert_eq!(record["sidecar"], wanted);
    assert!(run.record("photos/astronaut.png").get("sidecar").is_none());
    let run = tag(&env, &["-f", "csv"], 0);
    let mut table = csv::Reader::from_reader(run.text().as_bytes());
    let header = table.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let rows: Vec<_> = table.records().map(Result::unwrap).collect();
    let row = rows.iter().find(|row| &row[0] == PHOTO).unwrap();
    let found = ["name", "sidecar", "sidecar_change", "sidecar_done"].map(|name| &row[at(name)]);
    assert_eq!(found, ["obama", SIDECAR, "create", "true"]);
    assert!(
        rows.iter()
            .filter(|row| &row[0] != PHOTO)
            .all(|row| row[at("sidecar")].is_empty())
    );
}

#[test]
fn who_is_in_doubt_is_not_written() {
    let env = scene();
    // The same person twice, under two names.
    env.copy("known/obama.jpg", "known/barack.jpg");
    let run = tag(&env, &[], 0);
    assert_eq!(run.text(), "");
    assert!(run.stderr.contains("1 ambiguous"), "{}", run.stderr);
    assert!(run.stderr.contains("no sidecar"), "{}", run.stderr);
    assert!(!env.path(SIDECAR).exists());
}

#[test]
fn a_folder_in_the_place_of_a_sidecar_is_an_error() {
    let env = scene();
    env.folder(SIDECAR);
    let run = tag(&env, &["-q"], 1);
    let message = format!("facematch: {SIDECAR}: the sidecar is not a file; it stays as it is\n");
    assert_eq!((run.text(), &run.stderr), ("", &message));
    assert_eq!(untag(&env, &["-q"], 1).stderr, message);
}

#[test]
fn a_photo_without_an_extension_is_tagged_and_untagged() {
    let env = scene();
    env.copy("unknown/obama2.jpg", "photos/scan");
    let run = tag(&env, &["-q"], 0);
    assert!(
        run.text()
            .contains("photos/scan\tcreated\tphotos/scan.xmp\tobama\n")
    );
    let run = untag(&env, &["--dry-run"], 0);
    assert_eq!(run.text().matches("photos/scan.xmp").count(), 1);
    untag(&env, &[], 0);
    assert!(!env.path("photos/scan.xmp").exists());
}

#[test]
fn a_photo_that_is_not_there_is_told() {
    let env = scene();
    let run = env
        .facematch()
        .args(["untag", "photos/typo.jpg"])
        .ends_with(1);
    assert!(
        run.stderr.contains("photos/typo.jpg: cannot read"),
        "{}",
        run.stderr
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_and_a_protected_sidecar_stay() {
    use std::os::unix::fs::PermissionsExt;
    let env = scene();
    env.copy("unknown/obama2.jpg", "photos/z.jpg");
    std::os::unix::fs::symlink("/nowhere/z.xmp", env.path("photos/z.jpg.xmp")).unwrap();
    let protected = env.write(SIDECAR, EXISTING);
    std::fs::set_permissions(&protected, PermissionsExt::from_mode(0o444)).unwrap();
    for options in [&["-q", "--dry-run"][..], &["-q"]] {
        let run = tag(&env, options, 1);
        assert_eq!(run.text(), "");
        assert_eq!(run.stderr.lines().count(), 2, "{}", run.stderr);
        assert!(run.stderr.contains("write-protected"), "{}", run.stderr);
    }
    assert_eq!(read(&env, SIDECAR), EXISTING);
    assert!(
        std::fs::symlink_metadata(env.path("photos/z.jpg.xmp"))
            .unwrap()
            .is_symlink()
    );
}

/// Root tags photos of other users.
#[cfg(unix)]
#[test]
fn a_sidecar_keeps_its_owner_and_its_permissions() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let env = scene();
    let sidecar = env.write(SIDECAR, EXISTING);
    std::fs::set_permissions(&sidecar, PermissionsExt::from_mode(0o640)).unwrap();
    let is_root = std::fs::metadata(&sidecar).unwrap().uid() == 0;
    if is_root {
        chown(&sidecar, Some(1234), Some(4321)).unwrap();
    }
    let of = |metadata: std::fs::Metadata| (metadata.uid(), metadata.gid(), metadata.mode());
    let before = of(std::fs::metadata(&sidecar).unwrap());
    tag(&env, &[], 0);
    assert_ne!(read(&env, SIDECAR), EXISTING);
    assert_eq!(of(std::fs::metadata(&sidecar).unwrap()), before);
}

/// Even if only the first line is read, all photos are tagged, and failures are reported.
#[cfg(unix)]
#[test]
fn all_photos_are_tagged_when_nobody_reads_the_results() {
    let env = scene();
    for number in 0..20 {
        env.copy("unknown/obama2.jpg", format!("photos/{number}.jpg"));
    }
    env.copy("unknown/obama2.jpg", "photos/z.jpg");
    env.folder("photos/z.jpg.xmp");
    let program = assert_cmd::cargo::cargo_bin!("facematch");
    let script = "{ \"$@\"; echo \"status $?\" >&2; } | head -n 1";
    let run = assert_cmd::Command::new("sh")
        .current_dir(env.root())
        .args(["-c", script, "sh"])
        .arg(program)
        .args(["tag", "--detector", "hog", "known", "photos"])
        .ends_with(0);
    for part in [
        "21 sidecars created",
        "z.jpg.xmp: the sidecar is not a file",
        "status 1",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    assert!(env.path("photos/9.jpg.xmp").exists());
}

/// Returns the number after `name="` in `text`.
fn attribute(text: &str, name: &str) -> f64 {
    let start = text.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
    text[start..].split('"').next().unwrap().parse().unwrap()
}

/// Returns the left, upper, right and lower edge of the white pixels.
fn white_edges(image: &RgbImage) -> [f64; 4] {
    let white: Vec<_> = image
        .enumerate_pixels()
        .filter(|(_, _, pixel)| pixel.0[0] == 255)
        .map(|(x, y, _)| (x, y))
        .collect();
    let (xs, ys): (Vec<_>, Vec<_>) = white.into_iter().unzip();
    [
        f64::from(*xs.iter().min().unwrap()),
        f64::from(*ys.iter().min().unwrap()),
        f64::from(*xs.iter().max().unwrap() + 1),
        f64::from(*ys.iter().max().unwrap() + 1),
    ]
}

/// Returns a photo with a known person, stored with each orientation in each format (`photos/1.jpg`
/// and so on), and the upright image.
pub(crate) fn oriented_scene() -> (TestEnv, RgbImage) {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    let upright = at_width(&pixels("unknown/obama2.jpg"), 400);
    for (format, encode) in ORIENTED_FORMATS {
        for number in 1..=8 {
            env.write(
                format!("photos/{number}.{format}"),
                encode(&upright, number),
            );
        }
    }
    (env, upright)
}

/// Returns the paths of the photos of [`oriented_scene`] with their orientations.
pub(crate) fn oriented_photos() -> impl Iterator<Item = (String, u8)> {
    ORIENTED_FORMATS.into_iter().flat_map(|(format, _)| {
        (1..=8).map(move |number| (format!("photos/{number}.{format}"), number))
    })
}

/// Tags `photos` of `env` with `options` and returns the run with its records.
pub(crate) fn tagged(env: &TestEnv, options: &[&str]) -> crate::common::Run {
    tag(env, &[&["-f", "ndjson"], options].concat(), 0)
}

/// Returns the size of the stored image and the edges of `face` in it, found by drawing the box on
/// the photo as displayed and storing that like the photo.
pub(crate) fn stored_edges(upright: &RgbImage, face: &Value, number: u8) -> ([f64; 2], [f64; 4]) {
    let [x, y, w, h] = face_box(face);
    let inside =
        |at: u32, start: i64, length: i64| (start..start + length).contains(&i64::from(at));
    let drawn = GrayImage::from_fn(upright.width(), upright.height(), |at_x, at_y| {
        let is_face = inside(at_x, x, w) && inside(at_y, y, h);
        Luma([if is_face { 255 } else { 0 }])
    });
    let drawn = stored(&image::DynamicImage::from(drawn).into_rgb8(), number);
    let size = [drawn.width(), drawn.height()].map(f64::from);
    (size, white_edges(&drawn))
}

/// Compares an area, the centre and the size as fractions of an image of `size`, with edges in
/// pixels.
pub(crate) fn assert_area([x, y, w, h]: [f64; 4], size: [f64; 2], edges: [f64; 4], about: &str) {
    let found = [
        (x - w / 2.0) * size[0],
        (y - h / 2.0) * size[1],
        (x + w / 2.0) * size[0],
        (y + h / 2.0) * size[1],
    ];
    for (found_edge, edge) in found.into_iter().zip(edges) {
        assert!(
            (found_edge - edge).abs() < 0.5,
            "{about}: {found:?} for {edges:?}"
        );
    }
}

#[test]
fn regions_are_those_of_the_stored_image() {
    let (env, upright) = oriented_scene();
    let run = tagged(&env, &[]);
    for (path, number) in oriented_photos() {
        let (size, edges) = stored_edges(&upright, only_face(&run.record(&path)), number);
        let sidecar = read(&env, &format!("{path}.xmp"));
        let told = ["w", "h"].map(|side| attribute(&sidecar, &format!("stDim:{side}")));
        assert_eq!(told, size, "{path}");
        let area = ["x", "y", "w", "h"].map(|name| attribute(&sidecar, &format!("stArea:{name}")));
        assert_area(area, size, edges, &path);
    }
}

/// After a kill at any moment, each sidecar is complete: unchanged, or with the names.
#[cfg(unix)]
#[test]
fn a_run_that_is_killed_leaves_whole_sidecars() {
    use facematch_xmp::{WithoutTags, without_tags};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    const PHOTOS: usize = 200;
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    let small = at_width(&pixels("unknown/obama2.jpg"), 120);
    let photo = oriented_jpeg(&small, 1);
    for number in 0..PHOTOS {
        env.write(format!("photos/{number}.jpg"), &photo);
        if number % 2 == 0 {
            env.write(format!("photos/{number}.jpg.xmp"), EXISTING);
        }
    }
    let mut counts = Vec::new();
    for round in 1.. {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
            .current_dir(env.root())
            .args(["tag", "-q", "-w", "120", "--detector", "hog", "--no-flip"])
            .args(["--cache=cache.redb", "known", "photos"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(40 * round));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let mut tagged = 0;
        for number in 0..PHOTOS {
            let Ok(sidecar) = std::fs::read(env.path(format!("photos/{number}.jpg.xmp"))) else {
                continue;
            };
            let without = without_tags(&sidecar).unwrap();
            tagged += usize::from(without != WithoutTags::Unchanged);
            match number % 2 {
                0 if sidecar == EXISTING.as_bytes() => {}
                0 => assert_eq!(without, WithoutTags::Changed(EXISTING.into())),
                _ => assert_eq!(without, WithoutTags::Nothing),
            }
        }
        counts.push(tagged);
        if status.success() {
            break;
        }
    }
    assert_eq!(counts.last(), Some(&PHOTOS), "{counts:?}");
    // Some of the runs were killed while sidecars were written.
    assert!(
        counts.iter().any(|&count| count > 0 && count < PHOTOS),
        "{counts:?}"
    );
}

#[test]
fn a_sidecar_that_other_programs_cannot_parse_is_refused_and_not_changed() {
    let env = scene();
    let fault = "tests/faults/sidecar-nobody-else-reads/p.jpg.xmp";
    env.copy(fault, SIDECAR);
    let before = read(&env, SIDECAR);
    let run = tag(&env, &[], 1);
    assert_eq!(run.text(), "");
    let told = "photos/obama2.jpg.xmp: the sidecar is not well-formed XML: white space stands before its XML declaration; it \
                stays as it is";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert_eq!(read(&env, SIDECAR), before);
    // Nothing else is wrong with it.
    env.write(SIDECAR, before.trim_start());
    tag(&env, &[], 0);
    assert!(read(&env, SIDECAR).contains("<rdf:li>obama</rdf:li>"));
}

/// A user who removes names must learn where they remain.
#[test]
fn untag_tells_how_many_files_failed_and_does_not_deny_names() {
    let env = scene();
    tag(&env, &[], 0);
    env.write(SIDECAR, &read(&env, SIDECAR)[..1000]);
    let photo = env.path(PHOTO);
    let run = env.facematch().arg("untag").arg(&photo).ends_with(1);
    assert!(
        run.stderr.contains("facematch: 1 photo; 1 failed\n"),
        "{}",
        run.stderr
    );
    // With another one that succeeds, and one without names.
    env.copy("unknown/obama2.jpg", "photos/z.jpg");
    tag(&env, &["-q"], 1);
    let run = untag(&env, &[], 1);
    let told = "facematch: 4 photos: 1 sidecar removed; 1 failed\n";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn untag_does_not_count_what_is_not_there() {
    let env = scene();
    let run = env.facematch().args(["untag", "missing"]).ends_with(1);
    assert!(
        run.stderr.contains("facematch: 0 photos; 1 failed\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn untag_refuses_a_gallery() {
    let env = scene();
    env.facematch()
        .args(["enroll", "known", "-o", "people.safetensors"])
        .ends_with(0);
    let run = env
        .facematch()
        .args(["untag", "photos", "people.safetensors"])
        .ends_with(2);
    let told = "people.safetensors: a gallery file holds known people and is not a photo; facematch \
                enroll --remove NAME FILE removes people from it";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn untag_keeps_what_others_have_written_around_the_names() {
    let env = scene();
    // One has XMP inside, which its sidecar took over, and one has none.
    let plain = oriented_jpeg(&at_width(&pixels("unknown/obama2.jpg"), 400), 1);
    env.write("photos/plain.jpg", plain);
    tag(&env, &[], 0);
    let made = read(&env, "photos/plain.jpg.xmp");
    for sidecar in [SIDECAR, "photos/plain.jpg.xmp"] {
        let written = read(&env, sidecar);
        for (place, changed) in [
            ("<x:xmpmeta ", "<!-- mine --><x:xmpmeta "),
            ("<x:xmpmeta ", "<x:xmpmeta mine=\"1\" "),
            ("<rdf:RDF ", "<?mine?><rdf:RDF "),
            ("<rdf:RDF ", "<mine/><rdf:RDF "),
            ("</rdf:RDF>", "<!-- mine --></rdf:RDF>"),
            ("</rdf:RDF>", "</rdf:RDF><mine/>"),
            ("</x:xmpmeta>", "mine</x:xmpmeta>"),
            ("</x:xmpmeta>", "</x:xmpmeta><!-- mine -->"),
            ("<?xpacket end", "<?mine?><?xpacket end"),
            ("</dc:subject>", "</dc:subject><!-- mine -->"),
            (
                "<rdf:li>obama</rdf:li>",
                "<!-- mine --><rdf:li>obama</rdf:li>",
            ),
            ("</mwg-rs:RegionList>", "<!-- mine --></mwg-rs:RegionList>"),
        ] {
            assert!(written.contains(place), "{place}: {written}");
            env.write(sidecar, written.replacen(place, changed, 1));
            let photo = env.path(sidecar.trim_end_matches(".xmp"));
            let run = env.facematch().arg("untag").arg(&photo).ends_with(0);
            assert!(
                run.text().contains("\tchanged\t"),
                "{changed}: {}",
                run.text()
            );
            let left = read(&env, sidecar);
            assert!(left.contains("mine"), "{changed}: {left}");
            assert!(!left.contains("obama"), "{changed}: {left}");
        }
    }
    // The name of the program that wrote it last is not the user's content.
    let rewritten = made.replacen("xmptk=\"facematch\"", "xmptk=\"XMP Core\"", 1);
    assert_ne!(rewritten, made);
    env.write("photos/plain.jpg.xmp", rewritten);
    untag(&env, &[], 0);
    assert!(!env.path("photos/plain.jpg.xmp").exists());
}

/// Each edit is one that a photo manager or a user makes inside the content that facematch wrote.
#[test]
fn untag_keeps_what_others_have_written_inside_of_what_facematch_wrote() {
    const KEYWORD: &str = "<rdf:li>obama</rdf:li>";
    const REGION: &str = "mwg-rs:Type=\"Face\"><mwg-rs:Area";
    let env = scene();
    let plain = oriented_jpeg(&at_width(&pixels("unknown/obama2.jpg"), 400), 1);
    env.write("photos/plain.jpg", plain);
    tag(&env, &[], 0);
    for sidecar in [SIDECAR, "photos/plain.jpg.xmp"] {
        let written = read(&env, sidecar);
        let photo = env.path(sidecar.trim_end_matches(".xmp"));
        for (place, changed, stays) in [
            // The region with its name.
            (
                REGION,
                "mwg-rs:Type=\"Face\" mwg-rs:Description=\"mine\"><mwg-rs:Area",
                true,
            ),
            (
                REGION,
                "mwg-rs:Type=\"Face\"><mwg-rs:Description>mine</mwg-rs:Description><mwg-rs:Area",
                true,
            ),
            (
                REGION,
                "mwg-rs:Type=\"Face\"><mwg-rs:Extensions rdf:parseType=\"Resource\"><dc:x \
              xmlns:dc=\"urn:mine\"/></mwg-rs:Extensions><mwg-rs:Area",
                true,
            ),
            (REGION, "mwg-rs:Type=\"mine\"><mwg-rs:Area", true),
            (
                REGION,
                "mwg-rs:Type=\"Face\"><mwg-rs:Name>mine</mwg-rs:Name><mwg-rs:Area",
                true,
            ),
            (
                REGION,
                "mwg-rs:Type=\"Face\"><!-- mine --><mwg-rs:Area",
                true,
            ),
            (REGION, "mwg-rs:Type=\"Face\">mine<mwg-rs:Area", true),
            (
                "stArea:unit=",
                "stArea:d=\"0.9\" mwg-rs:mine=\"1\" stArea:unit=",
                true,
            ),
            (
                "</rdf:Description></rdf:li>",
                "</rdf:Description><!-- mine --></rdf:li>",
                true,
            ),
            // The keyword.
            (KEYWORD, "<rdf:li>obama<!-- mine --></rdf:li>", true),
            (KEYWORD, "<rdf:li>obama<?mine?></rdf:li>", true),
            (KEYWORD, "<rdf:li xml:lang=\"mine\">obama</rdf:li>", true),
            (KEYWORD, "<rdf:li rdf:ID=\"mine\">obama</rdf:li>", true),
            // The elements around them.
            (
                "<lr:hierarchicalSubject>",
                "<lr:hierarchicalSubject xml:lang=\"mine\">",
                false,
            ),
            (
                "<lr:hierarchicalSubject>",
                "<lr:hierarchicalSubject>mine",
                false,
            ),
            (
                "</lr:hierarchicalSubject>",
                "<lr:mine/></lr:hierarchicalSubject>",
                false,
            ),
            (
                "<rdf:li>People|obama</rdf:li>",
                "mine<rdf:li>People|obama</rdf:li>",
                false,
            ),
            (
                "<mwg-rs:AppliedToDimensions",
                "<mwg-rs:mine/><mwg-rs:AppliedToDimensions",
                false,
            ),
            (
                "<mwg-rs:Regions ",
                "<mwg-rs:Regions mwg-rs:mine=\"1\" ",
                false,
            ),
            ("stDim:unit=", "mwg-rs:mine=\"1\" stDim:unit=", false),
            (
                "<mwg-rs:RegionList ",
                "<mwg-rs:RegionList xml:lang=\"mine\" ",
                false,
            ),
            // The notes.
            ("<facematch:Tags>", "<facematch:Tags><!-- mine -->", false),
            ("</facematch:Tags>", "mine</facematch:Tags>", false),
            (
                "</facematch:Created>",
                "<?mine?></facematch:Created>",
                false,
            ),
            (
                "<rdf:li>dc:subject</rdf:li>",
                "<!-- mine --><rdf:li>dc:subject</rdf:li>",
                false,
            ),
            (
                "<rdf:Description rdf:about=\"\"",
                "<rdf:Description rdf:about=\"mine\"",
                false,
            ),
        ] {
            // A list from inside the photo does not belong to facematch.
            let is_ours = written.contains(place) || place.contains("dc:subject");
            assert!(is_ours, "{place}: {written}");
            if !written.contains(place) {
                continue;
            }
            env.write(sidecar, replaced_last(&written, place, changed));
            let run = env.facematch().arg("untag").arg(&photo).ends_with(0);
            let told = run.text();
            assert!(told.contains("\tchanged\t"), "{changed}: {told}");
            let left = read(&env, sidecar);
            assert!(left.contains("mine"), "{changed}: {left}");
            assert_eq!(left.contains("obama"), stays, "{changed}: {left}");
            // From now on facematch leaves it unchanged.
            env.facematch().arg("untag").arg(&photo).ends_with(0);
            assert_eq!(read(&env, sidecar), left, "{changed}");
        }
    }
}

/// Returns `text` with the last `old` replaced by `new`.
fn replaced_last(text: &str, old: &str, new: &str) -> String {
    let (before, behind) = text.rsplit_once(old).unwrap();
    [before, new, behind].concat()
}

/// Programs such as ExifTool write the same content in other forms, which is not an addition.
#[test]
fn untag_removes_what_another_program_has_only_written_in_another_form() {
    let env = scene();
    let plain = oriented_jpeg(&at_width(&pixels("unknown/obama2.jpg"), 400), 1);
    env.write("photos/plain.jpg", plain);
    tag(&env, &[], 0);
    let sidecar = "photos/plain.jpg.xmp";
    let mut written = read(&env, sidecar);
    for (place, changed) in [
        (
            "<rdf:li><rdf:Description xmlns:mwg-rs",
            "<rdf:li rdf:parseType=\"Resource\" xmlns:mwg-rs",
        ),
        (
            " mwg-rs:Name=\"obama\" mwg-rs:Type=\"Face\">",
            "><mwg-rs:Name>obama</mwg-rs:Name>\n<mwg-rs:Type>Face</mwg-rs:Type>",
        ),
        ("</rdf:Description></rdf:li>", "</rdf:li>"),
        (
            " stArea:unit=\"normalized\"/>",
            "><stArea:unit>normalized</stArea:unit></mwg-rs:Area>",
        ),
        (
            " stDim:unit=\"pixel\"/>",
            "><stDim:unit>pixel</stDim:unit></mwg-rs:AppliedToDimensions>",
        ),
    ] {
        assert!(written.contains(place), "{place}: {written}");
        written = written.replacen(place, changed, 1);
    }
    env.write(sidecar, &written);
    untag(&env, &[], 0);
    assert!(!env.path(sidecar).exists(), "{}", read(&env, sidecar));
}

/// The text after their last dot is a part of the name: they are different photos.
#[test]
fn photos_whose_names_end_with_a_number_do_not_share_a_sidecar() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    let names = ["Trip 12.34.56", "Trip 12.34.57", "b.jpg.1", "b.jpg.2"];
    for name in names {
        env.copy("unknown/obama2.jpg", format!("photos/{name}"));
    }
    // One of a photo that was moved away, and one that belongs to none of these photos.
    let others = ["photos/b.jpg.xmp", "photos/Trip 12.34.xmp"];
    for other in others {
        env.write(other, EXISTING);
    }
    for naming in ["adobe", "appended"] {
        let run = tag(&env, &["--sidecar-naming", naming], 0);
        for name in names {
            let told = format!("photos/{name}\tcreated\tphotos/{name}.xmp\tobama\n");
            assert!(run.text().contains(&told), "{naming}: {}", run.text());
        }
        assert_eq!(others.map(|other| read(&env, other)), [EXISTING; 2]);
        untag(&env, &[], 0);
        assert_eq!(env.files().len(), 1 + names.len() + others.len());
    }
}

#[test]
fn sidecars_in_capital_letters_are_used() {
    for sidecar in ["photos/obama2.jpg.XMP", "photos/obama2.XMP"] {
        let env = scene();
        env.write(sidecar, EXISTING);
        let run = tag(&env, &[], 0);
        // A case-insensitive file system has it under both names.
        let told = run.text().to_lowercase();
        let [photo, spelled] = [PHOTO, sidecar].map(str::to_lowercase);
        assert_eq!(told, format!("{photo}\tchanged\t{spelled}\tobama\n"));
        assert!(read(&env, sidecar).contains("<rdf:li>obama</rdf:li>"));
        let run = untag(&env, &[], 0);
        assert!(run.stderr.contains("1 sidecar changed"), "{}", run.stderr);
        assert_eq!(read(&env, sidecar), EXISTING);
    }
}

/// File managers store tags of files there.
#[cfg(target_os = "linux")]
#[test]
fn a_sidecar_keeps_its_extended_attributes() {
    const TAGS: &str = "user.xdg.tags";
    let env = scene();
    let sidecar = env.write(SIDECAR, EXISTING);
    if xattr::set(&sidecar, TAGS, b"family").is_err() {
        return;
    }
    tag(&env, &[], 0);
    assert_ne!(read(&env, SIDECAR), EXISTING);
    let tags = xattr::get(&sidecar, TAGS).unwrap();
    assert_eq!(tags.as_deref(), Some(&b"family"[..]));
}
