//! What can go wrong with AWS, and the questions that callers ask about it.
//!
//! A variant is what became of a call, with what a person needs to act on it; no variant holds a secret.
//! [`super::diagnostics`] says the same in a user's words, with what to do next. [`super::failure`] makes most of them.

#![warn(clippy::wildcard_enum_match_arm)]

use std::fmt;
use std::sync::Arc;

use super::refusal::Refusal;

/// A failure on the way to AWS, or in it.
#[expect(missing_docs, reason = "the message of each variant says what it is")]
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("the provider block takes `aws` from something that does not exist yet")]
    NotKnownYet,
    #[error("neither the provider block nor the environment nor the profile says which region of AWS is meant")]
    NoRegion,
    #[error("there are no credentials for AWS")]
    NoCredentials {
        #[source]
        source: Cause,
    },
    #[error("the credentials for AWS cannot be had")]
    Credentials {
        #[source]
        source: Cause,
    },
    #[error("the credentials are for the account {is}; allowed are: {}", allowed.join(", "))]
    WrongAccount { is: String, allowed: Vec<String> },
    #[error("unable to prepare calls of AWS")]
    Prepare {
        #[source]
        source: Cause,
    },
    #[error("unable to sign the call {call}")]
    Sign {
        call: Call,
        #[source]
        source: Cause,
    },
    #[error("AWS cannot be reached for {call}")]
    Unreachable {
        call: Call,
        #[source]
        source: Cause,
    },
    #[error("AWS gave no answer to {call} in time")]
    Timeout { call: Call },
    #[error("AWS gave no answer to {call}")]
    Exchange {
        call: Call,
        #[source]
        source: Cause,
    },
    #[error("the answer to {call} cannot be understood")]
    Answer {
        call: Call,
        #[source]
        source: Cause,
    },
    #[error("the answer to {call} lacks {what}")]
    Lacks { call: Call, what: &'static str },
    #[error("the credentials have expired before {call}")]
    Expired {
        call: Call,
        #[source]
        source: Box<Refusal>,
    },
    #[error("AWS does not know these credentials for {call}")]
    Invalid {
        call: Call,
        #[source]
        source: Box<Refusal>,
    },
    #[error("{call} is not allowed")]
    Denied {
        call: Call,
        #[source]
        source: Box<Refusal>,
    },
    #[error("AWS asks for fewer calls of {call}")]
    Throttled {
        call: Call,
        #[source]
        source: Box<Refusal>,
    },
    #[error("{call} found nothing")]
    NotFound {
        call: Call,
        #[source]
        source: Box<Refusal>,
    },
    #[error("AWS failed by itself in {call}")]
    Server {
        call: Call,
        #[source]
        source: Box<Refusal>,
    },
    #[error("AWS refuses {call}")]
    Refused {
        call: Call,
        #[source]
        source: Box<Refusal>,
    },
    #[error("there is {what} already, and it is for something else")]
    Foreign { what: String },
    #[error("the token for the cluster would have {length} bytes, and API servers take {most} at most")]
    TokenTooLong { length: usize, most: usize },
    #[error("cancelled while AWS was asked for {call}")]
    Interrupted { call: Call },
}

/// What another library says of a failure.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// A call, as permissions name it, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The service, such as `eks`.
    pub service: &'static str,
    /// The operation, such as `DescribeCluster`.
    pub operation: &'static str,
    /// The region.
    pub region: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} in {}", self.service, self.operation, self.region)
    }
}

impl Error {
    /// Whether what was asked for is definitely not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether work was given up because the operation ends.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        matches!(self, Self::Interrupted { .. })
    }

    /// Whether the call may have been carried out all the same.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        matches!(
            self,
            Self::Timeout { .. } | Self::Exchange { .. } | Self::Server { .. } | Self::Answer { .. }
        )
    }

    /// Whether the call was certainly not carried out, and may be a little later. Its client has tried several times.
    #[must_use]
    pub fn is_not_carried_out(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Throttled { .. })
    }

    /// Whether something could only not be looked at now.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        self.is_not_carried_out() || self.is_unanswered()
    }

    /// Whether it was refused with this code.
    #[must_use]
    pub fn is_refused_with(&self, code: &str) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code == code)
    }

    /// The call that failed, if it was one.
    #[must_use]
    pub fn call(&self) -> Option<&Call> {
        match self {
            Self::Sign { call, .. }
            | Self::Unreachable { call, .. }
            | Self::Timeout { call }
            | Self::Exchange { call, .. }
            | Self::Answer { call, .. }
            | Self::Lacks { call, .. }
            | Self::Expired { call, .. }
            | Self::Invalid { call, .. }
            | Self::Denied { call, .. }
            | Self::Throttled { call, .. }
            | Self::NotFound { call, .. }
            | Self::Server { call, .. }
            | Self::Refused { call, .. }
            | Self::Interrupted { call } => Some(call),
            Self::NotKnownYet
            | Self::NoRegion
            | Self::NoCredentials { .. }
            | Self::Credentials { .. }
            | Self::WrongAccount { .. }
            | Self::Prepare { .. }
            | Self::Foreign { .. }
            | Self::TokenTooLong { .. } => None,
        }
    }

    /// What the service said, if it did.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Expired { source, .. }
            | Self::Invalid { source, .. }
            | Self::Denied { source, .. }
            | Self::Throttled { source, .. }
            | Self::NotFound { source, .. }
            | Self::Server { source, .. }
            | Self::Refused { source, .. } => Some(source.as_ref()),
            Self::NotKnownYet
            | Self::NoRegion
            | Self::NoCredentials { .. }
            | Self::Credentials { .. }
            | Self::WrongAccount { .. }
            | Self::Prepare { .. }
            | Self::Sign { .. }
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Exchange { .. }
            | Self::Answer { .. }
            | Self::Lacks { .. }
            | Self::Foreign { .. }
            | Self::TokenTooLong { .. }
            | Self::Interrupted { .. } => None,
        }
    }
}

/// What a look-up has found: that there is nothing is no failure.
pub(super) fn found<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// What became of a removal: that there was nothing to remove is success.
pub(super) fn gone<T>(answer: Result<T, Error>) -> Result<(), Error> {
    match answer {
        Err(error) if !error.is_not_found() => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &'static str) -> Call {
        Call {
            service: "ec2",
            operation,
            region: "eu-west-2".to_owned(),
        }
    }

    #[test]
    fn a_call_is_named_as_permissions_name_it() {
        assert_eq!(call("CreateVpc").to_string(), "ec2:CreateVpc in eu-west-2");
    }
}
