//! What can be in the way of a rollout, in words that a person can act on.

use std::fmt;

use super::super::object::ObjectKey;

/// Why a workload does not come up.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The workload.
    pub workload: ObjectKey,
    /// What is in its way.
    pub cause: Cause,
}

/// What is in the way of a workload. The order is from root causes to their consequences.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// The workload is not there.
    Missing,
    /// A volume claim of its Pods is not bound.
    UnboundClaim {
        /// The claim's name.
        claim: String,
        /// Why it is not bound.
        problem: ClaimProblem,
    },
    /// Pods cannot be made: a quota is used up, or admission refuses them.
    ReplicaFailure {
        /// What the server says.
        message: String,
    },
    /// A container cannot be configured: a Secret or ConfigMap, or a key of it, is not there.
    Config {
        /// The Pod.
        pod: String,
        /// The container.
        container: String,
        /// What the kubelet says.
        message: String,
    },
    /// An image cannot be had.
    ImagePull {
        /// The Pod.
        pod: String,
        /// The container.
        container: String,
        /// The image.
        image: String,
        /// What the kubelet says.
        message: String,
    },
    /// A container ends again and again.
    CrashLoop {
        /// The Pod.
        pod: String,
        /// The container.
        container: String,
        /// How it ended last: an exit code and the kubelet's word for it, such as `OOMKilled`.
        ended: String,
        /// How often it was started anew.
        restarts: i32,
        /// The last lines that it wrote, if they could be read.
        log: Vec<String>,
    },
    /// No node takes a Pod.
    Unschedulable {
        /// The Pod.
        pod: String,
        /// What the scheduler says.
        message: String,
    },
    /// The Deployment made no progress in its own `progressDeadlineSeconds`, and nothing above explains it.
    ProgressDeadline {
        /// What the controller says.
        message: String,
    },
}

/// Why a claim is not bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimProblem {
    /// It names no storage class and the cluster has no default one.
    NoClass,
    /// Its storage class is not there.
    ClassNotFound(String),
    /// It asks for a volume by name that is not there, or is not free.
    VolumeNotAvailable(String),
    /// No volume fits; says what the controller says.
    NoVolume(String),
    /// The provisioner has not made the volume; says what it says.
    NotProvisioned(String),
    /// It lost its volume.
    Lost,
    /// No reason is known.
    Unknown,
}

impl Cause {
    /// Whether the cluster may well take it out of the way by itself: by making a volume, or by adding a node.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::UnboundClaim { problem, .. } => {
                matches!(problem, ClaimProblem::NotProvisioned(_) | ClaimProblem::Unknown)
            }
            Self::Unschedulable { .. } => true,
            Self::Missing
            | Self::ReplicaFailure { .. }
            | Self::Config { .. }
            | Self::ImagePull { .. }
            | Self::CrashLoop { .. }
            | Self::ProgressDeadline { .. } => false,
        }
    }

    /// Where the cause stands between root causes and consequences.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Missing => 0,
            Self::UnboundClaim { .. } => 1,
            Self::ReplicaFailure { .. } => 2,
            Self::Config { .. } => 3,
            Self::ImagePull { .. } => 4,
            Self::CrashLoop { .. } => 5,
            Self::Unschedulable { .. } => 6,
            Self::ProgressDeadline { .. } => 7,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.workload, self.cause)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it is not there"),
            Self::UnboundClaim { claim, problem } => write!(f, "the volume claim \"{claim}\" is not bound: {problem}"),
            Self::ReplicaFailure { message } => write!(f, "its Pods cannot be made: {message}"),
            Self::Config {
                pod,
                container,
                message,
            } => {
                write!(
                    f,
                    "container \"{container}\" of Pod \"{pod}\" cannot be configured: {message}"
                )
            }
            Self::ImagePull {
                pod,
                container,
                image,
                message,
            } => {
                write!(
                    f,
                    "the image {image} of container \"{container}\" of Pod \"{pod}\" cannot be had: {message}"
                )
            }
            Self::CrashLoop {
                pod,
                container,
                ended,
                restarts,
                log,
            } => {
                write!(
                    f,
                    "container \"{container}\" of Pod \"{pod}\" crashes: {ended}, {restarts} restarts"
                )?;
                if !log.is_empty() {
                    write!(f, "; its last lines:\n{}", log.join("\n"))?;
                }
                Ok(())
            }
            Self::Unschedulable { pod, message } => write!(f, "no node takes Pod \"{pod}\": {message}"),
            Self::ProgressDeadline { message } => write!(f, "it makes no progress: {message}"),
        }
    }
}

impl fmt::Display for ClaimProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoClass => f.write_str("it names no storage class and the cluster has no default one"),
            Self::ClassNotFound(class) => write!(f, "there is no storage class \"{class}\""),
            Self::VolumeNotAvailable(volume) => {
                write!(f, "it asks for the volume \"{volume}\", which is not there or not free")
            }
            Self::NoVolume(message) => write!(f, "no volume fits: {message}"),
            Self::NotProvisioned(message) => write!(f, "its volume is not provisioned: {message}"),
            Self::Lost => f.write_str("its volume was lost"),
            Self::Unknown => f.write_str("the cluster gives no reason"),
        }
    }
}
