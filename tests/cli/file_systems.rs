//! File systems that store less than others: no permissions, owners and links (exFAT, FAT, CIFS,
//! many FUSE). What they cannot store must not cost a photo.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{RunExt, TestEnv};
use crate::enrolling::listed;

/// A folder that stays mounted as long as this value lives, possibly from a loop device.
struct Mounted {
    folder: PathBuf,
    device: Option<String>,
}

impl Mounted {
    fn by(command: &mut Command, folder: PathBuf, device: Option<String>) -> Self {
        let mounted = Self { folder, device };
        let status = command.arg(&mounted.folder).status().unwrap();
        assert!(status.success(), "{command:?}");
        mounted
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let end = |command: &mut Command| {
            let _ = command.status();
        };
        match &self.device {
            None => end(Command::new("fusermount").arg("-u").arg(&self.folder)),
            Some(device) => {
                end(Command::new("umount").arg(&self.folder));
                end(Command::new("losetup").args(["-d", device]));
            }
        }
    }
}

/// Returns whether there are no unfinished files of a run below `folder`.
fn is_clean(folder: &Path) -> bool {
    let files = crate::common::files_below(folder);
    !files
        .iter()
        .any(|file| file.to_string_lossy().contains(".facematch-"))
}

/// Runs every command that writes files, into `mnt` and out of it.
fn everything_is_written(env: &TestEnv) {
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("known/biden.jpg", "known/biden.jpg");
    env.copy("unknown/obama2.jpg", "photos/a.jpg");
    env.copy("known/biden.jpg", "photos/b.jpg");
    env.write("photos/a.jpg.xmp", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>");
    let run = |arguments: &[&str]| {
        let mut command = env.facematch();
        command.args(arguments).args(["--detector", "hog"]);
        command.ends_with(0).stderr
    };
    let photo = std::fs::read(env.path("photos/a.jpg")).unwrap();
    let file = std::fs::File::options()
        .write(true)
        .open(env.path("photos/a.jpg"));
    let taken = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    file.unwrap().set_modified(taken).unwrap();
    let is_photo = |path: &str| std::fs::read(env.path(path)).unwrap() == photo;

    let told = run(&["sort", "known", "photos", "--into", "mnt/people"]);
    assert!(
        told.contains("2 photos copied") && !told.contains("warning"),
        "{told}"
    );
    assert!(is_photo("mnt/people/obama/a.jpg"));
    let copy = std::fs::metadata(env.path("mnt/people/obama/a.jpg")).unwrap();
    assert_eq!(copy.modified().unwrap(), taken);
    assert!(env.path("mnt/people/obama/a.jpg.xmp").exists());
    let again = run(&["sort", "known", "photos", "--into", "mnt/people"]);
    assert!(again.contains("0 photos copied, 2 unchanged"), "{again}");

    // Into it, within it, and out of it.
    for (from, to) in [
        ("photos", "mnt/moved"),
        ("mnt/moved", "mnt/more"),
        ("mnt/more", "back"),
    ] {
        let told = run(&["sort", "--by", "move", "known", from, "--into", to]);
        assert!(told.contains("2 photos moved"), "{told}");
        assert!(is_photo(&format!("{to}/obama/a.jpg")));
        assert!(env.path(format!("{to}/obama/a.jpg.xmp")).exists());
        assert!(!env.path(format!("{from}/obama/a.jpg")).exists());
    }

    // Unlike `std::fs::copy`, `env.copy` does not change permissions.
    env.copy("unknown/obama2.jpg", "mnt/a.jpg");
    run(&["tag", "known", "mnt/a.jpg"]);
    // Changes the sidecar instead of creating it.
    env.facematch().args(["untag", "mnt/a.jpg"]).ends_with(0);
    run(&["tag", "known", "mnt/a.jpg"]);
    assert!(env.path("mnt/a.jpg.xmp").exists());
    // Creates it first, then replaces it.
    for _ in 0..2 {
        run(&[
            "known",
            "mnt/a.jpg",
            "-o",
            "mnt/results.tsv",
            "--crops",
            "mnt/crops",
            "--draw",
            "mnt/drawn",
            "--cache=mnt/cache.redb",
        ]);
        let results = std::fs::read_to_string(env.path("mnt/results.tsv")).unwrap();
        assert!(results.contains("\tobama\t"), "{results}");
        assert!(env.path("mnt/crops/mnt/a.jpg.face1.png").exists());
        assert!(env.path("mnt/drawn/mnt/a.jpg.faces.jpg").exists());
    }
    run(&["enroll", "known/biden.jpg", "-o", "mnt/people.safetensors"]);
    run(&[
        "enroll",
        "--add",
        "mnt/people.safetensors",
        "known/obama.jpg",
    ]);
    std::fs::copy(
        env.path("mnt/people.safetensors"),
        env.path("people.safetensors"),
    )
    .unwrap();
    assert_eq!(listed(env), "biden\t1\nobama\t1\n");
    assert!(is_clean(env.root()));
}

#[test]
#[ignore = "needs bindfs and /dev/fuse"]
fn a_file_system_that_refuses_chmod_and_chown_keeps_everything_else() {
    let env = TestEnv::new();
    let source = env.folder("behind");
    let mut bindfs = Command::new("bindfs");
    bindfs.args([
        "--chmod-deny",
        "--chown-deny",
        "--chgrp-deny",
        "--no-allow-other",
    ]);
    let mounted = Mounted::by(bindfs.arg(source), env.folder("mnt"), None);
    everything_is_written(&env);
    // The permissions of the photo, which could be set when the copy was created.
    let mode = |path: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(env.path(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("mnt/people/obama/a.jpg"), mode("back/obama/a.jpg"));
    drop(mounted);
}

#[test]
#[ignore = "needs exfat-fuse, mkfs.exfat, losetup, root and /dev/fuse"]
fn exfat_without_links_owners_and_permissions_keeps_everything_else() {
    let env = TestEnv::new();
    let image = env.path("image");
    std::fs::File::create(&image)
        .unwrap()
        .set_len(64 << 20)
        .unwrap();
    let run = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    run(Command::new("mkfs.exfat").arg(&image));
    let device = run(Command::new("losetup").args(["-f", "--show"]).arg(&image));
    let mounted = Mounted::by(
        Command::new("mount.exfat-fuse").arg(&device),
        env.folder("mnt"),
        Some(device.clone()),
    );
    everything_is_written(&env);
    for by in ["hardlink", "symlink"] {
        let told = env
            .facematch()
            .args([
                "sort",
                "--detector",
                "hog",
                "--by",
                by,
                "known",
                "back",
                "--into",
                "mnt/links",
            ])
            .ends_with(1)
            .stderr;
        assert!(told.contains("use --by copy"), "{told}");
        assert!(!env.path("mnt/links").exists());
    }
    drop(mounted);
}
