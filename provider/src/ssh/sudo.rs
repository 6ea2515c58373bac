//! How a command becomes root: by `sudo`, whose password goes to its standard input and never into a command line.
//!
//! `sudo` may or may not ask, and refuses in words that depend on its version. So it is told to ask with a prompt of our own,
//! and the command says when it has begun: what stands on standard error before that is `sudo`'s, and the command's own input
//! is held back until then. It can neither end up as a password nor in a log of failed ones.

use uuid::Uuid;

use super::command::quoted;

/// What stands between a command and its input.
pub(super) struct Gate {
    prompt: String,
    ready: String,
    state: State,
    /// What `sudo` said so far.
    said: Vec<u8>,
}

#[derive(PartialEq)]
enum State {
    Open,
    Closed { asked: bool },
}

/// What became of the gate by what came on standard error.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    /// Nothing yet.
    Nothing,
    /// It asks for the password.
    Asks,
    /// It asks again, so the password was wrong.
    AsksAgain,
    /// The command runs; this is the beginning of its own standard error.
    Opens(Vec<u8>),
}

impl Gate {
    /// Nothing stands between them.
    pub(super) fn open() -> Self {
        Gate {
            prompt: String::new(),
            ready: String::new(),
            state: State::Open,
            said: Vec::new(),
        }
    }

    /// `sudo` does.
    pub(super) fn closed() -> Self {
        let nonce = Uuid::new_v4().simple();
        Gate {
            prompt: format!("cht-password-{nonce}:"),
            ready: format!("cht-ready-{nonce}:"),
            state: State::Closed { asked: false },
            said: Vec::new(),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether `sudo` has asked for the password.
    pub(super) fn has_asked(&self) -> bool {
        self.state == State::Closed { asked: true }
    }

    /// The line that runs a command behind the gate.
    pub(super) fn line(&self, command: &str) -> String {
        if self.is_open() {
            return command.to_owned();
        }
        let begun = format!("printf %s {} >&2; {command}", self.ready);
        format!("exec sudo -S -p {} -- sh -c {}", self.prompt, quoted(&begun))
    }

    /// Takes what came on standard error of a gate that is closed.
    pub(super) fn take(&mut self, data: &[u8]) -> Event {
        self.said.extend_from_slice(data);
        if let Some(at) = find(&self.said, self.ready.as_bytes()) {
            let own = self.said.split_off(at + self.ready.len());
            self.state = State::Open;
            return Event::Opens(own);
        }
        let Some(at) = find(&self.said, self.prompt.as_bytes()) else {
            return Event::Nothing;
        };
        self.said.drain(at..at + self.prompt.len());
        if self.has_asked() {
            return Event::AsksAgain;
        }
        self.state = State::Closed { asked: true };
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
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_is_wrapped_with_markers_and_without_the_password() {
        let gate = Gate::closed();
        let line = gate.line("echo 'x'");
        assert!(line.starts_with("exec sudo -S -p cht-password-"), "{line}");
        assert!(line.ends_with(r"echo '\''x'\'''"), "{line}");
        assert_eq!(Gate::open().line("echo 'x'"), "echo 'x'");
    }

    #[test]
    fn gate_opens_when_the_command_says_so_even_if_the_marker_comes_in_pieces() {
        let mut gate = Gate::closed();
        let (ready, prompt) = (gate.ready.clone(), gate.prompt.clone());
        assert_eq!(
            gate.take(b"We trust you have received the usual lecture.\n"),
            Event::Nothing
        );
        assert_eq!(gate.take(prompt.as_bytes()), Event::Asks);
        let (one, other) = ready.split_at(9);
        assert_eq!(gate.take(one.as_bytes()), Event::Nothing);
        assert!(!gate.is_open());
        assert_eq!(
            gate.take(format!("{other}oops").as_bytes()),
            Event::Opens(b"oops".to_vec())
        );
        assert!(gate.is_open());
    }

    #[test]
    fn second_question_means_that_the_password_was_wrong() {
        let mut gate = Gate::closed();
        let prompt = gate.prompt.clone();
        assert_eq!(gate.take(prompt.as_bytes()), Event::Asks);
        assert_eq!(gate.take(b"\nSorry, try again.\n"), Event::Nothing);
        assert_eq!(gate.take(prompt.as_bytes()), Event::AsksAgain);
        assert_eq!(gate.said(), "Sorry, try again.");
    }
}
