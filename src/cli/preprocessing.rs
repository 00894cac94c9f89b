//! The command of `--pre`, which makes an image of a file that facematch does not read, as in
//! ripgrep. It gets the path as its only argument and the file as its standard input; its standard
//! output is the image.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use facematch::Error;
use facematch::cache::Preprocessor;
use facematch_image_files::{ImageFileError, MAX_FILE_BYTES};

use super::config::PreConfig;
use super::exit::Failure;
use super::interrupt::UnfinishedFiles;

/// Pause between two questions whether the command has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// Number of bytes that are kept of a command's messages: their end.
const MOST_MESSAGE_BYTES: usize = 2000;

/// Number of bytes of a script that count in a cache.
const MOST_SCRIPT_BYTES: u64 = 1 << 20;

/// The command, to be run for one file after another.
#[derive(Debug)]
struct PreCommand {
    program: PathBuf,
    timeout: Duration,
    unfinished: UnfinishedFiles,
}

/// Receives the bytes that a thread reads, or its error.
type Output = Receiver<io::Result<Vec<u8>>>;

/// Returns what runs the command of `config`.
///
/// # Errors
/// If there is no such program: every photo would have the same error.
pub(super) fn preprocessor(
    config: &PreConfig,
    unfinished: &UnfinishedFiles,
) -> Result<Preprocessor, Failure> {
    let program = program(&config.command).map_err(|reason| {
        Failure::Start(format!("--pre {}: {reason}", config.command.display()))
    })?;
    let command = PreCommand {
        program: config.command.clone(),
        timeout: config.timeout,
        unfinished: unfinished.clone(),
    };
    Ok(Preprocessor {
        patterns: config.patterns.clone(),
        recipe: recipe(&program),
        make: Box::new(move |path| {
            command.output(path).map_err(|reason| {
                Error::ImageFile(ImageFileError::Decode {
                    path: path.to_owned(),
                    reason: format!("{} {reason}", command.program.display()),
                })
            })
        }),
    })
}

