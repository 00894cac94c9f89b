//! Compares the native engine with dlib's C++ on the evaluation photos: the same faces, landmarks,
//! encodings and decisions. Prints every difference with its photo. Of photos that are alike it
//! takes a sample, unless `FACEMATCH_EVERY_PHOTO` is set; then it prints the tables of
//! docs/ACCURACY.md, in several minutes:
//!
//! ```sh
//! FACEMATCH_EVERY_PHOTO=1 FACEMATCH_SHARED=<folder> \
//!     cargo test --release --features dlib --test library engines_agree -- \
//!     --ignored --nocapture --test-threads=1
//! ```
//!
//! dlib's decisions about all pairs of LFW are held in `cli/evaluation_photos.rs`, too.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use facematch::engine::{
    self, Detection, Detector, Encoding, EngineKind, EngineParams, FaceEngine, Landmarks, SimdLevel,
};
use facematch::geometry::Rect;
use image::RgbImage;

use crate::reference::{shared, sixty_eight_point_model, working_copy};

/// Folders of photos, by their names in the tables.
const SETS: [&str; 6] = [
    "reference",
    "data/people",
    "data/groups",
    "data/lfw",
    "data/exif",
    "data/negatives",
];

/// Default width of the program.
const WIDTH: u32 = 500;

/// Default maximum distance of a match.
const THRESHOLD: f32 = 0.6;

/// Distance from [`THRESHOLD`] within which the engines may decide differently.
const THRESHOLD_MARGIN: f32 = 0.005;

/// Maximum distance between the two encodings of one face.
const ENCODING_TOLERANCE: f32 = 0.01;

/// Maximum distance between the encodings of two levels.
const LEVEL_TOLERANCE: f32 = 1e-4;

/// Step through the photos of LFW, which are all portraits of 250 pixels, for a sample.
const LFW_STEP: usize = 12;

/// Step through the photos of `data/exif`, most of which are one photo in eight orientations.
const EXIF_STEP: usize = 8;

/// Number of photos processed at the same time.
const WORKERS: usize = 2;

struct Photo {
    /// Index in [`SETS`].
    set: usize,
    path: PathBuf,
}

/// Returns whether every photo is compared, not a sample.
fn compares_every_photo() -> bool {
    std::env::var_os("FACEMATCH_EVERY_PHOTO").is_some()
}

/// Returns the photos to compare, of LFW every `lfw_step`th.
fn photos(lfw_step: usize) -> Vec<Photo> {
    let keep = |set: &str, number: usize| match set {
        _ if compares_every_photo() => true,
        "data/lfw" => number.is_multiple_of(lfw_step),
        "data/exif" => number.is_multiple_of(EXIF_STEP),
        _ => true,
    };
    let mut photos = Vec::new();
    for (set, name) in SETS.iter().enumerate() {
        let folder = shared(name);
        let mut files = Vec::new();
        collect(&folder, &mut files);
        files.sort();
        files.retain(|path| is_photo(path));
        assert!(!files.is_empty(), "no photos in {}", folder.display());
        let kept = files
            .into_iter()
            .enumerate()
            .filter(|(number, _)| keep(name, *number));
        photos.extend(kept.map(|(_, path)| Photo { set, path }));
    }
    photos
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// Decides by the extension, and excludes the chips beside the reference photos.
fn is_photo(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy().to_lowercase();
    let extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp"];
    extensions.iter().any(|end| name.ends_with(end)) && !name.contains(".chip")
}

fn load(kind: EngineKind, change: impl Fn(&mut EngineParams)) -> Box<dyn FaceEngine> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut params = EngineParams::new(models);
    params.kind = kind;
    params.simd = SimdLevel::from_environment().unwrap();
    change(&mut params);
    engine::load(&params).unwrap()
}

