//! Compares JPEGs of every structure with libjpeg-turbo: `cjpeg` and `jpegtran` write them, and our
//! pixels must match those of `djpeg` at every scale.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is missing by failing"
)]

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

use facematch_jpeg::{DctScale, JpegError, decode};
use image::imageops::FilterType;
use image::{Rgb, RgbImage};
use tempfile::TempDir;

/// Largest mean difference of a channel, in levels.
const TOLERANCE: f64 = 2.0;

/// Sampling factors of all kinds, as `cjpeg -sample` takes them: common ones, coarse ones, chroma
/// that is finer than luma, and components that all differ.
const SAMPLINGS: &[&str] = &[
    "1x1",
    "2x1",
    "1x2",
    "2x2",
    "4x1",
    "1x4",
    "4x2",
    "2x4",
    "3x1",
    "1x3",
    "3x2",
    "2x2,2x2,2x2",
    "1x1,2x2,2x2",
    "1x1,2x1,2x1",
    "1x1,1x2,1x2",
    "1x1,4x1,4x1",
    "1x2,2x2,2x2",
    "2x1,1x2,1x1",
    "1x2,2x1,2x2",
    "2x2,1x2,2x1",
    "1x1,3x1,1x1",
    "3x1,1x1,3x1",
];

/// Scan scripts of sequential JPEGs, one scan per line.
const SEQUENTIAL_SCANS: &[&str] = &[
    "0;1;2;", "0;2;1;", "1;0;2;", "1;2;0;", "2;0;1;", "2;1;0;", "0;1 2;", "1 2;0;", "0 1;2;",
    "2;0 1;", "0 2;1;",
];

/// Scan scripts of progressive JPEGs: components separate from the first scan on, DC scans of two
/// components, bits spread over many scans, and luma last.
const PROGRESSIVE_SCANS: &[&str] = &[
    "0: 0-0, 0, 0; 1: 0-0, 0, 0; 2: 0-0, 0, 0; 0: 1-63, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;",
    "1 2: 0-0, 0, 1; 0: 0-0, 0, 1; 1 2: 0-0, 1, 0; 0: 0-0, 1, 0; 2: 1-63, 0, 2; 1: 1-63, 0, 0; \
     2: 1-63, 2, 1; 0: 1-5, 0, 0; 0: 6-63, 0, 1; 2: 1-63, 1, 0; 0: 6-63, 1, 0;",
];

/// Sampling factors that are common in photos. They are decoded at reduced scales too.
const USUAL_SAMPLINGS: &[&str] = &["1x1", "2x1", "1x2", "2x2"];

/// DCT scales, in eighths.
type Scales = RangeInclusive<u32>;
const ALL: Scales = 1..=8;
const FULL: Scales = 8..=8;

/// Side lengths around the edges of blocks and units.
const SIDES: &[u32] = &[1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65];

/// A folder with a picture and JPEGs of it.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new(picture: &RgbImage) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let (width, height) = picture.dimensions();
        let mut ppm = format!("P6\n{width} {height}\n255\n").into_bytes();
        ppm.extend(picture.as_raw());
        fs::write(bench.path("picture.ppm"), ppm).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the picture as a JPEG, or `None` if cjpeg rejects the sampling factors.
    fn cjpeg(&self, sampling: &[&str], options: &[&str]) -> Option<Vec<u8>> {
        let mut command = Command::new("cjpeg");
        command.args(["-quality", "92", "-dct", "float"]);
        command.args(sampling).args(options);
        succeeded(output(command.arg(self.path("picture.ppm"))))
    }

    /// Returns the picture as a JPEG with the scans of `script`.
    fn with_scans(&self, sampling: &[&str], script: &str, options: &[&str]) -> Option<Vec<u8>> {
        let path = self.path("scans");
        fs::write(&path, script).unwrap();
        let scans = ["-scans", path.to_str().unwrap()];
        self.cjpeg(sampling, &[&scans[..], options].concat())
    }
}

