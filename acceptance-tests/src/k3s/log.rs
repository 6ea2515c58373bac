//! The journal lines of k3s: logrus's text format, on standard error.

use std::io::Write as _;

use k8s_openapi::jiff::Timestamp;

pub(super) fn info(message: &str) {
    line("info", message);
}

pub(super) fn warning(message: &str) {
    line("warning", message);
}

pub(super) fn error(message: &str) {
    line("error", message);
}

pub(super) fn fatal(message: &str) {
    line("fatal", message);
}

/// A line without the format, as a panic or a command's own words are.
pub(super) fn plain(message: &str) {
    // Nobody is left to be told that standard error is closed.
    let _ = writeln!(std::io::stderr(), "{message}");
}

fn line(level: &str, message: &str) {
    plain(&format!("time=\"{}\" level={level} msg={message:?}", now()));
}

/// The time as Kubernetes and the journal write it.
pub(super) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Seconds since 1970.
pub(super) fn unix_time() -> i64 {
    Timestamp::now().as_second()
}