/// Returns the path of the program that the system runs as `command`: a path, or a name in `PATH`.
#[cfg(unix)]
fn program(command: &Path) -> Result<PathBuf, String> {
    let can_be_run = |path: &Path| {
        use std::os::unix::fs::PermissionsExt;

        path.metadata()
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    if command.as_os_str().as_encoded_bytes().contains(&b'/') {
        return match command.metadata() {
            _ if can_be_run(command) => Ok(command.to_owned()),
            Ok(file) if file.is_file() => Err("is not executable; use chmod +x".to_owned()),
            Ok(_) => Err("is not a program".to_owned()),
            Err(_) => Err("does not exist".to_owned()),
        };
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&folders).map(|folder| folder.join(command));
    places.find(|place| can_be_run(place)).ok_or_else(|| {
        let help = match command.exists() {
            true => format!(
                "; the file in the current folder is ./{}",
                command.display()
            ),
            false => String::new(),
        };
        format!("is not in PATH{help}")
    })
}

/// Returns `command`: how other systems find it is for them to say.
#[cfg(not(unix))]
fn program(command: &Path) -> Result<PathBuf, String> {
    Ok(command.to_owned())
}

/// Returns the text by which a cache recognises `program`: its path, and all of a script.
fn recipe(program: &Path) -> String {
    let path = std::path::absolute(program).unwrap_or_else(|_| program.to_owned());
    let mut script = Vec::new();
    let file =
        File::open(program).and_then(|file| file.take(MOST_SCRIPT_BYTES).read_to_end(&mut script));
    if file.is_err() || !script.starts_with(b"#!") {
        script.clear();
    }
    format!("{}\n{}", path.display(), String::from_utf8_lossy(&script))
}

impl PreCommand {
    /// Returns the standard output of the command for the file at `path`.
    fn output(&self, path: &Path) -> Result<Vec<u8>, String> {
        let end = Instant::now() + self.timeout;
        let mut command = Command::new(&self.program);
        command
            .arg(argument(path))
            .stdin(File::open(path).map_err(|error| format!("cannot open it: {error}"))?)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let (mut child, _running) =
            self.unfinished
                .spawn(&mut command)
                .map_err(|error| match error.kind() {
                    // It exists.
                    ErrorKind::NotFound => {
                        "cannot be run: the program that its first line names is missing".to_owned()
                    }
                    _ => format!("cannot be run: {error}"),
                })?;
        let output = self.wait(&mut child, end);
        if output.is_err() {
            kill(&mut child);
            let _ = child.wait();
        }
        output
    }

    /// Waits until `child` has written everything and ended, at most until `end`.
    fn wait(&self, child: &mut Child, end: Instant) -> Result<Vec<u8>, String> {
        let failed = |error| format!("cannot be read: {error}");
        let output = child.stdout.take().map(|pipe| reader(pipe, whole));
        let messages = child.stderr.take().map(|pipe| reader(pipe, last_bytes));
        let (Some(Ok(output)), Some(Ok(messages))) = (output, messages) else {
            return Err("no thread to read its output could be started".to_owned());
        };
        let late = || {
            let limit = humantime::format_duration(self.timeout);
            format!("did not end within {limit} (--pre-timeout) and was stopped")
        };
        let left = || end.saturating_duration_since(Instant::now());
        let image = match output.recv_timeout(left()) {
            Ok(image) => image.map_err(failed)?,
            Err(RecvTimeoutError::Timeout) => return Err(late()),
            Err(RecvTimeoutError::Disconnected) => return Err("ended unexpectedly".to_owned()),
        };
        if image.len() as u64 > MAX_FILE_BYTES {
            let limit = MAX_FILE_BYTES >> 20;
            return Err(format!("wrote more than {limit} MiB to standard output"));
        }
        let status = loop {
            match child.try_wait().map_err(failed)? {
                Some(status) => break status,
                None if left().is_zero() => return Err(late()),
                None => std::thread::sleep(PAUSE),
            }
        };
        // What it started may still run and hold its standard error.
        let messages = messages.recv_timeout(left().min(PAUSE * 20));
        let messages = messages.unwrap_or_else(|_| Ok(Vec::new()));
        check(status, &image, &messages.unwrap_or_default())?;
        Ok(image)
    }
}

/// Returns `path` as an argument that no command takes for an option.
fn argument(path: &Path) -> PathBuf {
    match path.as_os_str().as_encoded_bytes().starts_with(b"-") {
        true => Path::new(".").join(path),
        false => path.to_owned(),
    }
}

/// Refuses the output of a command that failed.
fn check(status: ExitStatus, image: &[u8], messages: &[u8]) -> Result<(), String> {
    let messages = String::from_utf8_lossy(messages);
    let last = messages.lines().rev().find(|line| !line.trim().is_empty());
    let said = last.map_or_else(String::new, |line| format!(": {}", line.trim()));
    if !status.success() {
        return Err(format!("failed with {status}{said}"));
    }
    if image.is_empty() {
        return Err(format!("wrote nothing to standard output{said}"));
    }
    Ok(())
}

/// Starts a thread that passes `pipe` to `read` and sends the result.
fn reader<P: Read + Send + 'static>(
    pipe: P,
    read: fn(P) -> io::Result<Vec<u8>>,
) -> io::Result<Output> {
    let (sender, receiver) = sync_channel(1);
    std::thread::Builder::new()
        .name("facematch-pre".to_owned())
        // Nobody listens any more if the command was too slow.
        .spawn(move || drop(sender.send(read(pipe))))?;
    Ok(receiver)
}

/// Reads all of an image, or enough to see that it is too large.
fn whole(pipe: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads messages and keeps the last ones.
fn last_bytes(mut pipe: impl Read) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let mut part = [0; 4096];
    loop {
        let length = pipe.read(&mut part)?;
        if length == 0 {
            return Ok(kept);
        }
        kept.extend_from_slice(&part[..length]);
        let surplus = kept.len().saturating_sub(MOST_MESSAGE_BYTES);
        kept.drain(..surplus);
    }
}

/// Ends `child` and everything that it has started.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    super::interrupt::kill_group(child.id());
    let _ = child.kill();
}