fn decode_at(bytes: &[u8], eighths: u32) -> Result<RgbImage, JpegError> {
    let pixels = decode(bytes, DctScale::from_eighths(eighths).unwrap())?;
    Ok(RgbImage::from_raw(pixels.size.0, pixels.size.1, pixels.rgb).unwrap())
}

fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name)
}

fn output(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} (package libjpeg-turbo-progs): {error}"))
}

fn succeeded(output: Output) -> Option<Vec<u8>> {
    output.status.success().then_some(output.stdout)
}

/// Returns djpeg's pixels of `jpeg` at each of `scales`, in eighths, or `None` if djpeg rejects the
/// JPEG.
fn djpeg(jpeg: &[u8], scales: Scales, folder: &Path) -> Option<Vec<(u32, RgbImage)>> {
    let path = folder.join("reference.jpg");
    fs::write(&path, jpeg).unwrap();
    let decode = |eighths: u32| {
        let scale = format!("{eighths}/8");
        let mut command = Command::new("djpeg");
        command.args(["-ppm", "-rgb", "-scale", &scale]);
        let ppm = succeeded(output(command.arg(&path)))?;
        Some((eighths, read_ppm(&ppm)))
    };
    scales.map(decode).collect()
}

fn read_ppm(ppm: &[u8]) -> RgbImage {
    let mut parts = ppm.splitn(4, |byte| byte.is_ascii_whitespace());
    let mut text = || std::str::from_utf8(parts.next().unwrap()).unwrap();
    assert_eq!(text(), "P6");
    let [width, height] = [text(), text()].map(|number| number.parse().unwrap());
    let pixels = parts.next().unwrap().strip_prefix(b"255\n").unwrap();
    RgbImage::from_raw(width, height, pixels.to_vec()).unwrap()
}

/// Compares our pixels of `jpeg` with `wanted`, those of some scales. Below full scale both are
/// halved, see [`halved`].
fn assert_like(jpeg: &[u8], wanted: &[(u32, RgbImage)], about: &str) {
    let compared = |eighths: u32, image: &RgbImage| match eighths {
        8 => image.clone(),
        _ => halved(image),
    };
    assert_as(jpeg, wanted, about, compared);
}

/// Compares the pixels of each scale after applying `compared` to them.
fn assert_as(
    jpeg: &[u8],
    wanted: &[(u32, RgbImage)],
    about: &str,
    compared: impl Fn(u32, &RgbImage) -> RgbImage,
) {
    for (eighths, wanted) in wanted {
        let got = decode_at(jpeg, *eighths)
            .unwrap_or_else(|error| panic!("{about} at {eighths}/8: {error}"));
        assert_eq!(got.dimensions(), wanted.dimensions(), "{about}");
        let (got, wanted) = (compared(*eighths, &got), compared(*eighths, wanted));
        for channel in 0..3 {
            let difference = mean_difference(&got, &wanted, channel);
            assert!(
                difference <= TOLERANCE,
                "{about} at {eighths}/8: channel {channel} differs by {difference:.2}"
            );
        }
    }
}

/// Returns a copy with half as many pixels along each side, which is what a scale is chosen for:
/// the decoder leaves chroma at half the resolution then, and uses frequencies where libjpeg-turbo
/// averages pixels.
fn halved(image: &RgbImage) -> RgbImage {
    let half = |side: u32| side.div_ceil(2);
    let size = (half(image.width()), half(image.height()));
    image::imageops::resize(image, size.0, size.1, FilterType::Triangle)
}

fn mean_difference(a: &RgbImage, b: &RgbImage, channel: usize) -> f64 {
    let pixels = a.pixels().zip(b.pixels());
    let differences = pixels.map(|(a, b)| f64::from(a[channel].abs_diff(b[channel])));
    differences.sum::<f64>() / f64::from(a.width() * a.height())
}

/// Returns soft colours, soft enough for chroma of half the resolution in pictures of a few blocks.
fn soft(width: u32, height: u32) -> RgbImage {
    let wave = |at: u32, length: f32| ((at as f32 / length).sin() * 100.0 + 128.0) as u8;
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([wave(x, 150.0), wave(y, 130.0), wave(x + y, 200.0)])
    })
}

