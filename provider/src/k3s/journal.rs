//! What k3s says in its journal when it cannot start, what that means, and what to do.
//!
//! systemd starts k3s anew for ever, and `systemctl start` never returns, so the journal is the only place that tells
//! why nothing happens. Each text was seen with a real k3s. Journals may print what k3s was told, so tokens are masked
//! in all that is shown.

use std::fmt;

/// Why k3s does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The token names another cluster.
    OtherCluster,
    /// Servers were told different things that must be equal.
    CriticalMismatch,
    /// Its member was removed from etcd, and its disk still has the data.
    RemovedMember,
    /// Its credentials are newer than those in the datastore: it was started with an old token after a rotation.
    StaleCredentials,
    /// The datastore was encrypted with another token.
    OtherToken,
    /// There is a Node of that name with another password.
    NodePassword,
    /// The token has a form that servers cannot have.
    TokenForm,
    /// An agent was told something that it does not know.
    UnknownFlag,
    /// Another server is joining.
    AnotherJoins,
    /// The host has cgroup v1, which this version refuses.
    CgroupV1,
    /// Something else listens on a port that k3s needs.
    PortTaken,
    /// The disk is full.
    DiskFull,
    /// The server that it should join does not answer.
    ServerUnreachable,
}

/// Whether waiting can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// It passes by itself: k3s tries again.
    MayPass,
    /// It stays so until somebody does something.
    Stays,
}

/// What was found in a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Why.
    pub cause: Cause,
    /// The line that says so, without tokens.
    pub line: String,
    /// The keys on which servers differ.
    pub keys: Vec<String>,
}

/// What the journal says, and what that means. What comes first counts more.
const TEXTS: [(&str, Cause); 18] = [
    ("token CA hash does not match", Cause::OtherCluster),
    ("critical configuration value mismatch", Cause::CriticalMismatch),
    ("permanently removed from the cluster", Cause::RemovedMember),
    ("removed all voters", Cause::RemovedMember),
    (
        "newer than datastore and could cause a cluster outage",
        Cause::StaleCredentials,
    ),
    (
        "bootstrap data already found and encrypted with different token",
        Cause::OtherToken,
    ),
    ("Node password rejected", Cause::NodePassword),
    ("failed to normalize server token", Cause::TokenForm),
    ("flag provided but not defined", Cause::UnknownFlag),
    (
        "kubelet is configured to not run on a host using cgroup v1",
        Cause::CgroupV1,
    ),
    ("address already in use", Cause::PortTaken),
    ("no space left on device", Cause::DiskFull),
    ("too many learner", Cause::AnotherJoins),
    ("etcd cluster join failed", Cause::AnotherJoins),
    ("failed to get CA certs", Cause::ServerUnreachable),
    ("failed to validate connection to cluster", Cause::ServerUnreachable),
    ("connection refused", Cause::ServerUnreachable),
    ("no route to host", Cause::ServerUnreachable),
];

/// The most important of what lines of a journal tell, with the newest line that tells it.
#[must_use]
pub fn find(lines: &[String]) -> Option<Finding> {
    let (text, cause) = TEXTS
        .iter()
        .find(|(text, _)| lines.iter().any(|line| line.contains(text)))?;
    let line = lines.iter().rev().find(|line| line.contains(text))?;
    Some(Finding {
        cause: *cause,
        line: mask(line),
        keys: mismatched_keys(lines),
    })
}

/// Whether a line tells this.
#[must_use]
pub fn tells(line: &str, cause: Cause) -> bool {
    TEXTS.iter().any(|(text, told)| *told == cause && line.contains(text))
}

