//! Builds a [`Recipe`] with the Go toolchain: into a temporary directory first, then moved into the cache as a whole,
//! under a file lock so that two processes never build the same tool at once. Once built, nothing is fetched again.

#![expect(clippy::print_stderr, reason = "a build of minutes shows that it goes on")]

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::cache_directory;
use super::recipe::Recipe;

/// How many lines of a failed build's log are shown.
const SHOWN_LINES: usize = 30;

/// The path of one of the recipe's binaries, which is built first if it is not in the cache.
///
/// # Errors
/// If the cache cannot be written or the build fails.
pub fn binary(recipe: &Recipe, name: &str) -> Result<PathBuf> {
    let cache = cache_directory()?;
    let directory = cache.join(recipe.key());
    let path = directory.join(name);
    if path.is_file() {
        return Ok(path);
    }
    fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
    let _lock = lock(&cache.join(format!("{}.lock", recipe.key())), &label(recipe))?;
    // Another process may have built it while this one waited for the lock.
    if !directory.is_dir() {
        build(recipe, &cache, &directory).with_context(|| format!("build {} {}", recipe.tool, recipe.version))?;
    }
    if !path.is_file() {
        bail!("{} has no {name}", directory.display());
    }
    Ok(path)
}

/// The last lines of a log, for an error message.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..)
        .unwrap_or_default()
        .join("\n")
}

/// Locks the file of what is to be built; the lock ends with what is returned.
pub(crate) fn lock(path: &Path, label: &str) -> Result<File> {
    let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
    if file.try_lock().is_err() {
        eprintln!("{label}: waiting for another process that builds it");
        file.lock().with_context(|| format!("lock {}", path.display()))?;
    }
    Ok(file)
}

/// What a build is called where it is announced.
fn label(recipe: &Recipe) -> String {
    format!("{} {}", recipe.tool, recipe.version)
}

fn build(recipe: &Recipe, cache: &Path, destination: &Path) -> Result<()> {
    let scratch = tempfile::Builder::new().prefix("build-").tempdir_in(cache)?;
    let source = scratch.path().join("source");
    let binaries = scratch.path().join("bin");
    fs::create_dir_all(&source)?;
    fs::create_dir_all(&binaries)?;
    let log = cache.join(format!("{}.log", recipe.key()));
    File::create(&log)?;

    let progress = Progress::start(&label(recipe));
    fs::write(
        source.join("go.mod"),
        recipe.go_mod(&upstream_go_mod(recipe, &source, &log)?),
    )?;
    for (name, text) in recipe.files() {
        fs::write(source.join(name), text)?;
    }
    for (name, package) in recipe.binaries {
        let output = binaries.join(name);
        let output = output.to_str().context("the cache path is not UTF-8")?;
        go(
            &source,
            &log,
            &[
                "build",
                "-trimpath",
                "-ldflags",
                &recipe.linker_flags(),
                "-o",
                output,
                package,
            ],
        )?;
    }
    fs::rename(&binaries, destination).with_context(|| format!("move into {}", destination.display()))?;
    drop(progress);
    fs::remove_file(&log)?;
    Ok(())
}

/// The `go.mod` of the required module, which names what it replaces.
fn upstream_go_mod(recipe: &Recipe, source: &Path, log: &Path) -> Result<String> {
    let module = format!("{}@{}", recipe.module, recipe.version);
    let output = go(source, log, &["mod", "download", "-json", &module])?;
    let answer: serde_json::Value = serde_json::from_slice(&output)?;
    let path = answer
        .get("GoMod")
        .and_then(|path| path.as_str())
        .context("go mod download names no go.mod")?;
    Ok(fs::read_to_string(path)?)
}

/// Runs the Go tool at low priority, logs what it complains about, and answers what it prints.
fn go(source: &Path, log: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new("nice")
        .arg("go")
        .args(arguments)
        .current_dir(source)
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-mod=mod -buildvcs=false")
        .env("GOWORK", "off")
        .stderr(File::options().append(true).open(log)?)
        .stdin(Stdio::null())
        .output()
        .context("start go; the lab is built with Go 1.26 or later")?;
    if !output.status.success() {
        // With -json, the reason is in the answer.
        File::options().append(true).open(log)?.write_all(&output.stdout)?;
        bail!(
            "go {} failed ({})\n{}\nThe whole log: {}",
            arguments.join(" "),
            output.status,
            tail(log, SHOWN_LINES),
            log.display()
        );
    }
    Ok(output.stdout)
}

/// One line per tool: on a terminal it counts the seconds, elsewhere it is written at the start and at the end.
pub(crate) struct Progress {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Progress {
    pub(crate) fn start(label: &str) -> Self {
        let label = label.to_owned();
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            let start = Instant::now();
            let terminal = std::io::stderr().is_terminal();
            eprint!("{label}: building{}", if terminal { "" } else { " (minutes, once)\n" });
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(Duration::from_secs(1)) {
                if terminal {
                    eprint!("\r{label}: building, {} s", start.elapsed().as_secs());
                    let _ = std::io::stderr().flush();
                }
            }
            eprintln!(
                "{}{label}: {} s{}",
                if terminal { "\r" } else { "" },
                start.elapsed().as_secs(),
                " ".repeat(16)
            );
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_shows_the_last_lines() {
        let log = tempfile::NamedTempFile::new().unwrap();
        fs::write(log.path(), "one\ntwo\nthree\n").unwrap();
        assert_eq!(tail(log.path(), 2), "two\nthree");
    }

    #[test]
    fn tail_of_a_short_log_is_all_of_it() {
        let log = tempfile::NamedTempFile::new().unwrap();
        fs::write(log.path(), "one\n").unwrap();
        assert_eq!(tail(log.path(), 2), "one");
    }
}
