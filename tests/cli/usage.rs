//! Help, wrong usage, and runs that cannot start.

use facematch::engine::SimdLevel;
use insta::assert_snapshot;

use crate::common::{RunExt, TestEnv, facematch, repository, sample_bytes};

#[test]
fn long_help_has_everything_in_groups() {
    let run = facematch().arg("--help").ends_with(0);
    assert_eq!(run.stderr, "");
    assert_snapshot!(run.text(), @r#"
    Find known people in your photos (KNOWN: a folder of their photos, or a gallery file)

    Every face in UNKNOWN is compared with the people of KNOWN. One line per face is printed: the photo,
    the person's name or "unknown", and the distance. Nothing leaves your machine.

    Usage: facematch [OPTIONS] <KNOWN> <UNKNOWN>...
           facematch <COMMAND>

    Commands:
      detect       Find faces, without known people
      tag          Write names into XMP sidecars or into photos, for photo managers
      untag        Remove what `facematch tag` wrote, and nothing else
      sort         Sort photos into one folder per person
      enroll       Save known people in a gallery file, which replaces their photos
      check        Find mistakes in the photos of known people
      eval         Measure accuracy on labelled photos
      cache        Show, shrink or delete the cache of --cache
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Arguments:
      <KNOWN>
              Known people: a folder, a photo or a gallery file
              
              In a folder, the file or the first folder names the person: known/ann.jpg,
              known/ann.2.jpg, known/Eileen Collins/*.jpg. `facematch enroll` makes gallery files.

      <UNKNOWN>...
              Photos and folders to search; `-` reads paths from standard input

    Options:
      -t, --threshold <DISTANCE>
              Largest distance of a match, or auto [default: 0.6]
              
              Less means fewer wrong names. With auto, the threshold follows from the number of known
              faces, the distances between known people, and --target-fpir. With --encoder
              mobilefacenet, the default is auto.

      -w, --width <PIXELS>
              Working width: more finds smaller faces
              
              Photos are first resized to this width, up or down. 0 keeps their size. auto takes 500,
              and up to 1600 for photos with small faces or none.
              
              [default: 500]

          --detector <WHICH>
              Face detector: auto, retinaface, hog or cnn
              
              retinaface finds small, turned and covered faces. hog and cnn are dlib's and work as in
              face_recognition; cnn is slow. auto is retinaface, or hog with --engine dlib.
              
              [default: auto]

      -j, --jobs <N>
              Photos to search at the same time [default: one per core]

          --cache[=<FILE>]
              Remember what is found, and search only new photos
              
              The cache is FILE, else FACEMATCH_CACHE (which switches it on by itself), else
              facematch/cache.redb in the user's cache folder. It holds encodings, which are biometric
              data.

      -f, --format <FORMAT>
              Format of the results

              Possible values:
              - text:   One line per face, in columns on a terminal, else tab-separated
              - json:   One JSON array
              - ndjson: One JSON object per line
              - csv:    RFC 4180 with a header
              
              [default: text]

      -o, --output <FILE>
              Write the results to FILE, whole or not at all

          --draw <DIR>
              Write photos with boxes and names drawn on into DIR

      -q, --quiet
              Print only results, errors and skipped photos

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Matching:
          --target-fpir <FRACTION>
              With --threshold auto: the fraction of strangers that may get a name [default: 0.01]

          --margin <DISTANCE>
              A face is ambiguous unless the next person is at least this much farther away than the
              nearest one [default: 0.03, or 0.05 with --encoder mobilefacenet]

          --allow-repeat
              Let a person appear in a photo more than once, for collages

          --candidates <N>
              List the N nearest people for each face
              
              [default: 1]

          --all-distances
              List the distance of every known person for each face

    Encoding faces:
          --encoder <WHICH>
              Network that encodes faces: mobilefacenet is more exact, and needs the detector retinaface

              Possible values:
              - dlib:          128 numbers, as in face_recognition
              - mobilefacenet: 192 numbers
              
              [default: dlib]

          --no-flip
              Encode each face once, as dlib does; the default averages it with its mirror image

          --jitters <N>
              Average N jittered copies of each face, mirrored at random; much slower, little gain
              
              [default: 0]

          --min-quality <Q>
              Neither encode nor name faces of a lower quality: small, blurred and turned ones
              
              [default: 0.3]

          --encode-from <WHICH>
              Photo that faces are cut from: the resized one, or the one at full size, which takes
              longer to decode
              
              [default: resized]
              [possible values: resized, original]

    Finding faces:
          --min-face <PIXELS>
              Leave out faces smaller than this in the photo
              
              [default: 0]

          --upsample <N>
              Double the resized photo N times before detection [default: 0, or 1 for hog and cnn]
              
              retinaface finds faces of 10 pixels or more with 0. hog and cnn find faces of 80 pixels or
              more with 0, of 40 with 1, of 20 with 2.

          --min-score <S>
              Leave out faces with a lower score [default: 0.8 for retinaface, else 0]
              
              A score is how sure the detector is: 0 to 1 with retinaface, 0 or more with hog and cnn.

          --try-rotations
              Turn photos without an upright face by 90, 180 and 270 degrees and search again

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
              places (dlib) [env: FACEMATCH_MODELS]

          --pre <COMMAND>
              Program that makes an image of a file: it gets the path and writes to standard output
              
              It is run for the files that --pre-glob matches, in folders too; without --pre-glob, for
              all photos and for those in formats that facematch does not read.

          --pre-glob <GLOB>
              Files that --pre is run for, such as '*.{mp4,mov}'; can be repeated

          --pre-timeout <SECONDS>
              Time after which the command of --pre is stopped
              
              [default: 30]

    Choosing photos:
          --max-depth <N>
              Enter at most N levels of folders; 1 takes only the files of the folder itself

          --follow-links
              Enter folders that are symbolic links

          --hidden
              Search hidden files and folders too

          --ext <EXT>
              In folders, search only files with these extensions, such as heic,jpg

          --exclude <GLOB>
              In folders, leave out the files and folders that match GLOB; can be repeated
              
              A pattern without a slash, such as '*.png' or @eaDir, concerns names at any depth. One
              with a slash, such as '2019/**', concerns paths below the folder that is searched.

      -0, --null
              Paths on standard input end with NUL instead of a newline

    Cache:
          --no-cache
              Search every photo, even if FACEMATCH_CACHE is set

    Output:
          --with-encodings
              Add the 128 or 192 numbers of each face to JSON; they are biometric data

          --crops <DIR>
              Write each aligned face into DIR, as a PNG of 150x150 pixels

          --color <WHEN>
              Colour the names

              Possible values:
              - auto:   On a terminal
              - always
              - never
              
              [default: auto]

    Messages:
      -v, --verbose
              Print more: models, known people, the time of each photo

          --progress <WHEN>
              Show a progress bar on the error stream; always does so even with --quiet

              Possible values:
              - auto:   On a terminal
              - always
              - never
              
              [default: auto]

          --timings
              Print how long each stage took

    Examples:
      facematch known/ ~/Photos                Find the people of known/ann.jpg, known/bob.jpg, ...
      facematch -t auto known/ a.jpg > names   Choose the threshold by the number of known people
      facematch tag --dry-run known/ ~/Photos  Show which photos would get which names

    Exit status: 0 done; 1 done, but some inputs failed; 2 wrong usage; 3 could not start (no models, no
    known face, nothing to search); 130 interrupted.
    Write a folder that has a command's name as ./detect.
    "#);
}

/// With the usage, three examples and the options that most people need.
#[test]
fn short_help_fits_a_screen() {
    let run = facematch().arg("-h").ends_with(0);
    assert!(run.text().lines().count() < 36);
    assert_snapshot!(run.text(), @r"
    Find known people in your photos (KNOWN: a folder of their photos, or a gallery file)

    Usage: facematch [OPTIONS] <KNOWN> <UNKNOWN>...
           facematch <COMMAND>

    Commands:
      detect       Find faces, without known people
      tag          Write names into XMP sidecars or into photos, for photo managers
      untag        Remove what `facematch tag` wrote, and nothing else
      sort         Sort photos into one folder per person
      enroll       Save known people in a gallery file, which replaces their photos
      check        Find mistakes in the photos of known people
      eval         Measure accuracy on labelled photos
      cache        Show, shrink or delete the cache of --cache
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
      -t, --threshold <DISTANCE>  Largest distance of a match, or auto [default: 0.6]
      -w, --width <PIXELS>        Working width: more finds smaller faces [default: 500]
          --detector <WHICH>      Face detector: auto, retinaface, hog or cnn [default: auto]
      -j, --jobs <N>              Photos to search at the same time [default: one per core]
          --cache[=<FILE>]        Remember what is found, and search only new photos
      -f, --format <FORMAT>       Format of the results [default: text] [possible values: text, json,
                                  ndjson, csv]
      -o, --output <FILE>         Write the results to FILE, whole or not at all
          --draw <DIR>            Write photos with boxes and names drawn on into DIR
      -q, --quiet                 Print only results, errors and skipped photos
      -h, --help                  Print help (see more with '--help')
      -V, --version               Print version

    Examples:
      facematch known/ ~/Photos                Find the people of known/ann.jpg, known/bob.jpg, ...
      facematch -t auto known/ a.jpg > names   Choose the threshold by the number of known people
      facematch tag --dry-run known/ ~/Photos  Show which photos would get which names
    ");
}

#[test]
fn short_help_of_detect_has_no_options_of_matching() {
    let run = facematch().args(["detect", "-h"]).ends_with(0);
    assert_snapshot!(run.text(), @"
    Find faces, without known people

    Usage: facematch detect [OPTIONS] <PATH>...

    Arguments:
      <PATH>...  Photos and folders to search; `-` reads paths from standard input

    Options:
      -w, --width <PIXELS>    Working width: more finds smaller faces [default: 500]
          --detector <WHICH>  Face detector: auto, retinaface, hog or cnn [default: auto]
      -j, --jobs <N>          Photos to search at the same time [default: one per core]
          --cache[=<FILE>]    Remember what is found, and search only new photos
      -f, --format <FORMAT>   Format of the results [default: text] [possible values: text, json,
                              ndjson, csv]
      -o, --output <FILE>     Write the results to FILE, whole or not at all
          --draw <DIR>        Write photos with boxes and names drawn on into DIR
      -q, --quiet             Print only results, errors and skipped photos
      -h, --help              Print help (see more with '--help')
      -V, --version           Print version
    ");
}

#[test]
fn known_is_explained_by_every_command_that_takes_it() {
    for command in ["tag", "sort", "enroll", "check"] {
        let run = facematch().args([command, "--help"]).ends_with(0);
        let words: Vec<_> = run.text().split_whitespace().collect();
        let rule = "In a folder, the file or the first folder names the person: known/ann.jpg,";
        assert!(words.join(" ").contains(rule), "{command}");
        let short = facematch().args([command, "-h"]).ends_with(0);
        assert!(!short.text().contains("names the person"), "{command}");
    }
}

#[test]
fn version_is_that_of_the_package() {
    let version = env!("CARGO_PKG_VERSION");
    let short = facematch().arg("-V").ends_with(0);
    assert_eq!(short.text(), format!("facematch {version}\n"));
    let long = facematch().arg("--version").ends_with(0);
    let build = format!("facematch {version}\nfeatures: +embed-models ");
    assert!(long.text().starts_with(&build), "{}", long.text());
    assert!(
        long.text().contains("\nvector instructions: "),
        "{}",
        long.text()
    );
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
    for wrong in ["-1", "2.1", "60", "NaN"] {
        let told = message(&["--threshold", wrong, "known", "unknown"]);
        let wanted = format!(
            "error: invalid value '{wrong}' for '--threshold <DISTANCE>': expected a distance from 0 to 2, such as 0.6, or auto\n"
        );
        assert!(told.starts_with(&wanted), "{told}");
    }
    for wrong in ["-0.1", "1.1", "NaN"] {
        let told = message(&["--margin", wrong, "known", "unknown"]);
        let wanted = format!(
            "error: invalid value '{wrong}' for '--margin <DISTANCE>': expected a difference of distances from 0 to 1, such as 0.03\n"
        );
        assert!(told.starts_with(&wanted), "{told}");
    }
    assert_snapshot!(message(&["--frobnicate", "known", "unknown"]), @"
    error: unexpected argument '--frobnicate' found

      tip: a similar argument exists: '--format'

    Usage: facematch [OPTIONS] <KNOWN> <UNKNOWN>...
           facematch <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(message(&["-0", "known", "unknown"]), @"facematch: -0 needs paths on standard input: give `-` as a path");
    assert_snapshot!(message(&["-j", "0", "known", "unknown"]), @"
    error: invalid value '0' for '--jobs <N>': expected a whole number from 1 to 256

    For more information, try '--help'.
    ");
    assert_snapshot!(message(&["-w", "16385", "known", "unknown"]), @"
    error: invalid value '16385' for '--width <PIXELS>': expected a whole number from 0 to 16384, or auto

    For more information, try '--help'.
    ");
    assert!(
        message(&["-j", "two", "known", "unknown"])
            .contains("expected a whole number from 1 to 256")
    );
    assert_snapshot!(message(&["known", "unknown", "detect"]), @"facematch: detect: no such photo or folder; a command comes first: `facematch detect ...`");
    assert!(message(&["-version"]).contains("tip: did you mean '--version'?"));
    assert!(message(&["version"]).contains("tip: did you mean '--version'?"));
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

      tip: '--threshold' is an option of 'facematch KNOWN UNKNOWN', 'facematch tag', 'facematch sort', 'facematch check', 'facematch eval pairs', 'facematch eval identify'

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
    env.write("apple/photo.JP2", "a format that is not read");
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
    facematch: cats: no known face: no face in its photos can be used (run facematch check for details); put one photo per person there, such as cats/Ann.jpg
    ");
    assert_snapshot!(message(&["known", "empty"]), @"facematch: nothing to search: no photos in empty");
    assert_snapshot!(message(&["known", "notes", "apple"]), @"facematch: nothing to search: no photos in notes, apple (skipped 1 file in an unsupported format: 1 .jp2)");
    assert_snapshot!(message(&["--models", "missing", "known", "cats"]), @"facematch: models: missing: no such folder; name the folder that holds the models");
    assert_snapshot!(message(&["--models", "empty", "known", "cats"]), @"facematch: models: empty/retinaface_mobilenet_0.25.safetensors: is missing; name the folder that holds the models with --models DIR");
    assert_snapshot!(message(&["--crops", "notes/readme.txt", "known", "cats"]), @"facematch: notes/readme.txt: cannot make this folder: a file with that name already exists");
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
    assert_snapshot!(message("cut", &["--detector", "hog"]), @"facematch: models: cut/shape_predictor_5_face_landmarks.dat: has 1000 bytes instead of 9150489: cut off, or another file of that name; get the file again");

    env.write(format!("pointer/{landmarks}"), model(landmarks));
    env.write(format!("pointer/{filters}"), model(filters));
    env.write(
        format!("pointer/{encoder}"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
    );
    assert_snapshot!(message("pointer", &["--detector", "hog"]), @"facematch: models: pointer/dlib_face_recognition_resnet_model_v1.dat: is not a model but a Git LFS pointer, a note where the model should be; get the model itself with `git lfs pull`");

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

#[cfg(unix)]
#[test]
fn models_that_cannot_be_read_are_not_called_missing() {
    let env = TestEnv::new();
    env.copy("unknown/chelsea.png", "chelsea.png");
    let detector = "retinaface_mobilenet_0.25.safetensors";
    env.folder(format!("folder/{detector}"));
    env.folder("loop");
    // Links to themselves: unlike permissions, they stop root, too.
    for link in [format!("loop/{detector}"), "itself".to_owned()] {
        std::os::unix::fs::symlink(env.path(&link), env.path(&link)).unwrap();
    }
    let message = |models: &str| {
        let mut command = env.facematch();
        command.args(["detect", "chelsea.png", "--models", models]);
        command.ends_with(3).stderr
    };
    assert_snapshot!(message("folder"), @"facematch: models: folder/retinaface_mobilenet_0.25.safetensors: is a folder, not a model file");
    for (models, unreadable) in [
        ("loop", "loop/retinaface_mobilenet_0.25.safetensors"),
        ("itself", "itself"),
    ] {
        let error = message(models);
        let start = format!("facematch: models: {unreadable}: cannot read: ");
        assert!(error.starts_with(&start), "{error}");
    }
}

#[test]
fn models_that_the_environment_names_are_told_with_the_variable() {
    let env = TestEnv::new();
    env.copy("unknown/chelsea.png", "chelsea.png");
    env.folder("empty");
    let message = |models: &str, more: &[&str]| {
        let mut command = env.facematch();
        command.env("FACEMATCH_MODELS", models);
        command.args(["detect", "chelsea.png"]).args(more);
        command.ends_with(3).stderr
    };
    assert_snapshot!(message("missing", &[]), @"facematch: models: missing: no such folder; name the folder that holds the models (FACEMATCH_MODELS=missing)");
    assert_snapshot!(message("empty", &[]), @"facematch: models: empty/retinaface_mobilenet_0.25.safetensors: is missing; name the folder that holds the models with --models DIR (FACEMATCH_MODELS=empty)");
    // Not the folder of the variable.
    for more in [["--models", "missing"], ["--landmarks", "empty/none.dat"]] {
        let error = message("empty", &more);
        assert!(!error.contains("FACEMATCH_MODELS"), "{error}");
    }
}

/// Returns a copy of the program far from the repository's models, and without the user's folders.
fn facematch_alone(env: &TestEnv) -> assert_cmd::Command {
    let program = std::fs::read(assert_cmd::cargo::cargo_bin!("facematch")).unwrap();
    let executable = env.executable("prefix/bin/facematch", program);
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
    for detector in ["hog", "cnn", "retinaface"] {
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
    // The engine that needs files; if both do, the one that every build has.
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

#[test]
fn every_command_has_a_man_page() {
    let env = TestEnv::new();
    env.facematch()
        .args(["man-pages", "pages/new"])
        .ends_with(0);
    let page = |name: &str| {
        std::fs::read_to_string(env.path(format!("pages/new/facematch{name}.1"))).unwrap()
    };
    assert!(page("").contains("facematch\\-tag(1)"));
    assert!(!page("").contains("help(1)"));
    assert!(page("-detect").contains("with\\-encodings"));
    assert!(page("-eval-pairs").contains("PAIRS"));
    // Again: only man pages of facematch are overwritten.
    let again = |status| {
        let mut command = env.facematch();
        command.args(["man-pages", "pages/new"]).ends_with(status)
    };
    again(0);
    env.write("pages/new/facematch-tag.1", "my notes");
    assert_snapshot!(again(2).stderr, @"facematch: pages/new/facematch-tag.1: not overwritten: it is a text file that facematch did not write; name another folder");
    assert_eq!(
        std::fs::read(env.path("pages/new/facematch-tag.1")).unwrap(),
        b"my notes"
    );
    env.write("file", "");
    env.facematch().args(["man-pages", "file"]).ends_with(3);
}

#[cfg(target_os = "linux")]
#[test]
fn completions_help_and_version_that_cannot_be_written_are_an_error() {
    for arguments in [
        &["completions", "bash"][..],
        &["--help"],
        &["-h"],
        &["--version"],
        &["help", "detect"],
        &["eval", "pairs", "--help"],
    ] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
            .args(arguments)
            .stdout(full)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {stderr}");
        let wanted = "facematch: standard output: cannot write: ";
        assert!(stderr.starts_with(wanted), "{arguments:?}: {stderr}");
    }
}

#[test]
fn options_may_come_before_the_command() {
    let told = |args: &[&str]| facematch().args(args).ends_with(0).stdout;
    let photo = "unknown/obama2.jpg";
    let wanted = told(&["detect", "-q", "-w", "300", photo]);
    assert_eq!(told(&["-q", "-w", "300", "detect", photo]), wanted);
    assert_eq!(told(&["-qw300", "detect", photo]), wanted);
}

#[test]
fn options_about_messages_are_accepted_by_every_command() {
    let told = |args: &[&str]| {
        let run = facematch().args(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (run.status.code(), text(run.stdout), text(run.stderr))
    };
    for (line, options) in [
        ("help detect", "-q help detect"),
        ("help detect", "-qv --progress never help detect"),
        ("help", "--quiet help"),
        ("completions bash", "-q completions bash"),
        ("completions bash", "completions bash -q"),
        ("cache path", "-q cache path"),
        ("cache path", "cache -q path"),
        ("cache path", "cache path --progress=never -v"),
        ("cache --help", "-q cache --help"),
        // They lack a command, and the message says so.
        ("eval", "-q eval"),
        ("eval", "eval -q"),
        ("cache", "-v cache"),
    ] {
        let words = |line: &'static str| line.split(' ').collect::<Vec<_>>();
        assert_eq!(told(&words(options)), told(&words(line)), "{options}");
    }
    let help = facematch().args(["cache", "path", "-h"]).ends_with(0);
    assert!(!help.text().contains("quiet"), "{}", help.text());
    // Not an option about messages.
    let (code, _, stderr) = told(&["-w", "300", "completions", "bash"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("'-w' is an option of"), "{stderr}");
}

#[test]
fn an_option_of_another_command_is_explained() {
    let tip = |args: &[&str]| {
        let stderr = facematch().args(args).ends_with(2).stderr;
        let tip = stderr.lines().find_map(|line| line.strip_prefix("  tip: "));
        tip.unwrap_or(&stderr).to_owned()
    };
    assert_eq!(
        tip(&["--into", "people", "known", "unknown"]),
        "'--into' is an option of 'facematch sort'"
    );
    assert_eq!(
        tip(&["--labels=a.csv", "known", "unknown"]),
        "'--labels' is an option of 'facematch eval identify'"
    );
    assert_eq!(
        tip(&["--margin", "0.1", "detect", "unknown"]),
        "'--margin' is an option of 'facematch KNOWN UNKNOWN', 'facematch tag', 'facematch sort', \
         'facematch eval identify'"
    );
    // Not an option of any command: clap's own tip.
    assert_eq!(
        tip(&["--treshold", "0.5", "known", "unknown"]),
        "a similar argument exists: '--threshold'"
    );
}

#[test]
fn a_mistyped_command_is_recognised() {
    let env = TestEnv::new();
    env.folder("photos");
    let stderr = |args: &[&str]| env.facematch().args(args).ends_with(2).stderr;
    assert_snapshot!(stderr(&["dtect", "photos"]), @"facematch: dtect: no such photo or folder; did you mean the command `facematch detect`?");
    let alone = stderr(&["enrol"]);
    assert!(
        alone.contains("tip: did you mean the command 'enroll'?"),
        "{alone}"
    );
    for (word, command) in [("tga", "tag"), ("DETECT", "detect"), ("srot", "sort")] {
        let told = stderr(&[word, "photos"]);
        assert!(told.contains(&format!("`facematch {command}`")), "{told}");
    }
    let complete = stderr(&["enroll", "photos"]);
    assert!(!complete.contains("did you mean"), "{complete}");
    // An existing folder is not a mistake.
    env.folder("sorted");
    let alone = stderr(&["sorted"]);
    assert!(!alone.contains("did you mean"), "{alone}");
}

#[test]
fn swapped_known_and_unknown_are_recognised() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/obama2.jpg", "photos/obama2.jpg");
    let mut enroll = env.facematch();
    enroll
        .args(["enroll", "known", "-o", "people.safetensors"])
        .ends_with(0);
    for command in [&[][..], &["tag"], &["sort", "--into", "sorted"]] {
        let before = env.files();
        let mut facematch = env.facematch();
        let run = facematch
            .args(command)
            .args(["photos", "people.safetensors"])
            .ends_with(2);
        let wanted = "facematch: people.safetensors: a gallery file holds known people and is not a photo; \
                      give it first, before the photos\n";
        assert_eq!(run.stderr, wanted, "{command:?}");
        assert_eq!(env.files(), before);
    }
    let mut detect = env.facematch();
    let run = detect.args(["detect", "people.safetensors"]).ends_with(2);
    assert_snapshot!(run.stderr, @"facematch: people.safetensors: a gallery file holds known people and is not a photo; facematch people.safetensors PHOTO... finds these people in photos");
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
