//! `facematch enroll --from-tags`: people tagged in photos by other programs become known, and only
//! they.

use image::{Rgb, RgbImage};
use insta::assert_snapshot;

use crate::common::photos::{at_width, oriented_jpeg, pixels, side_by_side, stored};
use crate::common::{Run, RunExt, TestEnv, sample_bytes};
use crate::enrolling::listed;

/// A face by its centre and its size, as fractions of the image.
type Area = [f64; 4];

/// The face in `unknown/obama2.jpg` (626x1200) as a user draws it: the head with its hair.
const OBAMA: Area = [0.49, 0.36, 0.6, 0.38];
/// The face in `unknown/astronaut.png` (512x512).
const COLLINS: Area = [0.44, 0.23, 0.25, 0.3];

const NAMESPACES: &str = r#"xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"
    xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
    xmlns:MP="http://ns.microsoft.com/photo/1.2/"
    xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
    xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#""#;

/// Returns a packet with these properties.
fn packet(properties: &str) -> String {
    format!(
        r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" {NAMESPACES}>
   {properties}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"#
    )
}

/// Returns regions of the Metadata Working Group as digiKam writes them, for an image of `size`.
fn regions(size: (u32, u32), people: &[(&str, Area)]) -> String {
    let items: String = people
        .iter()
        .map(|(name, [x, y, w, h])| {
            format!(
                r#"<rdf:li><rdf:Description mwg-rs:Name="{name}" mwg-rs:Type="Face"><mwg-rs:Area stArea:x="{x}" stArea:y="{y}"
                stArea:w="{w}" stArea:h="{h}" stArea:unit="normalized"/></rdf:Description></rdf:li>"#
            )
        })
        .collect();
    format!(
        r#"<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="{}" stDim:h="{}" stDim:unit="pixel"/>
        <mwg-rs:RegionList><rdf:Bag>{items}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"#,
        size.0, size.1
    )
}

/// Returns Microsoft's regions.
fn microsoft_regions(people: &[(&str, Area)]) -> String {
    let items: String = people
        .iter()
        .map(|(name, [x, y, w, h])| {
            let (left, top) = (x - w / 2.0, y - h / 2.0);
            format!(
                r#"<rdf:li MPReg:PersonDisplayName="{name}" MPReg:Rectangle="{left}, {top}, {w}, {h}"/>"#
            )
        })
        .collect();
    format!(
        r#"<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>{items}</rdf:Bag></MPRI:Regions></MP:RegionInfo>"#
    )
}

const OBAMA_SIZE: (u32, u32) = (626, 1200);

fn obama(people: &[(&str, Area)]) -> String {
    packet(&regions(OBAMA_SIZE, people))
}

/// Returns `jpeg` with this XMP packet inside (XMP specification, part 3, 1.1.3) instead of its
/// own.
fn with_xmp(jpeg: &[u8], xmp: &str) -> Vec<u8> {
    const SIGNATURE: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
    let segment = |content: &[u8]| {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xFF, 0xE1], &length[..], content].concat()
    };
    let mut with_xmp = jpeg[..2].to_vec();
    with_xmp.extend(segment(&[SIGNATURE, xmp.as_bytes()].concat()));
    let mut rest = &jpeg[2..];
    while let [0xFF, 0xE0..=0xEF, high, low, content @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if !content.starts_with(SIGNATURE) {
            with_xmp.extend(&rest[..2 + length]);
        }
        rest = &rest[2 + length..];
    }
    with_xmp.extend(rest);
    with_xmp
}

/// Returns a folder with `photos/a.jpg`, a photo of Obama.
fn scene() -> TestEnv {
    let env = TestEnv::new();
    env.copy("unknown/obama2.jpg", "photos/a.jpg");
    env
}

fn enroll(env: &TestEnv, options: &[&str], status: i32) -> Run {
    env.facematch()
        .args(["enroll", "--from-tags"])
        .args(options)
        .ends_with(status)
}

const NEW: [&str; 4] = ["photos", "--force", "-o", "people.safetensors"];

/// Returns the name in the only line about the repository's photo `sample`.
fn name_of(env: &TestEnv, sample: &str) -> String {
    let photo = env.copy(sample, format!("asked/{sample}"));
    let run = env
        .facematch()
        .args(["-q", "people.safetensors"])
        .arg(photo)
        .ends_with(0);
    let line = run.text().trim_end().to_owned();
    line.split('\t').nth(1).unwrap().to_owned()
}