/// Returns soft colours with edges and noise.
fn rough(width: u32, height: u32) -> RgbImage {
    let mut picture = soft(width, height);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let noise = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) >> 27;
        let light = if 2 * x + y > width { 60 } else { 0 };
        pixel.0[(y % 3) as usize] ^= noise as u8;
        pixel.0 = pixel.0.map(|level| level.saturating_add(light));
    }
    picture
}

/// Checks JPEGs of `picture` with one sampling: every scan script, with and without restart
/// markers.
fn check_scans(picture: &RgbImage, scales: Scales, sampling: &[&str], about: &str) -> usize {
    let bench = Bench::new(picture);
    // The largest units cannot share a scan with the others.
    let plain = bench
        .cjpeg(sampling, &[])
        .or_else(|| bench.with_scans(sampling, SEQUENTIAL_SCANS[0], &[]))
        .unwrap_or_else(|| panic!("{about}: cjpeg refuses it"));
    let wanted = djpeg(&plain, scales, bench.folder.path())
        .unwrap_or_else(|| panic!("{about}: djpeg refuses it"));
    let mut checked = 0;
    let mut check = |jpeg: Option<Vec<u8>>, kind: &str| {
        if let Some(jpeg) = jpeg {
            assert_like(&jpeg, &wanted, &format!("{about}, {kind}"));
            checked += 1;
        }
    };
    check(Some(plain), "sequential");
    for options in [&["-restart", "1B"][..], &["-restart", "1"], &["-optimize"]] {
        let jpeg = bench.cjpeg(sampling, options);
        check(jpeg, &options.join(" "));
    }
    for options in [&["-progressive"][..], &["-progressive", "-restart", "3B"]] {
        let jpeg = bench.cjpeg(sampling, options);
        check(jpeg, &options.join(" "));
    }
    for script in SEQUENTIAL_SCANS {
        let jpeg = bench.with_scans(sampling, script, &[]);
        check(jpeg, script);
        let jpeg = bench.with_scans(sampling, script, &["-restart", "2B", "-optimize"]);
        check(jpeg, &format!("{script} with restart markers"));
    }
    for script in PROGRESSIVE_SCANS {
        let jpeg = bench.with_scans(sampling, script, &[]);
        check(jpeg, script);
        let jpeg = bench.with_scans(sampling, script, &["-restart", "1B"]);
        check(jpeg, &format!("{script} with restart markers"));
    }
    checked
}

/// Returns sizes around the edges of blocks and units, each side with several others.
fn sizes() -> impl Iterator<Item = (u32, u32)> {
    let pairs = |step: usize| {
        let sides = SIDES.iter().cycle().skip(step);
        SIDES.iter().copied().zip(sides.copied())
    };
    pairs(0).chain(pairs(5)).chain(pairs(7))
}

#[test]
#[ignore = "needs libjpeg-turbo's cjpeg, jpegtran and djpeg"]
fn every_sampling_in_every_order_of_scans() {
    // The other programs take most of the time, so one thread would use a fraction of the machine.
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let left = Mutex::new(SAMPLINGS.iter());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some(sampling) = next else { break };
                    check_sampling(sampling);
                }
            });
        }
    });
}

fn check_sampling(sampling: &str) {
    let mut checked = 0;
    for (width, height) in sizes() {
        let about = format!("{sampling}, {width}x{height}");
        // Photos with other factors are decoded only at full scale.
        let is_usual = USUAL_SAMPLINGS.contains(&sampling);
        let scales = if is_usual { ALL } else { FULL };
        let sampling = ["-sample", sampling];
        checked += check_scans(&soft(width, height), scales, &sampling, &about);
        check_scans(&rough(width, height), FULL, &sampling, &about);
    }
    assert!(checked >= 20 * sizes().count(), "{sampling}: {checked}");
}

