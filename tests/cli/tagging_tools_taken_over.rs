//! The metadata that a new sidecar takes over from inside photos, and its later changes, with
//! exiftool and exiv2.

use crate::common::{RunExt, TestEnv};
use crate::tagging::{PHOTO, scene, tag, tagged, untag};
use crate::tagging_tools::{assert_keeps_everything, exiftool, told};
use crate::tagging_tools_embedding::{bytes, packet, photos_of};

/// Changes the photo with `exiftool` and `options`.
fn change(env: &TestEnv, options: &[&str]) {
    let options = [&["-q", "-overwrite_original"], options].concat();
    told("exiftool", &options, env.root(), &[PHOTO.to_owned()]);
}

#[test]
#[ignore = "needs exiftool and exiv2"]
fn a_new_sidecar_has_what_people_said_of_the_photo_inside_of_it() {
    let said = [
        "HierarchicalSubject",
        "Label",
        "PickLabel",
        "Rating",
        "RegionInfo",
        "RegionInfoMP",
        "Subject",
        "TagsList",
        "Title",
    ];
    // Fields that facematch adds, and fields that every file has.
    let others = [
        "Created",
        "PersonInImage",
        "SourceFile",
        "Tags",
        "Validate",
        "XMPToolkit",
    ];
    for manager in ["digikam", "lightroom", "darktable"] {
        let (env, photos) = photos_of(manager);
        let bytes_before = photos.each_ref().map(|photo| bytes(&env, photo));
        tagged(&env, &[]);
        let sidecars = photos.each_ref().map(|photo| format!("{photo}.xmp"));
        let before = exiftool(env.root(), &photos);
        for (before, after) in before.iter().zip(&exiftool(env.root(), &sidecars)) {
            let [mut before, after] = [before, after].map(|read| read.as_object().unwrap().clone());
            before.retain(|field, _| said.contains(&field.as_str()));
            assert!(before.len() >= 3, "{manager}: {before:?}");
            before.insert("Validate".to_owned(), "OK".into());
            assert_keeps_everything(manager, &before, &after);
            assert!(after["PersonInImage"].to_string().contains("obama"));
            // The settings of raw converters, the history and the dates belong to the file itself.
            let mut fields = after.keys().map(String::as_str);
            assert!(
                fields.all(|field| said.contains(&field) || others.contains(&field)),
                "{manager}: {after:?}"
            );
        }
        told("exiv2", &["-pa"], env.root(), &sidecars);
        untag(&env, &[], 0);
        assert!(!sidecars.iter().any(|sidecar| env.files().contains(sidecar)));
        assert_eq!(
            photos.each_ref().map(|photo| bytes(&env, photo)),
            bytes_before
        );
    }
}

#[test]
#[ignore = "needs exiftool"]
fn xmp_that_is_longer_than_a_segment_is_in_a_new_sidecar_too() {
    let env = scene();
    let long = format!("-XMP-dc:Description={}", "long ".repeat(15_000));
    change(&env, &[&long, "-XMP-dc:Subject=beach", "-XMP-dc:Title=Us"]);
    assert!(
        packet(env.root(), PHOTO).len() < 60_000,
        "it is in one packet"
    );
    tag(&env, &[], 0);
    let sidecar = exiftool(env.root(), &[format!("{PHOTO}.xmp")]).remove(0);
    let text = sidecar.to_string();
    assert!(
        text.contains("long long") && text.contains("Us"),
        "{text:.300}"
    );
    assert!(
        text.contains("beach") && text.contains("obama"),
        "{text:.300}"
    );
    untag(&env, &[], 0);
    assert!(!env.path(format!("{PHOTO}.xmp")).exists());
}

#[test]
#[ignore = "needs exiftool"]
fn untag_keeps_what_the_photo_has_lost_since_it_was_taken_over() {
    let sidecar = format!("{PHOTO}.xmp");
    for (lost, is_left) in [
        (&["-XMP:all="][..], true),
        (&["-XMP-dc:Title=Other"], true),
        (
            &["-XMP-dc:Subject+=sunset", "-XMP-photoshop:Headline=me"],
            false,
        ),
    ] {
        let env = scene();
        change(
            &env,
            &["-XMP-dc:Subject=beach", "-XMP-dc:Title=Us", "-XMP:Rating=4"],
        );
        tag(&env, &[], 0);
        change(&env, lost);
        untag(&env, &[], 0);
        assert_eq!(env.path(&sidecar).exists(), is_left, "{lost:?}");
        if is_left {
            let text = std::fs::read_to_string(env.path(&sidecar)).unwrap();
            for part in ["beach", "Us", "Rating"] {
                assert!(text.contains(part), "{text}");
            }
            assert!(
                !text.contains("obama") && !text.contains("facematch:"),
                "{text}"
            );
        }
    }
}

#[test]
#[ignore = "needs exiftool"]
fn names_that_facematch_wrote_inside_are_nobodys_in_a_new_sidecar() {
    let env = scene();
    tag(&env, &["--embed", "--no-backup"], 0);
    tag(&env, &[], 0);
    let sidecar = format!("{PHOTO}.xmp");
    told(
        "exiftool",
        &["-q", "-overwrite_original", "-XMP:Rating=5"],
        env.root(),
        std::slice::from_ref(&sidecar),
    );
    change(&env, &["-XMP:all="]);
    let learned = env
        .facematch()
        .args(["enroll", "--from-tags", "photos", "-o", "p.safetensors"])
        .ends_with(3);
    assert!(
        learned.stderr.contains("nothing to enroll"),
        "{}",
        learned.stderr
    );
    untag(&env, &[], 0);
    let left = std::fs::read_to_string(env.path(&sidecar)).unwrap();
    assert!(left.contains("Rating") && !left.contains("obama"), "{left}");
}
