//! The program and the engine on the evaluation photos, which are not part of the repository.
//!
//! Comparisons with dlib's results run for the native engine, and for dlib's C++ in a build that
//! has it. To run them:
//!
//! ```sh
//! FACEMATCH_SHARED=<folder> cargo test --release --test cli evaluation_photos -- \
//!     --ignored --nocapture
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use facematch::engine::{
    self, Detection, Detector, Encoding, EngineKind, EngineParams, FaceEngine, SimdLevel,
    check_available,
};
use facematch::geometry::Rect;
use facematch::image_files::decode_upright;
use facematch::photo::Turn;
use image::RgbImage;
use serde_json::Value;

use crate::common::reference::{ReferenceFace, references, shared, sixty_eight_point_model};
use crate::common::{
    Run, RunExt, assert_near_box, face_box, facematch_in, files_below, only_face, repository,
};

/// The default detector, and the one that finds what dlib finds.
const DETECTORS: [&str; 2] = ["auto", "hog"];

/// Returns all files below `folder`, sorted by their bytes like the program does; never an empty
/// list.
fn photos_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = files_below(folder);
    files.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    assert!(!files.is_empty(), "no files in {}", folder.display());
    files
}

/// Returns the people in each photo of `data/people/unknown`, by file name.
fn people_labels() -> BTreeMap<String, BTreeSet<String>> {
    csv::Reader::from_path(shared("data/people/labels.csv"))
        .unwrap()
        .into_records()
        .map(|row| {
            let row = row.unwrap();
            let people = row[1].split(';').filter(|name| !name.is_empty());
            (row[0].to_owned(), people.map(str::to_owned).collect())
        })
        .collect()
}

/// Returns the names that `record` gives to faces.
fn names_in(record: &Value) -> BTreeSet<String> {
    let faces = record["faces"].as_array().unwrap().iter();
    let names = faces.filter_map(|face| face["name"].as_str());
    names.map(str::to_owned).collect()
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn people_are_told_apart() {
    for detector in DETECTORS {
        tell_people_apart(detector);
    }
}

fn tell_people_apart(detector: &str) {
    let labels = people_labels();
    let run = facematch_in(&shared("data/people"))
        .args(["known", "unknown", "-f", "ndjson", "--detector", detector])
        .ends_with(0);
    let (mut searched, mut missed) = (0, 0);
    for record in run
        .records()
        .iter()
        .filter(|record| record["type"] == "image")
    {
        let path = Path::new(record["path"].as_str().unwrap());
        let wanted = &labels[path.file_name().unwrap().to_str().unwrap()];
        let named = names_in(record);
        let wrong: Vec<_> = named.difference(wanted).collect();
        assert!(
            wrong.is_empty(),
            "{detector} {}: {wrong:?} is not in it",
            path.display()
        );
        for name in wanted.difference(&named) {
            println!("{detector} {}: {name} is missed", path.display());
            missed += 1;
        }
        searched += 1;
    }
    assert_eq!(searched, labels.len());
    assert!(missed <= 1, "{detector}: {missed} people are missed");
}

/// Every photo of a known person, stored on either side and upside down, without metadata about it.
/// Before the program checked that faces were upright, the default detector named 10 of 54.
#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn people_in_turned_photos_are_named() {
    let labels = people_labels();
    let known = shared("data/people/known");
    let folder = tempfile::tempdir().unwrap();
    let mut wanted = BTreeMap::new();
    for photo in photos_below(&shared("data/people")) {
        let people = match photo.strip_prefix(&known) {
            Ok(below) => {
                let person = below.iter().next().unwrap().to_str().unwrap();
                BTreeSet::from([person.to_owned()])
            }
            Err(_) => match labels.get(photo.file_name().unwrap().to_str().unwrap()) {
                Some(people) => people.clone(),
                None => continue,
            },
        };
        let upright = decode_upright(&photo, &std::fs::read(&photo).unwrap()).unwrap();
        for turn in [Turn::Quarter, Turn::Half, Turn::ThreeQuarters] {
            let name = format!("{:03}.png", wanted.len());
            turn.apply(&upright)
                .save(folder.path().join(&name))
                .unwrap();
            wanted.insert(
                name,
                (people.clone(), format!("{} {turn:?}", photo.display())),
            );
        }
    }
    assert_eq!(wanted.len(), 60);
    for detector in DETECTORS {
        let run = facematch_in(folder.path())
            .arg(&known)
            .args([".", "-f", "ndjson", "--try-rotations"])
            .args(["--detector", detector])
            .ends_with(0);
        name_turned_people(detector, &run, &wanted);
    }
}

