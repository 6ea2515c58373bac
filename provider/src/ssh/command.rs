//! A command for a host, and what came of it.
//!
//! Nothing secret goes into a command line, where every user of the host could read it: secrets are variables of a
//! [`Command::script`], which travels on standard input. A script is read to its end before its first line runs, so a
//! connection that breaks leaves it undone and not half done.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncRead;
use tokio::sync::oneshot;

/// How much of standard output is taken where nothing else is said.
const LIMIT: usize = 8 * 1024 * 1024;

/// A command that runs in `sh`, as root if the way to the host says so.
pub struct Command {
    /// What it does, for errors and logs: "read the facts of the host".
    pub(super) what: String,
    /// One line of shell.
    pub(super) line: String,
    pub(super) input: Input,
    pub(super) timeout: Option<Duration>,
    pub(super) limit: usize,
    pub(super) secrets: Vec<SecretString>,
    pub(super) may_be_root: bool,
    pub(super) is_private: bool,
    /// Who is told the first line of its standard output, as soon as that is there.
    pub(super) first_line: Option<oneshot::Sender<String>>,
}

/// What a command reads from its standard input.
pub(super) enum Input {
    Bytes(Vec<u8>),
    Reader {
        path: PathBuf,
        reader: Box<dyn AsyncRead + Send + Unpin>,
    },
}

/// What came of a command.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// Its standard output, complete.
    pub stdout: Vec<u8>,
    /// Its standard error, or the end of it.
    pub stderr: Vec<u8>,
    /// The last lines of both, fit to be shown.
    pub(super) shown: String,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Status(u32),
    /// By this signal.
    Signal(String),
}

impl Command {
    /// A command of one line. There must be nothing secret in it.
    pub fn new(what: impl Into<String>, line: impl Into<String>) -> Self {
        Command {
            what: what.into(),
            line: line.into(),
            input: Input::Bytes(Vec::new()),
            timeout: None,
            limit: LIMIT,
            secrets: Vec::new(),
            may_be_root: true,
            is_private: false,
            first_line: None,
        }
    }

    /// A shell script with arguments, of which none must be secret. Its commands find an empty standard input.
    pub fn script(what: impl Into<String>, script: &str, arguments: &[&str]) -> Self {
        let mut line = "exec sh -s --".to_owned();
        for argument in arguments {
            line.push(' ');
            line.push_str(&quoted(argument));
        }
        let text = format!("{{\n{script}\n}} </dev/null\n");
        Command {
            input: Input::Bytes(text.into_bytes()),
            ..Command::new(what, line)
        }
    }

    /// Sets a variable for a script, which may be a secret: it travels on standard input, and is masked in what is
    /// shown.
    #[must_use]
    pub fn variable(mut self, name: &str, value: SecretString) -> Self {
        if let Input::Bytes(script) = &mut self.input {
            let assignment = format!("{name}={}\n", quoted(value.expose_secret()));
            script.splice(..0, assignment.into_bytes());
        }
        self.secrets.push(value);
        self
    }

    /// Gives it bytes to read.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Gives it a file to read, that is not all in memory.
    #[must_use]
    pub fn reader(mut self, path: PathBuf, reader: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let reader = Box::new(reader);
        self.input = Input::Reader { path, reader };
        self
    }

    /// How long it may take, instead of what the way to the host says.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How much it may write to standard output, in bytes. More is an error, as the half of an answer is none.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Masks a secret in what is shown of its output.
    #[must_use]
    pub fn masking(mut self, secret: SecretString) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Shows nothing of its standard output, which is a secret.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.is_private = true;
        self
    }

    /// Runs it as the user who logs in, whatever the way to the host says.
    #[must_use]
    pub fn as_user(mut self) -> Self {
        self.may_be_root = false;
        self
    }
}

impl Output {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The last lines of what it wrote, without secrets.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

impl Exit {
    /// Whether the command says that it did what it should.
    pub fn is_success(&self) -> bool {
        *self == Exit::Status(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Status(status) => write!(f, "exit status {status}"),
            Exit::Signal(name) => write!(f, "ended by the signal {name}"),
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("what", &self.what)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// A word for any shell: within single quotes, nothing but the quote itself means anything.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(command: &Command) -> String {
        match &command.input {
            Input::Bytes(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            Input::Reader { .. } => panic!("it is no text"),
        }
    }

    #[test]
    fn script_travels_on_standard_input_with_its_secrets_and_only_arguments_are_in_the_line() {
        let command = Command::script("test", "echo \"$1 $TOKEN\"", &["it's"]).variable("TOKEN", "s'3cret".into());
        assert_eq!(command.line, r"exec sh -s -- 'it'\''s'");
        assert_eq!(
            input(&command),
            "TOKEN='s'\\''3cret'\n{\necho \"$1 $TOKEN\"\n} </dev/null\n"
        );
        assert!(!format!("{command:?}").contains("3cret"));
    }

    #[test]
    fn exits_are_told_in_words() {
        assert!(Exit::Status(0).is_success() && !Exit::Status(1).is_success());
        assert_eq!(Exit::Status(2).to_string(), "exit status 2");
        assert_eq!(Exit::Signal("KILL".to_owned()).to_string(), "ended by the signal KILL");
    }
}