#[test]
fn who_is_tagged_inside_a_photo_is_known() {
    let env = scene();
    let jpeg = with_xmp(
        &sample_bytes("unknown/obama2.jpg"),
        &obama(&[("Barack Obama", OBAMA)]),
    );
    // The names of the photo and its folder do not matter.
    env.write("photos/2009/IMG_1234.jpg", jpeg);
    let run = enroll(&env, &NEW, 0);
    assert_eq!(run.text(), "");
    assert_eq!(
        run.stderr,
        "facematch: people.safetensors: 1 person known by 1 face\n"
    );
    assert_eq!(listed(&env), "Barack Obama\t1\n");
    assert_eq!(name_of(&env, "known/obama.jpg"), "Barack Obama");
    assert_eq!(name_of(&env, "unknown/astronaut.png"), "unknown");
}

#[test]
fn sidecars_of_each_form_are_read() {
    let env = scene();
    let as_attributes = format!(
        r#"<mwg-rs:Regions><rdf:Description><mwg-rs:AppliedToDimensions stDim:w="626" stDim:h="1200" stDim:unit="pixel"/>
        <mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Rotation="0.0" mwg-rs:Name="Ann" mwg-rs:Type="Face">
        <mwg-rs:Area stArea:h="{3}" stArea:w="{2}" stArea:x="{0}" stArea:y="{1}"/></rdf:Description></rdf:li></rdf:Bag>
        </mwg-rs:RegionList></rdf:Description></mwg-rs:Regions>"#,
        OBAMA[0], OBAMA[1], OBAMA[2], OBAMA[3]
    );
    let both = regions(OBAMA_SIZE, &[("Ann", OBAMA)]) + &microsoft_regions(&[("Ann", OBAMA)]);
    for (sidecar, properties) in [
        ("photos/a.jpg.xmp", both.clone()),
        ("photos/a.xmp", as_attributes.clone()),
        ("photos/a.XMP", as_attributes),
        ("photos/a.jpg.XMP", both.clone()),
        ("photos/a.jpg.xmp", microsoft_regions(&[("Ann", OBAMA)])),
    ] {
        let path = env.write(sidecar, packet(&properties));
        let run = enroll(&env, &NEW, 0);
        let summary = "facematch: people.safetensors: 1 person known by 1 face\n";
        assert_eq!(run.stderr, summary, "{properties}");
        assert_eq!(listed(&env), "Ann\t1\n");
        std::fs::remove_file(path).unwrap();
    }
}

/// Returns the position of `area` of an upright image of `size` in the stored one. The area is
/// drawn, turned like the pixels, and found again.
fn stored_area(area: Area, (width, height): (u32, u32), orientation: u8) -> Area {
    let [x, y, w, h] = area;
    let range = |centre: f64, length: f64, side: u32| {
        let [from, to] = [centre - length / 2.0, centre + length / 2.0];
        [from, to].map(|part| (part * f64::from(side)).round() as u32)
    };
    let (columns, rows) = (range(x, w, width), range(y, h, height));
    let drawn = RgbImage::from_fn(width, height, |x, y| {
        let is_inside = (columns[0]..columns[1]).contains(&x) && (rows[0]..rows[1]).contains(&y);
        Rgb([if is_inside { 255 } else { 0 }; 3])
    });
    let turned = stored(&drawn, orientation);
    let white: Vec<_> = turned
        .enumerate_pixels()
        .filter(|(_, _, pixel)| pixel.0 == [255; 3])
        .map(|(x, y, _)| [x, y])
        .collect();
    let [horizontal, vertical] = [0, 1].map(|axis| {
        let side = [turned.width(), turned.height()][axis];
        let at = white.iter().map(|pixel| pixel[axis]);
        let [from, to] = [at.clone().min().unwrap(), at.max().unwrap() + 1];
        [from, to].map(|pixel| f64::from(pixel) / f64::from(side))
    });
    let centre = |[from, to]: [f64; 2]| (from + to) / 2.0;
    let length = |[from, to]: [f64; 2]| to - from;
    [
        centre(horizontal),
        centre(vertical),
        length(horizontal),
        length(vertical),
    ]
}