/// The keys on which servers differ: each has a line of its own.
fn mismatched_keys(lines: &[String]) -> Vec<String> {
    const BEFORE: &str = "critical configuration mismatched: ";
    let mut keys: Vec<String> = lines
        .iter()
        .filter_map(|line| line.split_once(BEFORE))
        .filter_map(|(_, rest)| rest.split([' ', '"', ',']).next())
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

impl Cause {
    /// Whether waiting can help.
    #[must_use]
    pub fn outlook(self) -> Outlook {
        match self {
            Self::AnotherJoins | Self::ServerUnreachable => Outlook::MayPass,
            Self::OtherCluster | Self::CriticalMismatch | Self::RemovedMember | Self::StaleCredentials => {
                Outlook::Stays
            }
            Self::OtherToken | Self::NodePassword | Self::TokenForm | Self::UnknownFlag => Outlook::Stays,
            Self::CgroupV1 | Self::PortTaken | Self::DiskFull => Outlook::Stays,
        }
    }

    /// What to do, as a sentence.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::OtherCluster => {
                "Check that the host is to join this cluster, and that it has not been part of another: its token names \
                 another authority."
            }
            Self::CriticalMismatch => "Give all servers the same values for these options.",
            Self::RemovedMember => {
                "The host was removed from the cluster, and its database cannot be used again. Apply again: it is emptied, and \
                 the host joins anew."
            }
            Self::StaleCredentials => {
                "The host was started with a token that has been rotated since. Apply again: its stale credentials are removed."
            }
            Self::OtherToken => {
                "Give the token that the datastore was made with: what is in it cannot be decrypted with another."
            }
            Self::NodePassword => {
                "A node of this name is registered by another host. Give the host another name, or delete the old node if that \
                 host is gone."
            }
            Self::TokenForm => "Give a token that has not the form of a bootstrap token.",
            Self::UnknownFlag => "Remove the option from the configuration: this version of k3s does not have it.",
            Self::AnotherJoins => "Wait until the other server has joined.",
            Self::CgroupV1 => {
                "Boot the host with cgroup v2, or add `fail-cgroupv1=false` to `kubelet_args` for the time being."
            }
            Self::PortTaken => "Stop what listens on that port, or move it to another.",
            Self::DiskFull => "Make room on the disk of the host.",
            Self::ServerUnreachable => {
                "Check that the host reaches port 6443 of the servers: firewalls, routes and addresses."
            }
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherCluster => "its token is that of another cluster",
            Self::CriticalMismatch => "it was told other things than the servers that are there",
            Self::RemovedMember => "it was removed from the cluster, and its disk still has the old database",
            Self::StaleCredentials => "its credentials are newer than those of the cluster",
            Self::OtherToken => "the datastore was made with another token",
            Self::NodePassword => "another host has registered a node of its name",
            Self::TokenForm => "its token has a form that servers cannot have",
            Self::UnknownFlag => "it was told an option that it does not know",
            Self::AnotherJoins => "another server is joining",
            Self::CgroupV1 => "it has cgroup v1",
            Self::PortTaken => "a port that it needs is taken",
            Self::DiskFull => "its disk is full",
            Self::ServerUnreachable => "the server that it should join does not answer",
        })
    }
}

/// A text without what may be secret: whole tokens of k3s, and what follows words like `token` and `password`.
#[must_use]
pub fn mask(text: &str) -> String {
    let mut masked = mask_secure_tokens(text);
    for word in WORDS {
        masked = mask_after(&masked, word);
    }
    masked
}

const MASK: &str = "********";

/// What a secret stands behind.
const WORDS: [&str; 7] = ["token", "password", "passwd", "secret", "key", "basic", "bearer"];

/// `K10<hash>::<user>:<password>`, and logins in addresses of datastores.
fn mask_secure_tokens(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let secure = rest.find("K10");
        let login = rest.find("://");
        let Some(start) = [secure, login].into_iter().flatten().min() else {
            masked.push_str(rest);
            return masked;
        };
        let (before, found) = rest.split_at(start);
        masked.push_str(before);
        let (word, after) = found.split_at(end_of_secret(found));
        match word.rfind('@') {
            _ if word.starts_with("K10") && word.contains("::") => masked.push_str(MASK),
            Some(at) if word.starts_with("://") => {
                masked.push_str("://");
                masked.push_str(MASK);
                masked.push_str(word.get(at..).unwrap_or_default());
            }
            _ => masked.push_str(word),
        }
        rest = after;
    }
}

/// `word=value`, `word: value`, `--word value` and `"word":"value"`: the value, up to a blank or a quote. Words of
/// prose that follow, as in `token CA hash`, stay.
fn mask_after(text: &str, word: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for (start, _) in lower.match_indices(word) {
        let end = start + word.len();
        let (Some(before), Some(rest)) = (text.get(done..end), text.get(end..)) else {
            continue;
        };
        let before_word = text.get(..start).unwrap_or_default();
        let last_word = before_word.rsplit([' ', '"', ',']).next().unwrap_or_default();
        // `--token x`, `--agent-token x`, `Authorization: Basic x`.
        let is_flag = last_word.starts_with("--") || before_word.to_ascii_lowercase().ends_with("authorization: ");
        let separator = rest.len() - rest.trim_start_matches(['=', ':', '"', '\\', '\'', ' ', ',']).len();
        let between = rest.get(..separator).unwrap_or_default();
        if !(between.contains(['=', ':']) || between.contains("\",") || (is_flag && !between.is_empty())) {
            continue;
        }
        let value = rest.get(separator..).unwrap_or_default();
        let length = end_of_secret(value);
        // `msg="token: file not found"` has a word of prose there, and it costs nothing to mask that, too.
        masked.push_str(before);
        masked.push_str(between);
        masked.push_str(if length > 0 { MASK } else { "" });
        done = end + separator + length;
    }
    masked.push_str(text.get(done..).unwrap_or_default());
    masked
}

/// Where a secret ends at the latest. Commas and brackets can be part of it, and it costs nothing to mask what follows
/// them.
fn end_of_secret(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || "\"'\\".contains(c))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