/// Checks the names in `run` against the people of each photo, which are `wanted` with the photo's
/// origin.
fn name_turned_people(
    detector: &str,
    run: &Run,
    wanted: &BTreeMap<String, (BTreeSet<String>, String)>,
) {
    let (mut alone, mut all, mut wrong) = ((0, 0), (0, 0), 0);
    for record in run.records().iter().filter(|r| r["type"] == "image") {
        let path = Path::new(record["path"].as_str().unwrap());
        let (people, about) = &wanted[path.file_name().unwrap().to_str().unwrap()];
        let named = names_in(record);
        let right = named.intersection(people).count();
        if named != *people {
            println!("{detector} {about}: {named:?} instead of {people:?}");
        }
        all = (all.0 + right, all.1 + people.len());
        wrong += named.len() - right;
        if people.len() == 1 {
            alone = (alone.0 + right, alone.1 + 1);
        }
    }
    println!(
        "{detector}: {alone:?} of photos with one known person, {all:?} of all people, {wrong} wrong"
    );
    assert_eq!((alone.1, all.1, wrong), (48, 66, 0), "{detector}");
    // At least 50 of 54.
    assert!(54 * alone.0 >= 50 * alone.1, "{detector} {alone:?}");
    assert!(54 * all.0 >= 50 * all.1, "{detector} {all:?}");
}

/// RetinaFace also finds faces that are upside down, and many look upright by their points, with
/// scores of up to 0.9988. The eyes of the face in the middle must be above the mouth in the turn
/// in which the photo belongs.
#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn turned_portraits_are_searched_as_they_belong() {
    let folder = tempfile::tempdir().unwrap();
    let mut photos = photos_below(&shared("data/lfw"));
    photos.retain(|photo| photo.extension().is_some_and(|end| end == "jpg"));
    // Each turn with the direction in which the top of the photo then lies.
    let turns = [
        (Turn::None, [0.0, -1.0]),
        (Turn::Quarter, [1.0, 0.0]),
        (Turn::Half, [0.0, 1.0]),
        (Turn::ThreeQuarters, [-1.0, 0.0]),
    ];
    for (number, photo) in photos.iter().step_by(10).enumerate() {
        let upright = decode_upright(photo, &std::fs::read(photo).unwrap()).unwrap();
        for (index, (turn, _)) in turns.iter().enumerate() {
            let turned = turn.apply(&upright);
            let name = format!("{number:03}_{index}.png");
            turned.save(folder.path().join(name)).unwrap();
        }
    }
    let run = facematch_in(folder.path())
        .args(["detect", ".", "-f", "ndjson", "--try-rotations"])
        .args(["--detector", "retinaface"])
        .ends_with(0);
    let (mut searched, mut wrong) = (0, 0);
    for record in run.records().iter().filter(|r| r["type"] == "image") {
        let path = record["path"].as_str().unwrap();
        let index: usize = path
            .trim_end_matches(".png")
            .rsplit('_')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let point = |face: &Value, name: &str| {
            ["x", "y"].map(|axis| face["landmarks"][name][axis].as_f64().unwrap())
        };
        let off_centre = |face: &Value| {
            let [x, y] = point(face, "nose_tip");
            (x - 125.0).hypot(y - 125.0)
        };
        let faces = record["faces"].as_array().unwrap().iter();
        let middle = faces.min_by(|a, b| off_centre(a).total_cmp(&off_centre(b)));
        let is_as_it_belongs = middle.is_some_and(|face| {
            let [left, right] = ["left_eye", "right_eye"].map(|name| point(face, name));
            let [mouth_left, mouth_right] =
                ["mouth_left", "mouth_right"].map(|name| point(face, name));
            let up =
                [0, 1].map(|axis| left[axis] + right[axis] - mouth_left[axis] - mouth_right[axis]);
            let top = turns[index].1;
            up[0] * top[0] + up[1] * top[1] > 0.5 * up[0].hypot(up[1])
        });
        searched += 1;
        if !is_as_it_belongs {
            println!("{path}: {middle:?}");
            wrong += 1;
        }
    }
    println!("{wrong} of {searched} portraits are not searched as they belong");
    assert!(
        searched > 600 && 100 * wrong <= searched,
        "{wrong} of {searched}"
    );
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn nobody_is_found_in_scenes_without_people() {
    let folder = shared("data/negatives");
    for detector in DETECTORS {
        for more in [&[][..], &["--try-rotations"]] {
            let run = facematch_in(&shared("data/people"))
                .args(["known", "-f", "ndjson", "--detector", detector])
                .arg(&folder)
                .args(more)
                .ends_with(0);
            let records = run.records();
            let summary = records.last().unwrap();
            assert_eq!(summary["matched"], 0, "{detector}: {records:#?}");
            assert_eq!(summary["image_count"], photos_below(&folder).len());
        }
    }
}

