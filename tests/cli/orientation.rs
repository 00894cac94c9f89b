//! A photo is the same photo regardless of how its pixels are stored.

use crate::common::photos::{ORIENTED_FORMATS, at_width, oriented_jpeg, oriented_png, pixels};
use crate::common::{RunExt, TestEnv, assert_near_box, face_box, only_face};

#[test]
fn all_eight_orientations_give_the_same_face_in_every_format() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "obama.jpg");
    let upright = at_width(&pixels("unknown/obama2.jpg"), 400);
    for (format, encode) in ORIENTED_FORMATS {
        for number in 1..=8 {
            env.write(
                format!("photos/{number}.{format}"),
                encode(&upright, number),
            );
        }
    }
    let run = env
        .facematch()
        .args(["obama.jpg", "photos", "-f", "ndjson"])
        .ends_with(0);
    for (format, _) in ORIENTED_FORMATS {
        let first = run.record(format!("photos/1.{format}"));
        let wanted = face_box(only_face(&first));
        for number in 1..=8 {
            let path = format!("photos/{number}.{format}");
            let record = run.record(&path);
            assert_eq!(record["orientation"], number, "{path}");
            assert_eq!(
                [&record["width"], &record["height"]],
                [upright.width(), upright.height()],
                "{path}"
            );
            let face = only_face(&record);
            assert_eq!(face["name"], "obama", "{path}");
            assert_near_box(face_box(face), wanted, 2, &path);
        }
    }
}

/// A large JPEG is decoded at a reduced scale, a PNG never is.
#[test]
fn a_large_jpeg_gives_the_face_of_the_same_png() {
    let env = TestEnv::new();
    // Not a multiple of 8: at every scale the last column and row are partial.
    let upright = at_width(&pixels("unknown/astronaut.png"), 2003);
    env.write("photos/1.png", oriented_png(&upright, 1));
    for number in [1, 6, 8] {
        env.write(
            format!("photos/{number}.jpg"),
            oriented_jpeg(&upright, number),
        );
    }
    for (width, pixel) in [("250", 8), ("350", 6), ("500", 4)] {
        let detect = |more: &[&str]| {
            env.facematch()
                .args(["detect", "photos", "-f", "ndjson", "--width", width])
                .args(more)
                .ends_with(0)
        };
        let run = detect(&[]);
        let png = run.record("photos/1.png");
        let wanted = face_box(only_face(&png));
        for number in [1, 6, 8] {
            let path = format!("photos/{number}.jpg");
            let record = run.record(&path);
            for key in ["width", "height"] {
                assert_eq!(record[key], png[key], "{path}");
            }
            // A pixel of the working copy is so many of the photo.
            assert_near_box(face_box(only_face(&record)), wanted, pixel, &path);
        }
        assert_eq!(detect(&["--draw", "drawn"]).stdout, run.stdout);
        let drawn = image::open(env.path("drawn/photos/6.jpg.faces.jpg")).unwrap();
        assert_eq!((drawn.width(), drawn.height()), upright.dimensions());
    }
}
