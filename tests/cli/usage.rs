//! Help, wrong usage, and runs that cannot start.

use facematch::engine::SimdLevel;
use insta::assert_snapshot;

use crate::common::{RunExt, TestEnv, facematch, repository, sample_bytes};

#[test]
fn help_explains_the_default_command() {
    let run = facematch().arg("--help").ends_with(0);
    assert_eq!(run.stderr, "");
    assert_snapshot!(run.text(), @r#"
    Say who is in which photo.

    Every face in the photos of UNKNOWN is compared with the people in KNOWN; one line per face is
    printed: the photo, the person's name or "unknown", and the distance. Nothing leaves your machine.

    Usage: facematch [OPTIONS] <KNOWN> <UNKNOWN>...
           facematch <COMMAND>

    Commands:
      detect       Find the faces of each photo, without any known people: boxes, landmarks, crops,
                   drawings
      tag          Write the names of known people into XMP sidecars of the photos, or into the photos,
                   for photo managers
      untag        Take what `facematch tag` wrote out of sidecars and photos again, and nothing else
      sort         Bring photos into folders by person, DIR/Ann/photo.jpg: copied, linked or moved
      enroll       Keep known people in a gallery file, so that their photos are searched only once
      check        Look for what is wrong with the photos of known people: no face, the wrong person,
                   the same photo twice
      eval         Measure how well faces are told apart, on photos of which it is known who is on them
      cache        Look after the cache of --cache: where it is, what is in it, make it smaller, delete
                   it
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Arguments:
      <KNOWN>
              Known people: a folder (known/ann.jpg, known/ann.2.jpg, known/Eileen Collins/*.jpg), one
              photo, or a gallery file that `facematch enroll` made

      <UNKNOWN>...
              Folders and photos to search; `-` reads paths from standard input

    Options:
      -t, --threshold <DISTANCE>
              Largest distance at which a face is taken for a person, lower for fewer wrong names;
              `auto`: what the number of known faces and --target-fpir ask for
              
              [default: 0.6]

          --target-fpir <PART>
              With --threshold auto: the part of strangers that may be given a name [default: 0.01]

          --margin <DISTANCE>
              A face that is less than this nearer to the nearest person than to the next one is
              ambiguous
              
              [default: 0.03]

          --allow-repeat
              Let a person be in a photo more than once, for collages

          --candidates <N>
              List the N nearest people for each face
              
              [default: 1]

          --all-distances
              List the distance of every known person for each face

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Encoding faces:
          --flip
              Average each face with its mirror image: fewer wrong names at a small cost [default]

          --no-flip
              Encode each face once, as dlib does

          --jitters <N>
              How many jittered copies of each face are averaged, mirrored at random; much slower,
              little gain
              
              [default: 0]

          --encode-from <WHICH>
              What faces are cut from: the resized photo, or the photo at full size, which takes longer
              to decode
              
              [default: resized]
              [possible values: resized, original]

    Finding faces:
      -w, --width <PIXELS>
              Width in pixels to which photos are resized first; 0 keeps their size. Small faces need
              more
              
              [default: 500]

          --upsample <N>
              How often the resized photo is doubled before detection: 0 finds faces from 80 pixels on,
              1 from 40, 2 from 20
              
              [default: 1]

          --detector <DETECTOR>
              Face detector: hog is fast, cnn finds turned and covered faces too, auto asks cnn where
              hog finds nothing
              
              [default: auto]
              [possible values: auto, hog, cnn]

          --try-rotations
              Turn photos in which nothing is found by 90, 180 and 270 degrees and search again

          --landmarks <FILE>
              Landmark model (dlib shape predictor with 5 or 68 points) to use instead of the 5-point
              one

          --engine <ENGINE>
              Implementation that finds and encodes faces

              Possible values:
              - native: Pure Rust
              - dlib:   dlib's C++, in builds with the feature dlib
              
              [default: native]

          --models <DIR>
              Folder with the models, instead of those inside the program (native) or in the usual
              places (dlib)
              
              [env: FACEMATCH_MODELS]

      -j, --jobs <N>
              Photos worked on at the same time [default: one per core]

    Choosing photos:
          --max-depth <N>
              Enter at most N levels of folders; 1 takes the files of the folder itself

          --follow-links
              Enter folders that are symbolic links

          --hidden
              Take hidden files and folders too

      -0, --null
              Paths on standard input end with NUL instead of a newline

    Cache:
          --cache[=<FILE>]
              Keep what is found in each photo, and do not search photos again of which it is known; in
              FILE [default: FACEMATCH_CACHE, which has the same effect, or facematch/cache.redb in the
              user's cache folder]

          --no-cache
              Search every photo, whatever FACEMATCH_CACHE says

    Output:
      -f, --format <FORMAT>
              Form of the results

              Possible values:
              - text:   One line per face, tab-separated
              - json:   One JSON array
              - ndjson: One JSON object per line
              - csv:    RFC 4180 with a header
              
              [default: text]

      -o, --output <FILE>
              Write the results to FILE, whole or not at all

          --with-encodings
              Add the 128 numbers of each face to JSON; they are biometric data

          --crops <DIR>
              Write each aligned face as a PNG of 150x150 pixels below DIR

          --draw <DIR>
              Write each photo that has faces, with boxes, landmarks and names drawn on it, below DIR

          --color <WHEN>
              Colour the names on a terminal

              Possible values:
              - auto:   On a terminal
              - always
              - never
              
              [default: auto]

    Messages:
      -q, --quiet
              No warnings, no progress and no summary; errors stay

      -v, --verbose
              Say more: models, known people, the time of each photo

          --progress <WHEN>
              Show a progress bar on the error stream

              Possible values:
              - auto:   On a terminal
              - always
              - never
              
              [default: auto]

          --timings
              Print how long each stage took

    Exit status: 0 done; 1 done, but some inputs failed; 2 wrong usage; 3 could not start (no models, no
    known face, nothing to search); 130 interrupted.
    A folder that has a command's name is written ./detect.
    "#);
}

#[test]
fn short_help_of_detect_has_no_options_of_matching() {
    let run = facematch().args(["detect", "-h"]).ends_with(0);
    assert_snapshot!(run.text(), @"
    Find the faces of each photo, without any known people: boxes, landmarks, crops, drawings

    Usage: facematch detect [OPTIONS] <PATH>...

    Arguments:
      <PATH>...  Folders and photos to search; `-` reads paths from standard input

    Options:
      -h, --help  Print help (see more with '--help')

    Finding faces:
      -w, --width <PIXELS>       Width in pixels to which photos are resized first; 0 keeps their size.
                                 Small faces need more [default: 500]
          --upsample <N>         How often the resized photo is doubled before detection: 0 finds faces
                                 from 80 pixels on, 1 from 40, 2 from 20 [default: 1]
          --detector <DETECTOR>  Face detector: hog is fast, cnn finds turned and covered faces too,
                                 auto asks cnn where hog finds nothing [default: auto] [possible values:
                                 auto, hog, cnn]
          --try-rotations        Turn photos in which nothing is found by 90, 180 and 270 degrees and
                                 search again
          --landmarks <FILE>     Landmark model (dlib shape predictor with 5 or 68 points) to use
                                 instead of the 5-point one
          --engine <ENGINE>      Implementation that finds and encodes faces [default: native] [possible
                                 values: native, dlib]
          --models <DIR>         Folder with the models, instead of those inside the program (native) or
                                 in the usual places (dlib) [env: FACEMATCH_MODELS]
      -j, --jobs <N>             Photos worked on at the same time [default: one per core]

    Choosing photos:
          --max-depth <N>  Enter at most N levels of folders; 1 takes the files of the folder itself
          --follow-links   Enter folders that are symbolic links
          --hidden         Take hidden files and folders too
      -0, --null           Paths on standard input end with NUL instead of a newline

    Cache:
          --cache[=<FILE>]  Keep what is found in each photo, and do not search photos again of which it
                            is known; in FILE [default: FACEMATCH_CACHE, which has the same effect, or
                            facematch/cache.redb in the user's cache folder]
          --no-cache        Search every photo, whatever FACEMATCH_CACHE says

    Output:
      -f, --format <FORMAT>  Form of the results [default: text] [possible values: text, json, ndjson,
                             csv]
      -o, --output <FILE>    Write the results to FILE, whole or not at all
          --with-encodings   Add the 128 numbers of each face to JSON; they are biometric data
          --crops <DIR>      Write each aligned face as a PNG of 150x150 pixels below DIR
          --draw <DIR>       Write each photo that has faces, with boxes, landmarks and names drawn on
                             it, below DIR
          --color <WHEN>     Colour the names on a terminal [default: auto] [possible values: auto,
                             always, never]

    Messages:
      -q, --quiet            No warnings, no progress and no summary; errors stay
      -v, --verbose          Say more: models, known people, the time of each photo
          --progress <WHEN>  Show a progress bar on the error stream [default: auto] [possible values:
                             auto, always, never]
          --timings          Print how long each stage took

    Encoding faces:
          --flip                 Average each face with its mirror image: fewer wrong names at a small
                                 cost [default]
          --no-flip              Encode each face once, as dlib does
          --jitters <N>          How many jittered copies of each face are averaged, mirrored at random;
                                 much slower, little gain [default: 0]
          --encode-from <WHICH>  What faces are cut from: the resized photo, or the photo at full size,
                                 which takes longer to decode [default: resized] [possible values:
                                 resized, original]
    ");
}

#[test]
fn version_is_that_of_the_package() {
    let run = facematch().arg("--version").ends_with(0);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(run.text(), format!("facematch {version}\n"));
}

#[test]
fn completions_know_the_options_of_both_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let run = facematch().args(["completions", shell]).ends_with(0);
        for word in [
            "detect",
            "enroll",
            "threshold",
            "follow-links",
            "landmarks",
            "ndjson",
        ] {
            assert!(run.text().contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn wrong_usage_is_told_with_status_2() {
    let message = |args: &[&str]| {
        let run = facematch().args(args).ends_with(2);
        assert_eq!(run.text(), "", "{args:?}");
        run.stderr
    };
    assert_snapshot!(message(&[]), @"
    error: the following required arguments were not provided:
      <KNOWN>
      <UNKNOWN>...

    Usage: facematch [OPTIONS] <KNOWN> <UNKNOWN>...
           facematch <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(message(&["known"]), @"
    error: the following required arguments were not provided:
      <UNKNOWN>...

    Usage: facematch [OPTIONS] <KNOWN> <UNKNOWN>...
           facematch <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(message(&["-t", "-1", "known", "unknown"]), @"
    error: invalid value '-1' for '--threshold <DISTANCE>': a distance of at least 0 is wanted, such as 0.6, or auto

    For more information, try '--help'.
    ");
    assert_snapshot!(message(&["--threshold", "NaN", "known", "unknown"]), @"
    error: invalid value 'NaN' for '--threshold <DISTANCE>': a distance of at least 0 is wanted, such as 0.6, or auto

    For more information, try '--help'.
    ");
    assert_snapshot!(message(&["--frobnicate", "known", "unknown"]), @"
    error: unexpected argument '--frobnicate' found

      tip: a similar argument exists: '--format'

    Usage: facematch [OPTIONS] <KNOWN> <UNKNOWN>...
           facematch <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(message(&["-0", "known", "unknown"]), @"facematch: -0 goes with paths on standard input: give `-` as a path");
    assert_snapshot!(message(&["-j", "0", "known", "unknown"]), @"
    error: invalid value '0' for '--jobs <N>': 0 is not in 1..=256

    For more information, try '--help'.
    ");
    assert_snapshot!(message(&["-w", "16385", "known", "unknown"]), @"
    error: invalid value '16385' for '--width <PIXELS>': 16385 is not in 0..=16384

    For more information, try '--help'.
    ");
    assert_snapshot!(message(&["-q", "-v", "known", "unknown"]), @"
    error: the argument '--quiet' cannot be used with '--verbose'

    Usage: facematch [OPTIONS] <KNOWN> <UNKNOWN>...
           facematch <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(message(&["--all-distances", "--candidates", "2", "known", "unknown"]), @"
    error: the argument '--all-distances' cannot be used with '--candidates <N>'

    Usage: facematch [OPTIONS] <KNOWN> <UNKNOWN>...
           facematch <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(message(&["detect", "--threshold", "0.5", "unknown"]), @"
    error: unexpected argument '--threshold' found

      tip: to pass '--threshold' as a value, use '-- --threshold'

    Usage: facematch detect [OPTIONS] <PATH>...

    For more information, try '--help'.
    ");
}

#[test]
fn what_cannot_start_says_why_with_status_3() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/chelsea.png", "cats/chelsea.png");
    env.write("notes/readme.txt", "no photo");
    env.write("apple/photo.HEIC", "a format that is not read");
    env.folder("empty");
    let message = |args: &[&str]| {
        let run = env.facematch().args(args).ends_with(3);
        assert_eq!(run.text(), "", "{args:?}");
        run.stderr
    };
    assert_snapshot!(message(&["missing", "cats"]), @"facematch: missing: cannot read: No such file or directory (os error 2)");
    assert_snapshot!(message(&["empty", "cats"]), @"facematch: empty: no known face: there are no photos in it; put one photo per person there, such as empty/Ann.jpg");
    assert_snapshot!(message(&["cats", "known"]), @"
    facematch: warning: cats/chelsea.png: no face found in this known photo; it is left out
    facematch: cats: no known face: no face was found in its photos; put one photo per person there, such as cats/Ann.jpg
    ");
    assert_snapshot!(message(&["known", "empty"]), @"facematch: nothing to search: no photos in empty");
    assert_snapshot!(message(&["known", "notes", "apple"]), @"facematch: nothing to search: no photos in notes, apple (passed over photos in formats that facematch does not read: 1 .heic)");
    assert_snapshot!(message(&["--models", "missing", "known", "cats"]), @"facematch: models: missing: no such folder; name the folder that holds the models");
    assert_snapshot!(message(&["--models", "empty", "known", "cats"]), @"facematch: models: empty/shape_predictor_5_face_landmarks.dat: is missing; name the folder that holds the models with --models DIR");
    assert_snapshot!(message(&["--crops", "notes/readme.txt", "known", "cats"]), @"facematch: notes/readme.txt: cannot make this folder: a file of that name stands there");
    assert_snapshot!(message(&["detect", "empty"]), @"facematch: nothing to search: no photos in empty");
}

#[test]
fn damaged_models_are_named() {
    let env = TestEnv::new();
    env.copy("unknown/chelsea.png", "chelsea.png");
    let landmarks = "shape_predictor_5_face_landmarks.dat";
    let encoder = "dlib_face_recognition_resnet_model_v1.dat";
    let detector = "mmod_human_face_detector.dat";
    let filters = "frontal_face_detector.dat";
    let model = |name: &str| sample_bytes(&format!("models/{name}"));
    let message = |models: &str, more: &[&str]| {
        let mut command = env.facematch();
        command.args(["detect", "chelsea.png", "--models", models]);
        command.args(more).ends_with(3).stderr
    };

    env.write(format!("cut/{landmarks}"), &model(landmarks)[..1000]);
    assert_snapshot!(message("cut", &[]), @"facematch: models: cut/shape_predictor_5_face_landmarks.dat: has 1000 bytes instead of 9150489: cut off, or another file of that name; get the file again");

    env.write(format!("pointer/{landmarks}"), model(landmarks));
    env.write(format!("pointer/{filters}"), model(filters));
    env.write(
        format!("pointer/{encoder}"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
    );
    assert_snapshot!(message("pointer", &["--detector", "hog"]), @"facematch: models: pointer/dlib_face_recognition_resnet_model_v1.dat: is no dlib model but a Git LFS pointer, a note where the model should be; get the model itself with `git lfs pull`");

    let mut flipped = model(detector);
    flipped[500_000] ^= 1;
    env.write(format!("flipped/{landmarks}"), model(landmarks));
    env.write(format!("flipped/{filters}"), model(filters));
    env.write(format!("flipped/{encoder}"), model(encoder));
    env.write(format!("flipped/{detector}"), flipped);
    let stderr = message("flipped", &["--detector", "cnn"]);
    assert!(stderr.contains(detector), "{stderr}");
    assert!(stderr.contains("SHA-256"), "{stderr}");
    // The other detector does not need that file.
    let mut command = env.facematch();
    command.args([
        "detect",
        "chelsea.png",
        "--models",
        "flipped",
        "--detector",
        "hog",
    ]);
    command.ends_with(0);
}

/// A copy of the program far from the repository's models, and without the user's folders.
fn facematch_alone(env: &TestEnv) -> assert_cmd::Command {
    let executable = env.path("prefix/bin/facematch");
    env.folder("prefix/bin");
    std::fs::copy(assert_cmd::cargo::cargo_bin!("facematch"), &executable).unwrap();
    let mut command = assert_cmd::Command::new(&executable);
    command
        .current_dir(env.root())
        .env_remove("FACEMATCH_MODELS")
        .env_remove("XDG_DATA_HOME")
        .env("HOME", env.path("home"));
    command
}

#[cfg(feature = "embed-models")]
#[test]
fn the_program_alone_finds_the_people() {
    let env = TestEnv::new();
    for detector in ["hog", "cnn"] {
        let run = facematch_alone(&env)
            .arg(repository("known"))
            .arg(repository("unknown/obama2.jpg"))
            .args(["--detector", detector, "--width", "300"])
            .ends_with(0);
        assert!(run.text().contains("\tobama\t0."), "{}", run.text());
    }
}

#[cfg(any(feature = "dlib", not(feature = "embed-models")))]
#[test]
fn without_any_models_the_places_that_were_looked_at_are_listed() {
    let env = TestEnv::new();
    // The engine that needs files, or where both do the one that is always there.
    let engine = if cfg!(feature = "dlib") {
        "dlib"
    } else {
        "native"
    };
    let run = facematch_alone(&env)
        .args(["detect", "--engine", engine])
        .arg(repository("unknown/chelsea.png"))
        .ends_with(3);
    for part in [
        "no models found",
        "prefix/bin/models",
        "prefix/share/facematch/models",
        "home/.local/share/facematch/models",
        "--models DIR or FACEMATCH_MODELS",
    ] {
        let stderr = run.stderr.replace('\\', "/");
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn completions_that_cannot_be_written_are_an_error() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = std::process::Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
        .args(["completions", "bash"])
        .stdout(full)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("cannot write the results"), "{stderr}");
}

#[test]
fn a_command_in_second_place_is_explained() {
    let env = TestEnv::new();
    let run = env
        .facematch()
        .args(["-t", "0.5", "detect", "photos"])
        .ends_with(2);
    assert_snapshot!(run.stderr, @"facematch: detect: no such photo or folder; if you mean the command, it comes first: facematch detect ...");
}

#[cfg(not(feature = "dlib"))]
#[test]
fn a_build_without_the_dlib_engine_refuses_it_before_anything_else() {
    let env = TestEnv::new();
    let run = env
        .facematch()
        .args(["known", "unknown", "--engine", "dlib", "--models", "none"])
        .ends_with(3);
    assert_snapshot!(run.stderr, @"facematch: this build has no dlib engine; build it with --features dlib");
}

#[test]
fn an_unknown_simd_level_is_refused_with_the_choice() {
    let env = TestEnv::new();
    env.copy("unknown/chelsea.png", "chelsea.png");
    let run = env
        .facematch()
        .env("FACEMATCH_SIMD", "sse9")
        .args(["detect", "chelsea.png"])
        .ends_with(2);
    assert_eq!(run.text(), "");
    let levels: Vec<_> = SimdLevel::available().iter().map(|l| l.name()).collect();
    let wanted = format!(
        "facematch: FACEMATCH_SIMD=sse9: no such level; this processor has {}\n",
        levels.join(", ")
    );
    assert_eq!(run.stderr, wanted);
}