/// Measured: 654 faces at a width of 500 and 1,174 at 1,200, and none in scenes without people.
#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn retinaface_finds_the_small_faces_of_groups() {
    let faces = |folder: &str, width: &str| {
        let run = facematch_in(&shared("data"))
            .args(["detect", folder, "-q", "-f", "ndjson", "-w", width])
            .args(["--detector", "retinaface"])
            .ends_with(0);
        let records = run.records();
        let count = &records.last().unwrap()["face_count"];
        count.as_u64().unwrap()
    };
    for (width, expected) in [("500", 650), ("1200", 1_150)] {
        let (found, wrong) = (faces("groups", width), faces("negatives", width));
        println!("width {width}: {found} faces, {wrong} without people");
        assert!(found >= expected, "width {width}: {found} faces");
        assert!(wrong <= 1, "width {width}: {wrong} faces without people");
    }
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn every_stored_orientation_is_the_same_photo() {
    let folder = shared("data/exif");
    let mut compared = 0;
    for subject in ["bush", "cruise", "obama"] {
        let probes: Vec<String> = photos_below(&folder)
            .iter()
            .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
            .filter(|name| name.starts_with(&format!("{subject}_o")))
            .collect();
        let run = facematch_in(&folder)
            .args([&format!("{subject}_noexif.jpg"), "-f", "ndjson"])
            .args(&probes)
            .ends_with(0);
        for probe in &probes {
            let (stem, format) = probe.rsplit_once('.').unwrap();
            let number: i64 = stem.rsplit_once("_o").unwrap().1.parse().unwrap();
            let (record, upright) = (
                run.record(probe),
                run.record(format!("{subject}_o1.{format}")),
            );
            assert_eq!(record["orientation"], number, "{probe}");
            let (face, wanted) = (only_face(&record), only_face(&upright));
            assert_near_box(face_box(face), face_box(wanted), 2, probe);
            let [distance, wanted] = [face, wanted].map(|f| f["distance"].as_f64().unwrap());
            // A JPEG that was compressed sideways has lost other details than the upright one.
            let tolerance = if format == "jpg" { 0.1 } else { 0.005 };
            assert!(
                (distance - wanted).abs() <= tolerance,
                "{probe}: {distance} instead of {wanted}"
            );
            compared += 1;
        }
    }
    assert!(compared >= 24, "only {compared} photos found");
}

#[cfg(target_os = "linux")]
mod torture {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::ffi::OsStrExt;
    use std::process::{Child, Command, Stdio};
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    use super::*;

    /// Limit for the processor time of one photo. Wall-clock time would include other programs.
    const PHOTO_LIMIT: Duration = Duration::from_secs(10);

    /// Limit for the memory of the process, in bytes.
    const MEMORY_LIMIT: u64 = 2 << 30;

