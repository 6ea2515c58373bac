//! How a command begins: as root by `sudo`, whose password goes to its standard input and never into a command line;
//! and with a limit on the host, so that it ends even if nobody is left who waits for it.
//!
//! `sudo` may or may not ask, and refuses in words that depend on its version. So it is told to ask with a prompt of
//! our own, and the command says when it has begun: what stands on standard error before that is `sudo`'s, and the
//! command's own input is held back until then. It can neither end up as a password nor in a log of failed ones.

use std::time::Duration;

use uuid::Uuid;

use super::command::quoted;

/// How much later the host ends a command than we stop waiting for it.
const GRACE: Duration = Duration::from_secs(10);

/// Runs its first argument, with a limit where there is a program for that (GNU's `timeout`).
const LIMITED: &str =
    r#"if command -v timeout >/dev/null; then exec timeout -k 10 "$1" sh -c "$2"; fi; exec sh -c "$2""#;

/// What stands between a command and its input.
pub(super) struct Gate {
    has_sudo: bool,
    prompt: String,
    begun: String,
    state: State,
    /// What was said before the command began.
    said: Vec<u8>,
}

#[derive(PartialEq)]
enum State {
    Closed,
    Asked,
    Open,
}

/// What became of the gate by what came on standard error.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    /// Nothing yet.
    Nothing,
    /// `sudo` asks for the password.
    Asks,
    /// It asks again, so the password was wrong.
    AsksAgain,
    /// The command runs.
    Opens {
        /// The process that ends it all when it is ended.
        process: u32,
        /// The beginning of the command's own standard error.
        stderr: Vec<u8>,
    },
}

impl Gate {
    /// A gate before a command, with `sudo` or without.
    pub(super) fn new(has_sudo: bool) -> Self {
        let nonce = Uuid::new_v4().simple();
        Gate {
            has_sudo,
            prompt: format!("cht-password-{nonce}:"),
            begun: format!("cht-begun-{nonce}:"),
            state: State::Closed,
            said: Vec::new(),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether it is one with `sudo`.
    pub(super) fn has_sudo(&self) -> bool {
        self.has_sudo
    }

    /// Whether `sudo` has asked for the password.
    pub(super) fn has_asked(&self) -> bool {
        self.state == State::Asked
    }

    /// The line that runs a command behind the gate, for any login shell. Messages are in the one language that is
    /// known.
    pub(super) fn line(&self, command: &str, limit: Duration) -> String {
        let language = "LC_ALL=C; export LC_ALL";
        let seconds = (limit + GRACE).as_secs();
        let limited = format!("exec sh -c {} sh {seconds} {}", quoted(LIMITED), quoted(command));
        let begin = format!("{language}; printf '%s%s;' {} $$ >&2; {limited}", self.begun);
        if !self.has_sudo {
            return format!("exec sh -c {}", quoted(&begin));
        }
        let sudo = format!(
            "{language}; exec sudo -S -p {} -- sh -c {}",
            self.prompt,
            quoted(&begin)
        );
        format!("exec sh -c {}", quoted(&sudo))
    }

    /// Takes what came on standard error of a gate that is closed.
    pub(super) fn take(&mut self, data: &[u8]) -> Event {
        self.said.extend_from_slice(data);
        if let Some((process, stderr)) = self.beginning() {
            self.state = State::Open;
            return Event::Opens { process, stderr };
        }
        let Some(at) = find(&self.said, self.prompt.as_bytes()) else {
            return Event::Nothing;
        };
        self.said.drain(at..at + self.prompt.len());
        if self.has_asked() {
            return Event::AsksAgain;
        }
        self.state = State::Asked;
        Event::Asks
    }

    /// What `sudo` said when it did not run the command.
    pub(super) fn said(&self) -> String {
        let text = String::from_utf8_lossy(&self.said);
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// The number of the process and what follows, once both have come.
    fn beginning(&self) -> Option<(u32, Vec<u8>)> {
        let at = find(&self.said, self.begun.as_bytes())? + self.begun.len();
        let rest = self.said.get(at..)?;
        let end = find(rest, b";")?;
        let process = std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()?;
        Some((process, rest.get(end + 1..)?.to_vec()))
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_is_wrapped_with_markers_and_a_limit_and_as_root_by_sudo() {
        let line = |has_sudo| Gate::new(has_sudo).line("echo", Duration::from_secs(60));
        assert!(line(true).starts_with("exec sh -c 'LC_ALL=C; export LC_ALL; exec sudo -S -p cht-password-"));
        assert!(
            !line(false).contains("sudo") && line(false).contains("sh 70 "),
            "{}",
            line(false)
        );
        assert!(!line(true).contains('\n'), "some login shells take no line breaks");
    }

    #[test]
    fn gate_opens_when_the_command_says_so_even_if_that_comes_in_pieces() {
        let mut gate = Gate::new(true);
        let (begun, prompt) = (gate.begun.clone(), gate.prompt.clone());
        assert_eq!(
            gate.take(b"We trust you have received the usual lecture.\n"),
            Event::Nothing
        );
        assert_eq!(gate.take(prompt.as_bytes()), Event::Asks);
        let (one, other) = begun.split_at(9);
        assert_eq!(gate.take(one.as_bytes()), Event::Nothing);
        assert_eq!(gate.take(format!("{other}12").as_bytes()), Event::Nothing);
        assert!(!gate.is_open());
        let stderr = b"oops".to_vec();
        assert_eq!(gate.take(b"34;oops"), Event::Opens { process: 1234, stderr });
        assert!(gate.is_open());
    }

    #[test]
    fn second_question_means_that_the_password_was_wrong() {
        let mut gate = Gate::new(true);
        let prompt = gate.prompt.clone();
        assert_eq!(gate.take(prompt.as_bytes()), Event::Asks);
        assert_eq!(gate.take(b"\nSorry, try again.\n"), Event::Nothing);
        assert_eq!(gate.take(prompt.as_bytes()), Event::AsksAgain);
        assert_eq!(gate.said(), "Sorry, try again.");
    }
}
