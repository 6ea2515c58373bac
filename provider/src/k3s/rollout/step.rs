//! The steps. Each can be repeated: what is done of it already is found and not done again.

use std::fmt;

use crate::k3s::version::K3sVersion;

/// One step. `through` names the healthy server at whose API, or through which, it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Takes a snapshot of etcd.
    Snapshot {
        /// Where.
        on: String,
    },
    /// Begins the cluster on a host: notes that it does, writes the files with `cluster-init`, starts k3s and waits
    /// until the Node is ready.
    Bootstrap {
        /// The first server.
        server: String,
        /// The version.
        version: K3sVersion,
    },
    /// Makes a host a server of the cluster: notes that it does, writes the files, with the token that the cluster
    /// takes now, starts k3s and waits until its member votes and its Node is ready.
    Join {
        /// The host.
        server: String,
        /// Where it joins; nobody, if the datastore is elsewhere.
        through: Option<String>,
        /// The version.
        version: K3sVersion,
    },
    /// Moves the data of a single server from SQLite to etcd: writes the files with `cluster-init`, restarts, and waits
    /// until its member votes.
    Convert {
        /// The server.
        server: String,
    },
    /// Starts a server that is down, with the files that it should have; its token stays as it is. It is not waited
    /// for: it may need others that are down, too.
    Start {
        /// The server.
        server: String,
    },
    /// Waits for a server that is coming up.
    Await {
        /// The server.
        server: String,
    },
    /// Removes credentials that are newer than the cluster's, writes the files, the token too, and starts k3s as with
    /// [`Step::Start`].
    ClearCredentials {
        /// The server.
        server: String,
    },
    /// Stops a server whose member was removed, and empties its database, unless k3s has done so itself meanwhile, and
    /// joins.
    ResetData {
        /// The server.
        server: String,
    },
    /// Waits until a server that is to be taken for gone answers, or its Node is not ready any more.
    Miss {
        /// The server.
        server: String,
    },
    /// Deletes the Node of a host that is gone, or has lost its data; k3s then removes the member. What still runs on
    /// the host is stopped before, or it would join by itself as what is being deleted.
    RemoveMember {
        /// The name of its Node.
        server: String,
        /// Where.
        through: String,
    },
    /// Takes a server out of the cluster: cordon and drain, stop, delete its Node, see that its member is gone, and
    /// clean up.
    Remove {
        /// The server.
        server: String,
        /// Where.
        through: String,
        /// Whether its Node is deleted before it is stopped: where the others have no quorum without it.
        member_first: bool,
    },
    /// Takes a server out of the cluster as with [`Step::Remove`], and empties its database only: it joins again, with
    /// another address or id.
    Deregister {
        /// The server.
        server: String,
        /// Where.
        through: String,
        /// As with [`Step::Remove`].
        member_first: bool,
    },
    /// Cleans up a host that is not part of the cluster any more.
    Cleanup {
        /// The host.
        server: String,
    },
    /// Gives the cluster the wanted token.
    RotateToken {
        /// Where.
        on: String,
    },
    /// Writes the files with the token, and nothing else: all servers have to have it before any is restarted. A server
    /// that tries to start is stopped before, and tries anew with it.
    WriteToken {
        /// The server.
        server: String,
    },
    /// Puts another version in place: the program waits on the host; cordon and drain if wanted, then program, files,
    /// restart, wait, uncordon.
    Upgrade {
        /// The server.
        server: String,
        /// The version.
        version: K3sVersion,
        /// Whether pods are moved away before.
        drain: bool,
    },
    /// Writes files, restarts k3s, and waits for it. Pods go on meanwhile.
    Restart {
        /// The server.
        server: String,
    },
    /// Writes files for which k3s needs no restart, but no token, has k3s started with the host, and notes that the
    /// server has joined. What to join through is among it: after bootstrap, the first server's file no longer says to
    /// begin a cluster.
    WriteFiles {
        /// The server.
        server: String,
        /// The server that the file says to join through; none if there is no other.
        through: Option<String>,
    },
    /// Sets labels and taints.
    PatchNode {
        /// The server.
        server: String,
    },
    /// Takes back our own cordon.
    Uncordon {
        /// The server.
        server: String,
    },
}

impl Step {
    /// The server that it changes.
    #[must_use]
    pub fn server(&self) -> &str {
        match self {
            Self::Snapshot { on } | Self::RotateToken { on } => on,
            Self::Bootstrap { server, .. } | Self::Join { server, .. } | Self::Convert { server } => server,
            Self::Start { server } | Self::Await { server } | Self::ClearCredentials { server } => server,
            Self::ResetData { server } | Self::Cleanup { server } | Self::Restart { server } => server,
            Self::Miss { server } => server,
            Self::RemoveMember { server, .. } | Self::Remove { server, .. } | Self::Deregister { server, .. } => server,
            Self::Upgrade { server, .. } | Self::WriteFiles { server, .. } | Self::WriteToken { server } => server,
            Self::PatchNode { server } | Self::Uncordon { server } => server,
        }
    }

    /// Whether a server stops for it that is up now.
    #[must_use]
    pub fn interrupts(&self) -> bool {
        match self {
            Self::Convert { .. } | Self::Remove { .. } | Self::Deregister { .. } => true,
            Self::Upgrade { .. } | Self::Restart { .. } => true,
            Self::Snapshot { .. } | Self::Bootstrap { .. } | Self::Join { .. } | Self::Start { .. } => false,
            Self::Await { .. } | Self::ClearCredentials { .. } | Self::ResetData { .. } | Self::Miss { .. } => false,
            Self::RemoveMember { .. } | Self::Cleanup { .. } | Self::RotateToken { .. } => false,
            Self::WriteFiles { .. } | Self::WriteToken { .. } | Self::PatchNode { .. } | Self::Uncordon { .. } => false,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot { on } => write!(f, "take a snapshot of etcd on {on}"),
            Self::Bootstrap { server, version } => write!(f, "begin the cluster on {server} with {version}"),
            Self::Join {
                server,
                through: Some(through),
                version,
            } => write!(f, "join {server} through {through} with {version}"),
            Self::Join { server, version, .. } => write!(f, "start {server} with {version}"),
            Self::Convert { server } => write!(f, "move the datastore of {server} from SQLite to etcd"),
            Self::Start { server } => write!(f, "start {server}"),
            Self::Await { server } => write!(f, "wait for {server}"),
            Self::ClearCredentials { server } => write!(f, "remove stale credentials of {server}, and start it"),
            Self::ResetData { server } => {
                write!(f, "empty the database of {server}, which was removed from the cluster")
            }
            Self::Miss { server } => write!(f, "wait until {server} answers or is missed"),
            Self::RemoveMember { server, through } => write!(f, "delete the node {server} through {through}"),
            Self::Remove { server, through, .. } => write!(f, "take {server} out of the cluster through {through}"),
            Self::Deregister { server, through, .. } => {
                write!(
                    f,
                    "take {server} out of the cluster through {through}, to register it anew"
                )
            }
            Self::Cleanup { server } => write!(f, "clean up {server}"),
            Self::RotateToken { on } => write!(f, "change the token on {on}"),
            Self::Upgrade { server, version, .. } => write!(f, "upgrade {server} to {version}"),
            Self::Restart { server } => write!(f, "restart {server}"),
            Self::WriteFiles { server, .. } => write!(f, "write the files of {server}"),
            Self::WriteToken { server } => write!(f, "write the token of {server}"),
            Self::PatchNode { server } => write!(f, "set labels and taints of {server}"),
            Self::Uncordon { server } => write!(f, "uncordon {server}"),
        }
    }
}