    /// Returns the peak memory of the process so far, in bytes (`VmHWM`), or `None` if it has
    /// ended.
    fn peak_memory(child: &Child) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib << 10)
    }

    /// Returns the processor time of the process, in user and kernel mode, or `None` if it has
    /// ended (proc(5): fields 14 and 15 of `stat`, in hundredths of a second).
    fn processor_time(child: &Child) -> Option<Duration> {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
        let (_, after_name) = status.rsplit_once(')')?;
        let ticks = after_name.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.map(|ticks| ticks.parse().unwrap_or(0)).sum();
        Some(Duration::from_millis(10 * ticks))
    }

    /// Returns each photo's record with the processor time since the one before it, the peak
    /// memory, and standard error.
    fn search(photos: &[PathBuf]) -> (Vec<(Value, Duration)>, u64, String) {
        let mut stderr = tempfile::tempfile().unwrap();
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
            .arg(repository("known/obama.jpg"))
            .args(["-0", "-", "-f", "ndjson", "--jobs", "1"])
            .env("FACEMATCH_MODELS", repository("models"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr.try_clone().unwrap())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        for photo in photos {
            stdin.write_all(photo.as_os_str().as_bytes()).unwrap();
            stdin.write_all(b"\0").unwrap();
        }
        drop(stdin);

        let results = BufReader::new(child.stdout.take().unwrap());
        let latest = Mutex::new(Instant::now());
        let mut records = Vec::new();
        let (mut peak, mut used) = (0, Duration::ZERO);
        std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut peak = 0;
                while let Some(memory) = peak_memory(&child) {
                    peak = memory.max(peak);
                    let silent = latest.lock().unwrap().elapsed();
                    if silent > 3 * PHOTO_LIMIT || peak > 2 * MEMORY_LIMIT {
                        let id = child.id().to_string();
                        Command::new("kill").args(["-KILL", &id]).status().unwrap();
                    }
                    std::thread::sleep(Duration::from_millis(10));
                }
                peak
            });
            for line in results.lines() {
                let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
                let until_now = processor_time(&child).unwrap_or(used);
                records.push((record, until_now.saturating_sub(used)));
                used = until_now;
                *latest.lock().unwrap() = Instant::now();
            }
            peak = watch.join().unwrap();
        });
        let status = child.wait().unwrap();
        let mut text = Vec::new();
        std::io::Seek::rewind(&mut stderr).unwrap();
        std::io::Read::read_to_end(&mut stderr, &mut text).unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert_eq!(status.code(), Some(1), "after {:?}: {text}", records.last());
        (records, peak, text)
    }

    #[test]
    #[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
    fn hostile_images_cost_one_record_each_and_little_time_and_memory() {
        let photos = photos_below(&shared("data/torture"));
        assert!(photos.len() > 100, "only {} files", photos.len());
        let (mut records, peak, stderr) = search(&photos);
        let (summary, _) = records.pop().unwrap();
        assert_eq!(summary["type"], "summary");

        let (mut slowest, mut errors) = ((Duration::ZERO, String::new()), 0);
        for (photo, (record, time)) in photos.iter().zip(&records) {
            assert_eq!(record["path"], *photo.to_string_lossy());
            assert_ne!(record["kind"], "internal", "{record}");
            errors += usize::from(record["type"] == "error");
            if *time > slowest.0 {
                slowest = (*time, photo.display().to_string());
            }
        }
        crate::common::assert_valid(&records.iter().map(|(r, _)| r.clone()).collect::<Vec<_>>());
        println!(
            "{} photos, {errors} errors, slowest {slowest:?}, {} MiB",
            records.len(),
            peak >> 20
        );
        assert_eq!(records.len(), photos.len());
        assert_eq!(summary["errors"], errors);
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert!(slowest.0 <= PHOTO_LIMIT, "{slowest:?}");
        assert!(peak > 0 && peak <= MEMORY_LIMIT, "{} MiB", peak >> 20);
    }
}

/// Returns the engines of this build.
fn engines(change: impl Fn(&mut EngineParams)) -> Vec<Box<dyn FaceEngine>> {
    let kinds = [EngineKind::Native, EngineKind::Dlib].into_iter();
    kinds
        .filter(|kind| check_available(*kind).is_ok())
        .map(|kind| {
            let mut params = EngineParams::new(repository("models"));
            params.kind = kind;
            params.simd = SimdLevel::from_environment().unwrap();
            change(&mut params);
            engine::load(&params).unwrap()
        })
        .collect()
}

/// Returns the largest difference between a side of `a` and of `b`.
fn difference(a: Rect, b: Rect) -> i64 {
    [
        a.left - b.left,
        a.top - b.top,
        a.right - b.right,
        a.bottom - b.bottom,
    ]
    .map(i64::abs)
    .into_iter()
    .max()
    .unwrap()
}

