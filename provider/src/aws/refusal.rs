//! What a service of AWS says when it refuses a call: a code, a message, and the id of the request.

use std::fmt;

/// A service's answer to a call that it refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// The code, such as `ResourceNotFoundException`; empty if there was none.
    pub code: String,
    /// What the service says, for people.
    pub message: String,
    /// By which the support of AWS finds the request.
    pub request_id: Option<String>,
    /// The status of HTTP.
    pub status: u16,
}

/// What a refusal means, whichever service it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The credentials are too old.
    Expired,
    /// The credentials are not those of anybody, or the signature is wrong.
    Invalid,
    /// A permission is missing.
    Denied,
    /// There are too many calls.
    Throttled,
    /// What was asked for is not there.
    NotFound,
    /// The service failed by itself.
    Failed,
    /// It does not want what it was asked to do.
    Refused,
}

/// What a message about a missing permission says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denial {
    /// Who asked: an ARN.
    pub principal: Option<String>,
    /// The action, such as `eks:DescribeCluster`.
    pub action: Option<String>,
    /// On what: an ARN.
    pub resource: Option<String>,
}

/// Codes for credentials that are too old.
pub(super) const EXPIRED: [&str; 4] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
];
const INVALID: [&str; 8] = [
    "AuthFailure",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];
const DENIED: [&str; 4] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedException",
    "UnauthorizedOperation",
];
/// Codes for too many calls.
pub(super) const THROTTLED: [&str; 8] = [
    "BandwidthLimitExceeded",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];
const NOT_FOUND: [&str; 8] = [
    "LoadBalancerNotFound",
    "NatGatewayNotFound",
    "NoSuchEntity",
    "NoSuchEntityException",
    "NoSuchResourceException",
    "NotFoundException",
    "ResourceNotFoundException",
    "TargetGroupNotFound",
];
const FAILED: [&str; 6] = [
    "InternalError",
    "InternalFailure",
    "ServerException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "Unavailable",
];

impl Refusal {
    /// What it means.
    pub(super) fn meaning(&self) -> Meaning {
        let code = self.code.as_str();
        // Nobody else's clients say it by a code of its own.
        let no_cluster = code == "ClientException" && self.message.starts_with("No cluster found for name:");
        match self.status {
            _ if EXPIRED.contains(&code) => Meaning::Expired,
            _ if INVALID.contains(&code) => Meaning::Invalid,
            _ if DENIED.contains(&code) => Meaning::Denied,
            _ if THROTTLED.contains(&code) => Meaning::Throttled,
            _ if NOT_FOUND.contains(&code) || is_not_found(code) || no_cluster => Meaning::NotFound,
            _ if FAILED.contains(&code) => Meaning::Failed,
            429 => Meaning::Throttled,
            500.. => Meaning::Failed,
            _ => Meaning::Refused,
        }
    }

    /// What it says of a missing permission.
    pub(super) fn denial(&self) -> Denial {
        let after = |words: &str| {
            let (_, rest) = self.message.split_once(words)?;
            let word = rest.split_whitespace().next()?;
            Some(word.trim_end_matches(['.', ',']).to_owned())
        };
        Denial {
            principal: after("User: "),
            action: after("not authorized to perform: "),
            resource: after("on resource: "),
        }
    }
}

/// How EC2 says it: of launch templates with one word more.
fn is_not_found(code: &str) -> bool {
    code.ends_with(".NotFound") || code.ends_with(".NotFoundException")
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only AWS can read what comes after it, by another call that needs a permission of its own.
        let message = self.message.split("Encoded authorization failure message").next();
        let message = message.unwrap_or_default().trim().trim_end_matches('.');
        match (self.code.as_str(), message) {
            ("", "") => write!(f, "status {}", self.status),
            ("", message) => f.write_str(message),
            (code, "") => f.write_str(code),
            (code, message) => write!(f, "{code}, {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: &str, message: &str, status: u16) -> Refusal {
        Refusal {
            code: code.to_owned(),
            message: message.to_owned(),
            request_id: None,
            status,
        }
    }

    #[test]
    fn codes_of_all_services_come_down_to_a_few_meanings() {
        for (code, message, status, meaning) in [
            ("ExpiredTokenException", "", 403, Meaning::Expired),
            ("RequestExpired", "", 400, Meaning::Expired),
            ("AuthFailure", "", 401, Meaning::Invalid),
            ("UnauthorizedOperation", "", 403, Meaning::Denied),
            ("AccessDeniedException", "", 403, Meaning::Denied),
            ("RequestLimitExceeded", "", 503, Meaning::Throttled),
            ("", "", 429, Meaning::Throttled),
            ("InvalidVpcID.NotFound", "", 400, Meaning::NotFound),
            ("ResourceNotFoundException", "", 404, Meaning::NotFound),
            (
                "InvalidLaunchTemplateName.NotFoundException",
                "",
                400,
                Meaning::NotFound,
            ),
            (
                "ClientException",
                "No cluster found for name: moh.",
                400,
                Meaning::NotFound,
            ),
            ("ClientException", "Something else", 400, Meaning::Refused),
            ("", "not found", 404, Meaning::Refused),
            ("InternalError", "", 500, Meaning::Failed),
            ("", "", 502, Meaning::Failed),
            // A quota is none of the calls' number.
            ("VpcLimitExceeded", "", 400, Meaning::Refused),
            ("DependencyViolation", "", 400, Meaning::Refused),
        ] {
            assert_eq!(
                refusal(code, message, status).meaning(),
                meaning,
                "{code} {message} {status}"
            );
        }
    }

    #[test]
    fn a_missing_permission_names_who_what_and_on_what() {
        let text = "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/ops is not authorized \
                    to perform: ec2:CreateVpc on resource: arn:aws:ec2:eu-west-2:123456789012:vpc/* because no identity-based \
                    policy allows the ec2:CreateVpc action. Encoded authorization failure message: iu0dZ3Kz";
        let refusal = refusal("UnauthorizedOperation", text, 403);
        let denial = refusal.denial();
        assert_eq!(denial.principal.as_deref(), Some("arn:aws:iam::123456789012:user/ops"));
        assert_eq!(denial.action.as_deref(), Some("ec2:CreateVpc"));
        assert_eq!(
            denial.resource.as_deref(),
            Some("arn:aws:ec2:eu-west-2:123456789012:vpc/*")
        );
        let shown = refusal.to_string();
        assert!(shown.ends_with("the ec2:CreateVpc action"), "{shown}");
        assert_eq!(super::Refusal::default().denial(), Denial::default());
    }
}
