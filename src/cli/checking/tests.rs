//! Tests of the whole check, on made-up photos.

use proptest::prelude::*;

use facematch_image_files::ImageFileError;

use super::test_photos::{Sketch, face, photos, sketches};
use super::*;

fn checked(photos: &[KnownPhoto]) -> Check {
    check(
        photos,
        EncoderKind::Dlib,
        DistanceThreshold::default(),
        2,
        &|_| (),
    )
}

fn photo(name: &str, content: Result<PhotoContent, Error>) -> KnownPhoto {
    KnownPhoto {
        path: format!("known/{name}.jpg").into(),
        person: name.to_owned(),
        content,
    }
}

fn content(faces: Vec<Face>, digest: u8) -> Result<PhotoContent, Error> {
    Ok(PhotoContent {
        faces,
        digest: Some([digest; 32]),
    })
}

fn kinds(check: &Check) -> Vec<(&'static str, Vec<&str>)> {
    check
        .findings
        .iter()
        .map(|finding| (finding.kind(), finding.people()))
        .collect()
}

#[test]
fn each_photo_is_told_by_what_is_in_it() {
    let broken = Error::ImageFile(ImageFileError::UnknownFormat {
        path: "known/broken.jpg".into(),
    });
    let photos = [
        photo("ann", content(vec![face(0.0, 79), face(1.0, 30)], 1)),
        photo("bob", content(vec![face(5.0, 80)], 2)),
        photo("broken", Err(broken)),
        photo("cat", content(vec![], 3)),
    ];
    let check = checked(&photos);
    assert_eq!((check.photos, check.faces, check.people), (4, 2, 2));
    assert_eq!(
        kinds(&check),
        [
            ("unreadable", vec!["broken"]),
            ("no_face", vec!["cat"]),
            ("several_faces", vec!["ann"]),
            ("tiny_face", vec!["ann"]),
        ]
    );
    let advice = check.findings[3].advice();
    assert!(
        advice.starts_with("the longer side of the face has 79 pixels"),
        "{advice}"
    );
}

#[test]
fn equal_files_are_one_picture_with_or_without_a_face() {
    let photos = [
        photo("cat", content(vec![], 7)),
        photo("ann", content(vec![face(0.0, 90)], 1)),
        photo("bob", content(vec![face(0.0, 90)], 1)),
        photo("cat", content(vec![], 7)),
        photo("zoe", content(vec![face(3.0, 90)], 2)),
        photo("zoe", content(vec![face(3.02, 90)], 3)),
    ];
    let check = checked(&photos);
    let pictures: Vec<_> = check
        .findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::SamePicture { photos, distance } => {
                Some((photos.len(), finding.people(), distance.is_none()))
            }
            _ => None,
        })
        .collect();
    // A picture of two people is worse than one of a single person.
    assert_eq!(
        pictures,
        [
            (2, vec!["ann", "bob"], true),
            (2, vec!["cat"], true),
            (2, vec!["zoe"], false),
        ]
    );
    // Photos of the same picture give no information about the distance between people.
    assert!(
        !kinds(&check)
            .iter()
            .any(|(kind, _)| *kind == "close_people")
    );
    assert_eq!(check.separation.same_pairs, 0);
}

#[test]
fn without_two_photos_of_a_person_the_nearest_people_are_told() {
    let place = |person, place| Sketch {
        person,
        place: Some(place),
    };
    let photos = photos(&[place(0, 0.0), place(1, 1.0), place(2, 1.75)]);
    let check = checked(&photos);
    assert_eq!(check.findings, []);
    assert_eq!(check.separation.best, None);
    let nearest = check.separation.nearest_people.unwrap();
    assert_eq!(nearest.distance, 0.75);
    assert_eq!(nearest.photos.map(|p| p.person), ["person 1", "person 2"]);
}

/// Copies were once compared with each other in every comparison of the sort, which took minutes
/// for this many.
#[test]
fn a_picture_of_very_many_people_is_told_at_once() {
    let photos: Vec<_> = (0..50_000)
        .map(|index| photo(&format!("person {index}"), content(Vec::new(), 7)))
        .collect();
    let check = checked(&photos);
    assert_eq!(check.findings.len(), photos.len() + 1);
    let last = check.findings.last().unwrap();
    assert_eq!((last.kind(), last.people().len()), ("same_picture", 50_000));
}

proptest! {
    #[test]
    fn findings_stand_in_groups_and_a_gallery_file_tells_what_its_encodings_tell(content in sketches()) {
        let photos = photos(&content);
        let check_photos = checked(&photos);
        prop_assert!(check_photos.findings.is_sorted_by_key(Finding::rank));

        let mut builder = facematch::gallery::GalleryBuilder::default();
        for photo in &photos {
            builder.add(&photo.person, &photo.path, &photo.content.as_ref().unwrap().faces);
        }
        let of_gallery = checked(&photos_of(&builder.build()));
        let without_faceless: Vec<_> = check_photos
            .findings
            .into_iter()
            .filter(|finding| finding.kind() != "no_face")
            .collect();
        prop_assert_eq!(of_gallery.findings, without_faceless);
        prop_assert_eq!(of_gallery.separation, check_photos.separation);
    }
}