#[test]
fn both_people_of_a_photo_are_known_however_it_is_stored() {
    let env = TestEnv::new();
    let left = at_width(&pixels("unknown/obama2.jpg"), 300);
    let right = at_width(&pixels("known/biden.jpg"), 300);
    let both = side_by_side(&left, &right);
    let size = both.dimensions();
    // The boxes of both, in the half of each.
    let parts = |[x, y, w, h]: Area, image: &RgbImage, offset: f64| {
        let [across, down] = [
            f64::from(image.width()) / f64::from(size.0),
            f64::from(image.height()) / f64::from(size.1),
        ];
        [x * across + offset, y * down, w * across, h * down]
    };
    let people = [
        ("Barack", parts(OBAMA, &left, 0.0)),
        ("Joe", parts([0.59, 0.18, 0.36, 0.17], &right, 0.5)),
    ];
    for orientation in 1..=8 {
        let stored_size = if orientation >= 5 {
            (size.1, size.0)
        } else {
            size
        };
        let tagged = people.map(|(name, area)| (name, stored_area(area, size, orientation)));
        let xmp = packet(&regions(stored_size, &tagged));
        let jpeg = with_xmp(&oriented_jpeg(&both, orientation), &xmp);
        env.write(format!("photos/{orientation}.jpg"), jpeg);
    }
    // A program that tagged the photo as displayed indicates this by the size.
    let xmp = packet(&regions(size, &people));
    env.write(
        "photos/6.upright.jpg",
        with_xmp(&oriented_jpeg(&both, 6), &xmp),
    );
    let run = enroll(&env, &NEW, 0);
    let summary = "facematch: people.safetensors: 2 people known by 18 faces\n";
    assert_eq!(run.stderr, summary);
    assert_eq!(listed(&env), "Barack\t9\nJoe\t9\n");
    assert_eq!(name_of(&env, "known/obama.jpg"), "Barack");
    assert_eq!(name_of(&env, "known/biden.jpg"), "Joe");
}