#[test]
#[ignore = "needs libjpeg-turbo's cjpeg, jpegtran and djpeg"]
fn a_photo() {
    let photo = fs::read(repository("known/biden.jpg")).unwrap();
    let mut photo = decode_at(&photo, 8).unwrap();
    let face = image::imageops::crop(&mut photo, 250, 450, 405, 501).to_image();
    for sampling in SAMPLINGS {
        let about = format!("face, {sampling}");
        check_scans(&face, FULL, &["-sample", sampling], &about);
    }
    let bench = Bench::new(&photo);
    for sampling in USUAL_SAMPLINGS {
        let sampling = ["-sample", sampling];
        for jpeg in [
            bench.cjpeg(&sampling, &[]),
            bench.cjpeg(&sampling, &["-progressive"]),
            bench.with_scans(&sampling, "1 2;0;", &[]),
        ] {
            let jpeg = jpeg.unwrap();
            let wanted = djpeg(&jpeg, ALL, bench.folder.path()).unwrap();
            assert_like(&jpeg, &wanted, &format!("photo, {sampling:?}"));
        }
    }
}

#[test]
#[ignore = "needs libjpeg-turbo's cjpeg, jpegtran and djpeg"]
fn grey_and_rgb() {
    for (width, height) in sizes() {
        for (picture, scales) in [(soft(width, height), ALL), (rough(width, height), FULL)] {
            let bench = Bench::new(&picture);
            for options in [
                &["-grayscale"][..],
                &["-grayscale", "-sample", "2x2"],
                &["-grayscale", "-progressive"],
                &["-grayscale", "-restart", "1B"],
            ] {
                let jpeg = bench.cjpeg(&[], options).unwrap();
                let wanted = djpeg(&jpeg, scales.clone(), bench.folder.path()).unwrap();
                assert_like(&jpeg, &wanted, &format!("{options:?}, {width}x{height}"));
            }
            let about = format!("RGB, {width}x{height}");
            assert!(check_scans(&picture, scales, &["-rgb"], &about) > 20);
        }
    }
}

/// Smallest side of a picture that has more than a few pixels at 1/8.
const FEW_BLOCKS: u32 = 31;

/// Without chroma, the pixels themselves are compared at every scale.
#[test]
#[ignore = "needs libjpeg-turbo's cjpeg, jpegtran and djpeg"]
fn rough_pictures_at_every_scale() {
    for (width, height) in sizes().filter(|(width, height)| *width.min(height) >= FEW_BLOCKS) {
        let bench = Bench::new(&rough(width, height));
        let about = format!("rough, {width}x{height}");
        let grey = bench.cjpeg(&[], &["-grayscale"]).unwrap();
        let wanted = djpeg(&grey, ALL, bench.folder.path()).unwrap();
        assert_as(&grey, &wanted, &about, |_, image| image.clone());
        for sampling in USUAL_SAMPLINGS {
            let jpeg = bench.cjpeg(&["-sample", sampling], &[]).unwrap();
            let wanted = djpeg(&jpeg, ALL, bench.folder.path()).unwrap();
            assert_like(&jpeg, &wanted, &format!("{about}, {sampling}"));
        }
    }
}

#[test]
#[ignore = "needs libjpeg-turbo's cjpeg, jpegtran and djpeg"]
fn arithmetic_coding_is_named() {
    let bench = Bench::new(&rough(40, 30));
    for options in [&["-arithmetic"][..], &["-arithmetic", "-progressive"]] {
        let jpeg = bench.cjpeg(&[], options).unwrap();
        let error = decode_at(&jpeg, 8).unwrap_err().to_string();
        assert!(error.contains("jpegtran -copy all"), "{error}");
        // The command in the message's advice works.
        fs::write(bench.path("arithmetic.jpg"), jpeg).unwrap();
        let mut jpegtran = Command::new("jpegtran");
        let jpegtran = jpegtran.args(["-copy", "all"]);
        let jpeg = succeeded(output(jpegtran.arg(bench.path("arithmetic.jpg")))).unwrap();
        let wanted = djpeg(&jpeg, FULL, bench.folder.path()).unwrap();
        assert_like(&jpeg, &wanted, "converted");
    }
}