/// Checks that both have the same boxes, in any order, within `tolerance` pixels. Returns their
/// number.
fn assert_same_boxes(got: &[Rect], wanted: &[Rect], tolerance: i64, about: &str) -> usize {
    let mut left: Vec<Rect> = got.to_vec();
    for &rect in wanted {
        let nearest = (0..left.len()).min_by_key(|&i| difference(left[i], rect));
        let near = nearest.filter(|&i| difference(left[i], rect) <= tolerance);
        let Some(nearest) = near else {
            panic!("{about}: {rect:?} is not among {got:?}");
        };
        left.swap_remove(nearest);
    }
    assert!(left.is_empty(), "{about}: {left:?} is too much");
    wanted.len()
}

fn detected(engine: &mut dyn FaceEngine, image: &RgbImage) -> Vec<Rect> {
    let detections = engine.detect(image).unwrap();
    detections.iter().map(|detection| detection.rect).collect()
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn hog_boxes_are_those_of_dlib() {
    let references = references();
    for upsample in [0, 1] {
        for mut engine in engines(|params| params.upsample = upsample) {
            let mut compared = 0;
            for reference in &references {
                let wanted = reference.boxes(&format!("/hog/upsample_{upsample}"));
                let got = detected(&mut *engine, &reference.photo);
                let about = format!("{} {}", engine.name(), reference.name);
                compared += assert_same_boxes(&got, &wanted, 1, &about);
            }
            assert!(compared > 0);
        }
    }
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn cnn_boxes_are_those_of_dlib() {
    let mut references = references();
    references.retain(|reference| !reference.boxes("/cnn/upsample_0").is_empty());
    references.sort_by_key(|reference| reference.photo.len());
    let engines = engines(|params| {
        params.detector = Detector::Cnn;
        params.upsample = 0;
    });
    for mut engine in engines {
        // dlib's C++ is slow, so only the smallest photos with a face.
        let photos = match engine.name() {
            "dlib" => 3,
            _ => references.len(),
        };
        let mut compared = 0;
        for reference in references.iter().take(photos) {
            let wanted = reference.boxes("/cnn/upsample_0");
            let got = detected(&mut *engine, &reference.photo);
            let about = format!("{} {}", engine.name(), reference.name);
            compared += assert_same_boxes(&got, &wanted, 2, &about);
        }
        assert!(compared > 0);
    }
}

/// Compares the landmarks `key` of every reference face with those of `engine`, within a pixel.
fn assert_same_landmarks(engine: &mut dyn FaceEngine, key: &str) {
    let mut compared = 0;
    for reference in &references() {
        for (number, face) in reference.faces().enumerate() {
            let found = engine
                .landmarks(&reference.photo, &[detection(face)])
                .unwrap();
            let wanted = face.points(key);
            let found = &found[0].as_ref().unwrap().points;
            assert_eq!(found.len(), wanted.len());
            for (point, wanted) in found.iter().zip(wanted) {
                assert!(
                    (point.x - wanted.x).abs() <= 1.0 && (point.y - wanted.y).abs() <= 1.0,
                    "{} {} face {number}: {point:?} instead of {wanted:?}",
                    engine.name(),
                    reference.name
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 0);
}

fn detection(face: ReferenceFace<'_>) -> Detection {
    Detection {
        rect: face.rect(),
        score: None,
        points: None,
    }
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn five_landmarks_are_those_of_dlib() {
    for mut engine in engines(|_| {}) {
        assert_same_landmarks(&mut *engine, "landmarks_5");
    }
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn sixty_eight_landmarks_are_those_of_dlib() {
    let model = sixty_eight_point_model();
    for mut engine in engines(|params| params.landmarks = Some(model.to_owned())) {
        assert_same_landmarks(&mut *engine, "landmarks_68");
    }
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn encodings_are_those_of_dlib() {
    for mut engine in engines(|_| {}) {
        let (mut compared, mut furthest) = (0, 0.0_f32);
        for reference in &references() {
            for (number, face) in reference.faces().enumerate() {
                let landmarks = engine
                    .landmarks(&reference.photo, &[detection(face)])
                    .unwrap();
                let landmarks: Vec<_> = landmarks.into_iter().flatten().collect();
                let got = engine.encode(&reference.photo, &landmarks).unwrap();
                let wanted = face.encoding("encoding_from_image");
                let wanted: Vec<f32> = wanted.into_iter().map(|v| v as f32).collect();
                let wanted = Encoding::new(wanted);
                let distance = got[0].distance(&wanted);
                assert!(
                    distance <= 0.02,
                    "{} {} face {number}: {distance}",
                    engine.name(),
                    reference.name
                );
                furthest = furthest.max(distance);
                compared += 1;
            }
        }
        println!(
            "{}: {compared} faces, at most {furthest} apart",
            engine.name()
        );
        assert!(compared > 0);
    }
}

/// The figures that dlib's network is known for on these folds: 98.7 to 98.9% at 0.6, 11 photos
/// without a face.
#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn pairs_of_lfw_are_verified_as_dlib_verifies_them() {
    let run = facematch_in(&repository(""))
        .args([
            "eval",
            "pairs",
            "-q",
            "-f",
            "json",
            "--no-flip",
            "--detector",
            "hog",
        ])
        .arg(shared("data/lfw/pairs.csv"))
        .ends_with(0);
    let figures: Value = serde_json::from_slice(&run.stdout).unwrap();
    println!("{figures}");
    let (found, all) = (&figures["verification_only"], &figures["end_to_end"]);
    let count = |figures: &Value| ["same", "different"].map(|kind| figures[kind].as_u64().unwrap());
    assert_eq!(count(found), [586, 595]);
    assert_eq!(count(all), [600, 600]);
    assert!(found["accuracy"].as_f64().unwrap() >= 0.987);
    // The same as Python's dlib, which decodes with libjpeg-turbo to the same pixels: 1,171 of
    // 1,200. Its errors are 15 wrong decisions about pairs with two faces, and the 14 same pairs
    // without.
    assert!(all["accuracy"].as_f64().unwrap() >= 1_171.0 / 1_200.0 - 1e-6);
}

/// In one test, so that the photos are searched once.
#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn the_defaults_tell_people_of_lfw_apart_and_keep_strangers_out() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    verify_pairs_of_lfw(&cache);
    assert!(cache.is_file());
    keep_strangers_of_lfw_out(&cache);
}

/// With the defaults it is right more often than dlib, and no photo is without a face.
fn verify_pairs_of_lfw(cache: &Path) {
    let run = facematch_in(&repository(""))
        .args(["eval", "pairs", "-q", "-f", "json"])
        .env("FACEMATCH_CACHE", cache)
        .arg(shared("data/lfw/pairs.csv"))
        .ends_with(0);
    let figures: Value = serde_json::from_slice(&run.stdout).unwrap();
    println!("{figures}");
    let best = &figures["verification_only"]["best"]["accuracy"];
    assert!(best.as_f64().unwrap() >= 0.994);
    assert!(figures["end_to_end"]["accuracy"].as_f64().unwrap() >= 0.994);
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn every_labelled_person_is_found_and_nobody_else() {
    let run = facematch_in(&repository(""))
        .args(["eval", "identify", "-q", "-f", "json", "--labels"])
        .arg(shared("data/people/labels.csv"))
        .args([shared("data/people/known"), shared("data/people/unknown")])
        .ends_with(0);
    let figures: Value = serde_json::from_slice(&run.stdout).unwrap();
    println!("{figures}");
    assert_eq!(figures["overall"]["missed"], 0);
    assert_eq!(figures["overall"]["wrong"], 0);
}

/// Copies the first photos of every `step`th person of `people`, at most `most` people, into the
/// folder `known` of `folder`, and writes `labels.csv` for all other photos.
fn open_set(folder: &Path, people: &Path, photos: usize, step: usize, most: usize) {
    let names = |folder: &Path| -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let (mut labels, mut known, mut candidates) = ("image,people\n".to_owned(), 0, 0);
    std::fs::create_dir(folder.join("known")).unwrap();
    for person in names(people)
        .iter()
        .filter(|name| people.join(name).is_dir())
    {
        let mut others = names(&people.join(person));
        if others.len() > photos {
            if candidates % step == 0 && known < most {
                known += 1;
                for (number, photo) in others.drain(..photos).enumerate() {
                    let copy = folder.join(format!("known/{person}.{number}.jpg"));
                    std::fs::copy(people.join(person).join(photo), copy).unwrap();
                }
            }
            candidates += 1;
        }
        for photo in others {
            labels += &format!("{person}/{photo},{person}\n");
        }
    }
    std::fs::write(folder.join("labels.csv"), labels).unwrap();
}

/// Returns the share of strangers of an [`open_set`] that get a name, and of known people that are
/// found.
fn identified(folder: &Path, people: &Path, cache: &Path, options: &[&str]) -> [f64; 2] {
    let run = facematch_in(folder)
        .args(["eval", "identify", "-q", "-f", "json", "--labels"])
        .args(["labels.csv", "known"])
        .arg(people)
        .args(options)
        .env("FACEMATCH_CACHE", cache)
        .ends_with(0);
    let figures: Value = serde_json::from_slice(&run.stdout).unwrap();
    let rates = [&figures["fpir"], &figures["overall"]["recall"]].map(|v| v.as_f64().unwrap());
    println!("threshold {}: {rates:?}", figures["threshold"]);
    rates
}

/// The first 100 people with at least two photos are known by one each, and the photos of all
/// people are searched.
fn keep_strangers_of_lfw_out(cache: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let lfw = shared("data/lfw");
    open_set(folder.path(), &lfw, 1, 1, 100);
    let [strangers, found] = identified(folder.path(), &lfw, cache, &["--threshold", "auto"]);
    assert!(strangers <= 0.01, "{strangers}");
    assert!(found >= 0.8, "{found}");
    rates_of_strangers_are_reliable(folder.path(), &lfw, cache);
}

/// A `stranger_rate` of 0.01 must mean that at most 1 in 100 strangers has a smaller one.
fn rates_of_strangers_are_reliable(folder: &Path, people: &Path, cache: &Path) {
    let run = facematch_in(folder)
        .args(["known", "-q", "-f", "ndjson"])
        .arg(people)
        .env("FACEMATCH_CACHE", cache)
        .ends_with(0);
    let known: BTreeSet<String> = photos_below(&folder.join("known"))
        .iter()
        .map(|photo| photo.file_stem().unwrap().to_str().unwrap())
        .map(|name| name.trim_end_matches(".0").to_owned())
        .collect();
    let (mut strangers, mut people) = (Vec::new(), Vec::new());
    for record in run.records() {
        let Some(path) = record["path"].as_str() else {
            continue;
        };
        let person = Path::new(path).parent().unwrap().file_name().unwrap();
        let is_known = known.contains(person.to_str().unwrap());
        for face in record["faces"].as_array().unwrap() {
            // Poor faces are not compared.
            let Some(rate) = face["stranger_rate"].as_f64() else {
                continue;
            };
            match is_known {
                false => strangers.push(rate),
                true if face["name"] == person.to_str().unwrap() => people.push(rate),
                true => {}
            }
        }
    }
    for rate in [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5] {
        let below = |rates: &[f64]| {
            let count = rates.iter().filter(|r| **r < rate).count();
            count as f64 / rates.len() as f64
        };
        let (wrong, right) = (below(&strangers), below(&people));
        println!("rate below {rate}: {wrong:.4} of strangers, {right:.3} of right names");
        // Two of 1,400 strangers are chance.
        assert!(wrong <= rate + 0.0015, "{rate}: {wrong}");
    }
}

/// The encodings of East Asian faces are near to each other: at the default threshold, the run
/// warns, and the automatic one keeps strangers out.
#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn strangers_of_people_who_resemble_each_other_are_kept_out() {
    let people = shared("data/east_asian");
    for photos in [1, 2] {
        let folder = tempfile::tempdir().unwrap();
        open_set(folder.path(), &people, photos, 2, 10);
        let cache = folder.path().join("cache");
        let dlib = ["--threshold", "auto"];
        let [strangers, found] = identified(folder.path(), &people, &cache, &dlib);
        assert!(strangers <= 0.02, "{strangers}");
        assert!(found >= 0.85, "{found}");
        let mobilefacenet = ["--encoder", "mobilefacenet"];
        let [strangers, found] = identified(folder.path(), &people, &cache, &mobilefacenet);
        assert!(strangers <= 0.005, "{strangers}");
        assert!(found >= 0.95, "{found}");
        let run = facematch_in(folder.path())
            .args(["known", "known"])
            .env("FACEMATCH_CACHE", &cache)
            .ends_with(0);
        assert!(
            run.stderr.contains("pairs of known people"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("--threshold auto"), "{}", run.stderr);
    }
}