/// Returns the result of `work` for each photo, in their order. Every worker has forks of the
/// engines.
fn on_all<T: Send>(
    photos: &[Photo],
    engines: &[Box<dyn FaceEngine>],
    work: impl Fn(&Photo, &mut [Box<dyn FaceEngine>]) -> T + Sync,
) -> Vec<T> {
    let left = Mutex::new(photos.iter().enumerate());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            let mut engines: Vec<_> = engines.iter().map(|engine| engine.fork()).collect();
            let (left, done, work) = (&left, &done, &work);
            scope.spawn(move || {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some((number, photo)) = next else { break };
                    let result = work(photo, &mut engines);
                    done.lock().unwrap().push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    assert_eq!(done.len(), photos.len());
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Returns the largest difference between a side of `a` and of `b`.
fn difference(a: Rect, b: Rect) -> i64 {
    let sides = [
        a.left - b.left,
        a.top - b.top,
        a.right - b.right,
        a.bottom - b.bottom,
    ];
    sides.map(i64::abs).into_iter().max().unwrap()
}

/// The faces that both engines found in a photo, and those that only one did.
struct Agreement {
    /// For each face that both engines found: its indices in both lists, and the difference between
    /// the boxes.
    pairs: Vec<(usize, usize, i64)>,
    /// Descriptions of faces that only one engine found.
    alone: Vec<String>,
}

/// Pairs the faces whose boxes differ by at most `tolerance` pixels.
fn agreement(native: &[Detection], dlib: &[Detection], tolerance: i64) -> Agreement {
    let mut pairs: Vec<(usize, usize, i64)> = Vec::new();
    let mut alone = Vec::new();
    for (of_dlib, face) in dlib.iter().enumerate() {
        let free = (0..native.len()).filter(|i| pairs.iter().all(|(taken, ..)| taken != i));
        let nearest = free
            .map(|i| (i, difference(native[i].rect, face.rect)))
            .min_by_key(|(_, difference)| *difference);
        match nearest.filter(|(_, difference)| *difference <= tolerance) {
            Some((of_native, difference)) => pairs.push((of_native, of_dlib, difference)),
            None => alone.push(format!("only dlib: {:?}", face.rect)),
        }
    }
    for (number, face) in native.iter().enumerate() {
        if pairs.iter().all(|(of_native, ..)| *of_native != number) {
            let score = face.score.unwrap();
            alone.push(format!("only native: {:?}, score {score}", face.rect));
        }
    }
    Agreement { pairs, alone }
}

fn encode(
    engine: &mut dyn FaceEngine,
    copy: &RgbImage,
    detections: &[Detection],
) -> Vec<Option<Encoding>> {
    let landmarks = engine.landmarks(copy, detections).unwrap();
    let found: Vec<_> = landmarks.iter().flatten().cloned().collect();
    let mut encodings = engine.encode(copy, &found).unwrap().into_iter();
    let mut in_place =
        |landmarks: &Option<Landmarks>| landmarks.as_ref().and_then(|_| encodings.next());
    landmarks.iter().map(&mut in_place).collect()
}

/// Returns the face whose middle is nearest to that of the photo.
fn most_central(copy: &RgbImage, detections: &[Detection]) -> Option<usize> {
    let (width, height) = (i64::from(copy.width()), i64::from(copy.height()));
    let off_centre = |rect: Rect| {
        let (x, y) = (
            rect.left + rect.right - width,
            rect.top + rect.bottom - height,
        );
        x * x + y * y
    };
    (0..detections.len()).min_by_key(|&i| off_centre(detections[i].rect))
}

/// The outcome for a photo.
struct Compared {
    agreement: Agreement,
    faces: usize,
    /// Distance of each landmark from dlib's, if both engines search in dlib's boxes.
    points: Vec<f64>,
    /// Distances between the encodings of each pair, each from its engine's own box and landmarks.
    encodings: Vec<f32>,
    /// Encodings of the most central face: native, dlib.
    central: [Option<Encoding>; 2],
}

/// Returns the distances between the points that both engines find in `detections`.
fn landmark_distances(
    native: &mut dyn FaceEngine,
    dlib: &mut dyn FaceEngine,
    copy: &RgbImage,
    detections: &[Detection],
) -> Vec<f64> {
    let found = native.landmarks(copy, detections).unwrap();
    let wanted = dlib.landmarks(copy, detections).unwrap();
    let mut distances = Vec::new();
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(found.is_some(), wanted.is_some());
        let (Some(found), Some(wanted)) = (found, wanted) else {
            continue;
        };
        assert_eq!(found.points.len(), wanted.points.len());
        let points = found.points.iter().zip(&wanted.points);
        distances.extend(points.map(|(a, b)| (a.x - b.x).hypot(a.y - b.y)));
    }
    distances
}

fn compare(photo: &Photo, engines: &mut [Box<dyn FaceEngine>]) -> Compared {
    let [native, dlib] = engines else {
        panic!("two engines")
    };
    let copy = working_copy(&photo.path, WIDTH);
    let found = native.detect(&copy).unwrap();
    let wanted = dlib.detect(&copy).unwrap();
    let agreement = agreement(&found, &wanted, 1);
    let encodings = [
        encode(&mut **native, &copy, &found),
        encode(&mut **dlib, &copy, &wanted),
    ];
    let central = [(&found, &encodings[0]), (&wanted, &encodings[1])]
        .map(|(faces, encodings)| most_central(&copy, faces).and_then(|i| encodings[i].clone()));
    let distance = |(a, b, _): &(usize, usize, i64)| {
        assert_eq!(encodings[0][*a].is_some(), encodings[1][*b].is_some());
        Some(
            encodings[0][*a]
                .as_ref()?
                .distance(encodings[1][*b].as_ref()?),
        )
    };
    Compared {
        points: landmark_distances(&mut **native, &mut **dlib, &copy, &wanted),
        encodings: agreement.pairs.iter().filter_map(distance).collect(),
        agreement,
        faces: wanted.len(),
        central,
    }
}

/// Sums over a set of photos.
#[derive(Default)]
struct Row {
    photos: usize,
    same_photos: usize,
    faces: usize,
    same_faces: usize,
    equal_boxes: usize,
    points: usize,
    near_points: usize,
    equal_points: usize,
    encodings: usize,
    near_encodings: usize,
    farthest: f32,
}

impl Row {
    fn add_faces(&mut self, faces: usize, agreement: &Agreement) {
        self.photos += 1;
        self.same_photos += usize::from(agreement.alone.is_empty());
        self.faces += faces;
        self.same_faces += agreement.pairs.len();
        let equal = agreement.pairs.iter().filter(|(.., by)| *by == 0);
        self.equal_boxes += equal.count();
    }

    fn add(&mut self, compared: &Compared) {
        self.add_faces(compared.faces, &compared.agreement);
        let points = &compared.points;
        self.points += points.len();
        self.near_points += points.iter().filter(|by| **by <= 1.0).count();
        self.equal_points += points.iter().filter(|by| **by == 0.0).count();
        let encodings = &compared.encodings;
        self.encodings += encodings.len();
        let near = encodings.iter().filter(|by| **by <= ENCODING_TOLERANCE);
        self.near_encodings += near.count();
        self.farthest = encodings.iter().copied().fold(self.farthest, f32::max);
    }

    fn part_of_photos(&self) -> f64 {
        self.same_photos as f64 / self.photos as f64
    }
}

/// Returns one row for each set, and one for all.
fn rows<T>(photos: &[Photo], results: &[T], add: impl Fn(&mut Row, &T)) -> Vec<(String, Row)> {
    let mut rows: Vec<_> = SETS
        .iter()
        .map(|set| ((*set).to_owned(), Row::default()))
        .collect();
    rows.push(("all".to_owned(), Row::default()));
    for (photo, result) in photos.iter().zip(results) {
        add(&mut rows[photo.set].1, result);
        add(&mut rows[SETS.len()].1, result);
    }
    rows
}

fn print_alone(photos: &[Photo], agreements: &[&Agreement]) {
    for (photo, agreement) in photos.iter().zip(agreements) {
        for alone in &agreement.alone {
            println!("{}: {alone}", photo.path.display());
        }
        for (.., by) in agreement.pairs.iter().filter(|(.., by)| *by > 0) {
            println!("{}: boxes differ by {by}", photo.path.display());
        }
    }
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn hog_faces_landmarks_encodings_and_decisions_are_those_of_dlib() {
    let photos = photos(LFW_STEP);
    let engines = [EngineKind::Native, EngineKind::Dlib].map(|kind| load(kind, |_| {}));
    let results = on_all(&photos, &engines, compare);

    let agreements: Vec<_> = results.iter().map(|r| &r.agreement).collect();
    print_alone(&photos, &agreements);
    for (photo, result) in photos.iter().zip(&results) {
        for by in result.encodings.iter().filter(|by| **by > 1e-3) {
            println!("{}: encodings {by:.5} apart", photo.path.display());
        }
        for by in result.points.iter().filter(|by| **by > 0.0) {
            println!("{}: landmarks {by:.2} apart", photo.path.display());
        }
    }
    println!(
        "\n| photos | number | same faces | faces | boxes equal | landmarks | equal | within 1 px | encodings | within 0.01 | farthest |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let rows = rows(&photos, &results, Row::add);
    for (name, row) in &rows {
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.1e} |",
            row.photos,
            row.same_photos,
            row.faces,
            row.equal_boxes,
            row.points,
            row.equal_points,
            row.near_points,
            row.encodings,
            row.near_encodings,
            row.farthest
        );
    }
    let all = &rows[SETS.len()].1;
    assert!(all.faces > 400, "{} faces", all.faces);
    assert!(all.part_of_photos() >= 0.995, "{}", all.part_of_photos());
    assert!(all.near_points as f64 >= 0.999 * all.points as f64);
    assert!(all.near_encodings as f64 >= 0.99 * all.encodings as f64);
    if compares_every_photo() {
        compare_decisions(&photos, &results);
    }
}

/// Compares the decisions about the pairs of LFW; prints how often each engine is right.
fn compare_decisions(photos: &[Photo], results: &[Compared]) {
    let central: HashMap<_, _> = photos
        .iter()
        .zip(results)
        .map(|(photo, result)| (photo.path.as_path(), &result.central))
        .collect();
    let folder = shared("data/lfw");
    let (mut pairs, mut scored, mut right, mut other) = (0, [0; 2], [0; 2], 0);
    let mut farthest = 0.0_f32;
    for row in csv::Reader::from_path(folder.join("pairs.csv"))
        .unwrap()
        .records()
    {
        let row = row.unwrap();
        let same = &row[1] == "1";
        let [a, b] = [2, 3].map(|column| central[folder.join(&row[column]).as_path()]);
        let distances = [0, 1].map(|engine| {
            let (a, b) = (a[engine].as_ref()?, b[engine].as_ref()?);
            Some(a.distance(b))
        });
        pairs += 1;
        for (engine, distance) in distances.iter().enumerate() {
            let Some(distance) = distance else { continue };
            scored[engine] += 1;
            right[engine] += usize::from((*distance <= THRESHOLD) == same);
        }
        let [Some(native), Some(dlib)] = distances else {
            assert_eq!(distances[0].is_some(), distances[1].is_some(), "{row:?}");
            continue;
        };
        farthest = farthest.max((native - dlib).abs());
        if (native <= THRESHOLD) != (dlib <= THRESHOLD) {
            println!("{row:?}: native {native}, dlib {dlib}");
            other += 1;
            assert!((dlib - THRESHOLD).abs() <= THRESHOLD_MARGIN, "{row:?}");
        }
    }
    println!("\n| LFW | native | dlib |");
    println!("|---|---:|---:|");
    println!(
        "| pairs scored, of {pairs} | {} | {} |",
        scored[0], scored[1]
    );
    println!(
        "| decided rightly at {THRESHOLD} | {} | {} |",
        right[0], right[1]
    );
    println!("| decided otherwise than dlib | {other} | |");
    println!("| largest difference of a distance | {farthest:.1e} | |");
    assert!(scored[0] > 1000);
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn sixty_eight_landmarks_are_those_of_dlib() {
    let model = sixty_eight_point_model();
    let photos = photos(LFW_STEP);
    let engines = [EngineKind::Native, EngineKind::Dlib]
        .map(|kind| load(kind, |params| params.landmarks = Some(model.to_owned())));
    let results = on_all(&photos, &engines, |photo, engines| {
        let [native, dlib] = engines else {
            panic!("two engines")
        };
        let copy = working_copy(&photo.path, WIDTH);
        let faces = native.detect(&copy).unwrap();
        landmark_distances(&mut **native, &mut **dlib, &copy, &faces)
    });
    let all: Vec<f64> = results.into_iter().flatten().collect();
    let within = |limit: f64| all.iter().filter(|by| **by <= limit).count();
    println!("\n| 68 landmarks | equal | within 1 px |");
    println!("|---:|---:|---:|");
    println!("| {} | {} | {} |", all.len(), within(0.0), within(1.0));
    assert!(all.len() > 68 * 400);
    assert!(within(1.0) as f64 >= 0.999 * all.len() as f64);
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn cnn_faces_are_those_of_dlib() {
    let photos = photos(2 * LFW_STEP);
    let engines = [EngineKind::Native, EngineKind::Dlib].map(|kind| {
        load(kind, |params| {
            params.detector = Detector::Cnn;
            params.upsample = 0;
        })
    });
    let results = on_all(&photos, &engines, |photo, engines| {
        let [native, dlib] = engines else {
            panic!("two engines")
        };
        let copy = working_copy(&photo.path, WIDTH);
        let found = native.detect(&copy).unwrap();
        let wanted = dlib.detect(&copy).unwrap();
        // The boxes of two builds of dlib differ by as much.
        (agreement(&found, &wanted, 2), wanted.len())
    });
    let agreements: Vec<_> = results.iter().map(|(agreement, _)| agreement).collect();
    print_alone(&photos, &agreements);
    println!("\n| photos | number | same faces | faces | boxes equal |");
    println!("|---|---:|---:|---:|---:|");
    let rows = rows(&photos, &results, |row, (agreement, faces)| {
        row.add_faces(*faces, agreement);
    });
    for (name, row) in &rows {
        println!(
            "| {name} | {} | {} | {} | {} |",
            row.photos, row.same_photos, row.faces, row.equal_boxes
        );
    }
    let all = &rows[SETS.len()].1;
    assert!(all.faces > 100, "{} faces", all.faces);
    assert!(all.part_of_photos() >= 0.99, "{}", all.part_of_photos());
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn every_simd_level_gives_the_same_faces_and_encodings() {
    let photos = photos(4 * LFW_STEP);
    println!("\n| level | detector | photos | faces | encodings at most apart from scalar's |");
    println!("|---|---|---:|---:|---:|");
    for (detector, upsample) in [(Detector::Hog, 1), (Detector::Cnn, 0)] {
        let levels = SimdLevel::available();
        let engines: Vec<_> = levels
            .iter()
            .map(|level| {
                load(EngineKind::Native, |params| {
                    params.simd = *level;
                    params.detector = detector;
                    params.upsample = upsample;
                })
            })
            .collect();
        let results = on_all(&photos, &engines, |photo, engines| {
            let copy = working_copy(&photo.path, WIDTH);
            let of_levels = engines.iter_mut().map(|engine| {
                let faces = engine.detect(&copy).unwrap();
                let encodings = encode(&mut **engine, &copy, &faces);
                let rects: Vec<Rect> = faces.iter().map(|face| face.rect).collect();
                (rects, encodings)
            });
            of_levels.collect::<Vec<_>>()
        });
        for (number, level) in levels.iter().enumerate() {
            let (mut faces, mut farthest) = (0, 0.0_f32);
            for (photo, of_levels) in photos.iter().zip(&results) {
                let ((wanted, scalar), (rects, encodings)) = (&of_levels[0], &of_levels[number]);
                assert_eq!(rects, wanted, "{level} {}", photo.path.display());
                for (a, b) in encodings.iter().zip(scalar) {
                    assert_eq!(a.is_some(), b.is_some());
                    let (Some(a), Some(b)) = (a, b) else { continue };
                    farthest = farthest.max(a.distance(b));
                }
                faces += rects.len();
            }
            println!(
                "| {level} | {} | {} | {faces} | {farthest:.1e} |",
                detector.name(),
                photos.len()
            );
            assert!(faces > 0);
            assert!(farthest <= LEVEL_TOLERANCE, "{level}: {farthest}");
        }
    }
}
