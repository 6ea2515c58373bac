//! What this provider notes on each host: whose the host is, and how far it is.
//!
//! A killed apply leaves no state, but it leaves the marker: the next one goes on where it stopped, and a host of
//! another cluster is never touched. It is written before the first change, and again after each step. It holds nothing
//! secret.

use serde::{Deserialize, Serialize};

use super::config::Role;

/// What is noted on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The form of the marker.
    #[serde(default)]
    pub version: u32,
    /// The cluster that the host belongs to: the id of its resource.
    pub cluster: String,
    /// Name of the host's Node.
    pub node: String,
    /// `server` or `agent`.
    pub role: String,
    /// How far the host is.
    pub phase: Phase,
    /// Hash of all that k3s was last started with, from which a restart that is still to come can be told.
    #[serde(default)]
    pub started: Option<String>,
    /// Whether the cluster is still being made. A creation that was killed leaves no state: the next one finds its id
    /// by this.
    #[serde(default)]
    pub creating: bool,
    /// Whether a snapshot is being restored, and something is left to do with this server: its data may be from before.
    /// Nothing else is done as long as any server is so marked.
    #[serde(default)]
    pub restoring: bool,
    /// Hash of the token that the cluster was last given by way of this host. As long as servers have different ones,
    /// this tells which is the new one.
    #[serde(default)]
    pub token: Option<String>,
    /// Hash of the token of agents that it was given along with that one, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_token: Option<String>,
}

/// How far a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It is to be the first server. From here on it may have a new cluster's data.
    Bootstrapping,
    /// It is to join others.
    Joining,
    /// It was seen in the cluster.
    Joined,
    /// It is being removed.
    Leaving,
}

impl Marker {
    /// The form that is written now.
    pub const VERSION: u32 = 1;

    /// Notes on a host of a cluster.
    #[must_use]
    pub fn new(cluster: &str, node: &str, role: Role, phase: Phase) -> Self {
        Self {
            version: Self::VERSION,
            cluster: cluster.to_owned(),
            node: node.to_owned(),
            role: role.command().to_owned(),
            phase,
            started: None,
            creating: false,
            restoring: false,
            token: None,
            agent_token: None,
        }
    }

    /// The text of the file, in one line.
    #[must_use]
    pub fn text(&self) -> String {
        // Texts and numbers can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the file.
    ///
    /// # Errors
    /// It is not one of ours, or was cut off.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_back_in_one_line() {
        let mut marker = Marker::new("c1", "server-1", Role::Server, Phase::Bootstrapping);
        marker.started = Some("abc".to_owned());
        assert_eq!(Marker::parse(&marker.text()).unwrap(), marker);
        assert!(!marker.text().contains('\n'));
    }

    #[test]
    fn what_is_no_marker_is_refused() {
        for text in [
            "",
            "{",
            "{}",
            "null",
            r#"{"cluster":"c","node":"n","role":"server","phase":"unheard"}"#,
        ] {
            assert!(Marker::parse(text).is_err(), "{text}");
        }
    }
}
