//! `facematch` with restricted write access or memory.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use assert_cmd::Command;

use super::{TestEnv, in_folder};

/// Root without the capabilities that let it write everywhere (capabilities(7)).
const BOUND_ROOT: [&str; 3] = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
];

/// Returns `facematch` in the folder of `env`, bound by permissions even if root runs the tests.
pub(crate) fn bound_by_permissions(env: &TestEnv) -> Command {
    match std::fs::metadata(env.root()).unwrap().uid() {
        0 => started_by(&BOUND_ROOT, env.root()),
        _ => env.facematch(),
    }
}

/// Returns `facematch` in the folder of `env` where no file can exceed `blocks` of 512 bytes, the
/// closest that a test gets to a full disk.
pub(crate) fn on_full_disk(env: &TestEnv, blocks: u32) -> Command {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    started_by(&["sh", "-c", &script, "sh"], env.root())
}

/// Returns `facematch` in the folder of `env` with at most `kib` KiB of memory.
pub(crate) fn with_memory(env: &TestEnv, kib: u32) -> Command {
    let script = format!("ulimit -v {kib}; exec \"$@\"");
    started_by(&["sh", "-c", &script, "sh"], env.root())
}

fn started_by(starter: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(starter[0]);
    command
        .args(&starter[1..])
        .arg(assert_cmd::cargo::cargo_bin!("facematch"));
    in_folder(command, folder)
}

/// Calls `during` while no file can be created, renamed or deleted in `folder`.
pub(crate) fn read_only<T>(folder: &Path, during: impl FnOnce() -> T) -> T {
    let set = |mode| std::fs::set_permissions(folder, PermissionsExt::from_mode(mode)).unwrap();
    set(0o555);
    let result = during();
    // So that it can be deleted.
    set(0o755);
    result
}