#[test]
fn tags_of_a_photo_that_was_cropped_since_are_left_out() {
    let env = scene();
    env.write(
        "photos/a.jpg.xmp",
        packet(&regions((1600, 1200), &[("Ann", OBAMA)])),
    );
    let run = enroll(&env, &NEW, 3);
    assert_snapshot!(run.stderr, @"
    facematch: warning: photos/a.jpg: 1 face region was made for an image of another shape, left out; tag the photo again
    facematch: nothing to enroll: no face could be taken for 1 face region with a name in photos; the warnings say why
    ");
    assert!(!env.path("people.safetensors").exists());
}

#[test]
fn a_tag_without_a_face_or_with_somebody_elses_makes_nobody_known() {
    let env = scene();
    env.write(
        "photos/a.jpg.xmp",
        obama(&[("Ann", OBAMA), ("Bob", [0.2, 0.9, 0.2, 0.1])]),
    );
    env.copy("unknown/astronaut.png", "photos/b.png");
    let twice = [("Eileen", COLLINS), ("Zoe", [0.45, 0.24, 0.25, 0.3])];
    env.write("photos/b.png.xmp", packet(&regions((512, 512), &twice)));
    env.copy("unknown/chelsea.png", "photos/cat.png");
    let pet = [("Chelsea", [0.5, 0.4, 0.5, 0.6])];
    env.write("photos/cat.png.xmp", packet(&microsoft_regions(&pet)));
    let run = enroll(&env, &NEW, 0);
    assert_snapshot!(run.stderr, @"
    facematch: warning: photos/a.jpg: no face was found where Bob is tagged; a larger --width finds smaller faces
    facematch: warning: photos/b.png: Eileen is tagged at a face where Zoe is tagged too; it is left out, remove one of the tags
    facematch: warning: photos/b.png: Zoe is tagged at a face where Eileen is tagged too; it is left out, remove one of the tags
    facematch: warning: photos/cat.png: no face was found where Chelsea is tagged; a larger --width finds smaller faces
    facematch: people.safetensors: 1 person known by 1 face; no face for 4 face regions
    ");
    assert_eq!(listed(&env), "Ann\t1\n");
}

#[test]
fn what_facematch_tagged_makes_nobody_known_unless_somebody_corrected_it() {
    let env = scene();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.facematch()
        .args(["tag", "-q", "known", "photos"])
        .ends_with(0);
    let run = enroll(&env, &NEW, 3);
    assert_snapshot!(run.stderr, @"facematch: nothing to enroll: no face region with a name in photos; let the program with which you tagged faces write them to the photos or to sidecars");
    // It is still the same after exiftool copies it into the photo.
    let sidecar = std::fs::read_to_string(env.path("photos/a.jpg.xmp")).unwrap();
    let (before, notes) = sidecar.split_once("<facematch:Tags").unwrap();
    let copy = before.to_owned() + notes.rsplit_once("</facematch:Created>").unwrap().1;
    assert!(copy.contains("mwg-rs:Name=\"obama\""), "{copy}");
    let jpeg = sample_bytes("unknown/obama2.jpg");
    env.write("photos/a.jpg", with_xmp(&jpeg, &copy));
    enroll(&env, &NEW, 3);
    let corrected = sidecar.replacen("mwg-rs:Name=\"obama\"", "mwg-rs:Name=\"Barack\"", 1);
    env.write("photos/a.jpg", jpeg);
    env.write("photos/a.jpg.xmp", corrected);
    enroll(&env, &NEW, 0);
    assert_eq!(listed(&env), "Barack\t1\n");
}

#[test]
fn what_cannot_be_read_costs_itself_alone() {
    let env = scene();
    let jpeg = sample_bytes("unknown/obama2.jpg");
    env.write("photos/a.jpg", with_xmp(&jpeg, &obama(&[("Ann", OBAMA)])));
    env.write("photos/a.jpg.xmp", &obama(&[("Ann", OBAMA)])[..700]);
    env.write("photos/b.jpg", with_xmp(&jpeg, "<no xmp"));
    env.write("photos/broken.jpg", "");
    // It has no tags, so it is not decoded.
    env.write("photos/half.jpg", &jpeg[..jpeg.len() / 2]);
    let run = enroll(&env, &NEW, 1);
    let lines: Vec<_> = run.stderr.lines().collect();
    let expected = [
        (
            "facematch: warning: photos/a.jpg.xmp: the sidecar cannot be parsed at byte",
            "; its tags are left out",
        ),
        (
            "facematch: warning: photos/b.jpg: the XMP in it cannot be parsed at byte",
            "; its tags are left out",
        ),
        (
            "facematch: photo left out: photos/broken.jpg: cannot decode",
            "the file is empty",
        ),
        (
            "facematch: people.safetensors: 1 person known by 1 face; 1 failed",
            "",
        ),
    ];
    assert_eq!(lines.len(), expected.len(), "{}", run.stderr);
    for (line, (start, end)) in lines.iter().zip(expected) {
        assert!(line.starts_with(start) && line.ends_with(end), "{line}");
    }
    assert_eq!(listed(&env), "Ann\t1\n");
}

#[test]
fn people_from_tags_are_added_to_a_gallery_and_a_photo_counts_once() {
    let env = scene();
    env.copy("known/biden.jpg", "known/Joe.jpg");
    env.facematch()
        .args(["enroll", "-q", "known", "-o", "people.safetensors"])
        .ends_with(0);
    env.write("photos/a.jpg.xmp", obama(&[("Ann", OBAMA)]));
    // The photo is given twice, and again in the second run.
    let cache = "--cache=cache.redb";
    for _ in 0..2 {
        let add = [
            "--add",
            "people.safetensors",
            "photos",
            "photos/a.jpg",
            cache,
        ];
        let run = enroll(&env, &add, 0);
        let summary = "facematch: people.safetensors: 2 people known by 2 faces\n";
        assert_eq!(run.stderr, summary);
        assert_eq!(listed(&env), "Ann\t1\nJoe\t1\n");
    }
    // The tagged place no longer has a face: the enrolled one stays.
    env.write("photos/a.jpg.xmp", obama(&[("Ann", [0.2, 0.9, 0.2, 0.1])]));
    let run = enroll(&env, &["--add", "people.safetensors", "photos"], 0);
    assert_snapshot!(run.stderr, @"
    facematch: warning: photos/a.jpg: no face was found where Ann is tagged; a larger --width finds smaller faces; its earlier face stays in the gallery
    facematch: people.safetensors: 2 people known by 2 faces; no face for 1 face region
    ");
    std::fs::remove_file(env.path("photos/a.jpg.xmp")).unwrap();
    let run = enroll(&env, &["--add", "people.safetensors", "photos"], 0);
    assert_snapshot!(run.stderr, @"
    facematch: warning: no face region with a name in photos
    facematch: people.safetensors: 2 people known by 2 faces
    ");
    assert_eq!(listed(&env), "Ann\t1\nJoe\t1\n");
}

#[test]
fn wrong_usage_is_told() {
    let env = scene();
    let message = |arguments: &[&str], status| enroll(&env, arguments, status).stderr;
    let refused = "facematch: --from-tags needs -o or --add\n";
    let run = env
        .facematch()
        .args(["enroll", "--list", "--from-tags", "people.safetensors"])
        .ends_with(2);
    assert_eq!(run.stderr, refused);
    let run = env
        .facematch()
        .args([
            "enroll",
            "--remove",
            "Ann",
            "--from-tags",
            "people.safetensors",
        ])
        .ends_with(2);
    assert_eq!(run.stderr, refused);
    env.write("photos/a.jpg.xmp", obama(&[("Ann", OBAMA)]));
    enroll(&env, &NEW, 0);
    assert_snapshot!(message(&["people.safetensors", "-o", "other.safetensors"], 2), @"facematch: --from-tags takes photos and folders, besides gallery files");
    env.folder("empty");
    assert_snapshot!(message(&["empty", "-o", "other.safetensors"], 3), @"facematch: nothing to enroll: no photos in empty");
    assert_snapshot!(message(&["none", "-o", "other.safetensors"], 3), @"facematch: none: cannot read: No such file or directory (os error 2)");
}

/// Returns a folder with `photos/p.jpg` and the sidecar `photos/p.jpg.xmp` from a folder of
/// `tests/faults`.
fn fault(folder: &str) -> TestEnv {
    let env = TestEnv::new();
    env.copy("tests/faults/picasa-placeholder-name/p.jpg", "photos/p.jpg");
    env.copy(
        &format!("tests/faults/{folder}/p.jpg.xmp"),
        "photos/p.jpg.xmp",
    );
    env
}

#[test]
fn a_face_that_picasa_has_no_name_for_is_nobody() {
    let run = enroll(&fault("picasa-placeholder-name"), &NEW, 3);
    let told = "nothing to enroll: no face region with a name in photos";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn circles_and_decimal_commas_are_read() {
    for form in ["circle", "comma_decimal", "ms_comma_locale"] {
        let env = fault(&format!("region-left-out-silently/{form}"));
        let run = enroll(&env, &NEW, 0);
        let summary = "facematch: people.safetensors: 1 person known by 1 face\n";
        assert_eq!(run.stderr, summary, "{form}");
        assert_eq!(listed(&env), "Ann\t1\n", "{form}");
    }
}

#[test]
fn people_whose_regions_cannot_be_read_are_told_with_the_reason() {
    let env = scene();
    let unread = r#"<rdf:li><rdf:Description mwg-rs:Name="Bob" mwg-rs:Type="Face"><mwg-rs:Area stArea:x="0.5" stArea:y="0.5"/>
        </rdf:Description></rdf:li><rdf:li><rdf:Description mwg-rs:Name="Cem"><mwg-rs:Area stArea:x="7" stArea:y="0.5"
        stArea:w="0.1" stArea:h="0.1"/></rdf:Description></rdf:li>"#;
    let no_place = r#"<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag><rdf:li MPReg:PersonDisplayName="Ann"/>
        <rdf:li MPReg:PersonDisplayName="Dan"/></rdf:Bag></MPRI:Regions></MP:RegionInfo>"#;
    let with = |people: &[(&str, Area)]| {
        let regions = regions(OBAMA_SIZE, people);
        regions.replace("<rdf:Bag>", &format!("<rdf:Bag>{unread}"))
    };
    // Ann is also tagged in the other schema, with her place.
    let read = packet(&(with(&[("Ann", OBAMA)]) + no_place));
    env.write("photos/a.jpg.xmp", read);
    let run = enroll(&env, &NEW, 0);
    let told = "facematch: warning: photos/a.jpg.xmp: 3 face regions with names cannot be read and are left out: Bob (no size), \
                Cem (outside of the image), Dan (no area); tag the photo again\n\
                facematch: people.safetensors: 1 person known by 1 face; no face for 3 face regions\n";
    assert_eq!(run.stderr, told);
    assert_eq!(listed(&env), "Ann\t1\n");

    env.write("photos/a.jpg.xmp", packet(&with(&[])));
    let run = enroll(&env, &NEW, 3);
    let told = "2 face regions with names cannot be read and are left out: Bob (no size), Cem (outside of the image)";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    let told =
        "no face could be taken for 2 face regions with names in photos; the warnings say why";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}
