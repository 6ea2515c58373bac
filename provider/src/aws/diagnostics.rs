//! Failures of AWS, as users are told of them: what was attempted, why it failed, which attribute of the provider's
//! [`aws`](super::attribute) is to blame, and what to do next.

use std::fmt::Write as _;

use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use super::error::Error;
use crate::wording::sentence;

/// The attribute of the provider block.
pub const ATTRIBUTE: &str = "aws";

/// What turns errors into diagnostics with this summary, for `map_err`.
pub fn explained(summary: &str) -> impl Fn(Error) -> Diagnostics + '_ {
    move |error| explain(summary, &error)
}

/// An error in a user's words.
pub fn explain(summary: &str, error: &Error) -> Diagnostics {
    if error.is_interrupted() {
        return Diagnostics::error(
            "Operation cancelled",
            format!(
                "{}.\n\nNothing is lost: what an apply had done so far is kept, and the next one goes on.",
                sentence(&error_chain(error))
            ),
        );
    }
    Diagnostic::error(
        summary,
        format!(
            "{}.{}\n\n{}",
            sentence(&error_chain(error)),
            facts(error),
            advice(error)
        ),
    )
    .into()
}

/// What helps to find out more, a line for each.
fn facts(error: &Error) -> String {
    let mut facts = String::new();
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            let separator = if facts.is_empty() { "\n\n" } else { "\n" };
            let _ = write!(facts, "{separator}{name}: {value}");
        }
    };
    if let Some(refusal) = error.refusal() {
        if let Error::Denied { call, .. } = error {
            let denial = refusal.denial();
            let named = format!("{}:{}", call.service, call.operation);
            add("Principal", denial.principal.as_deref());
            add("Action", Some(denial.action.as_deref().unwrap_or(&named)));
            add("Resource", denial.resource.as_deref());
        }
        add("Request id", refusal.request_id.as_deref());
    }
    facts
}

/// What to do next about a token that API servers would not take.
const TOO_LONG: &str = "The credentials have a long session token. Use those of a role that is assumed with `aws.assume_role` in the \
                        provider block: theirs is shorter.";

/// What to do next.
pub(super) fn advice(error: &Error) -> &'static str {
    match error {
        Error::NotKnownYet => "AWS has to be asked now. Apply what it depends on first.",
        Error::NoRegion => {
            "Give `aws.region` in the provider block, or set AWS_REGION. A profile is looked for in `~/.aws/config`, or where \
             AWS_CONFIG_FILE says."
        }
        Error::NoCredentials { .. } => {
            "Log in as for the other tools of AWS: with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with `aws.profile` in the \
             provider block, or with `aws sso login`. Outside of AWS, AWS_EC2_METADATA_DISABLED=true saves the search for a machine's \
             own."
        }
        Error::Credentials { .. } => {
            "Log in again, such as with `aws sso login`, and check `aws.profile` and `aws.assume_role` in the provider block: whoever \
             assumes a role needs `sts:AssumeRole` on it, and the role has to trust them. Nothing is lost; apply again."
        }
        Error::WrongAccount { .. } => {
            "Nothing was done. Use credentials of an allowed account, or change `aws.allowed_account_ids` in the provider block."
        }
        Error::Prepare { .. } | Error::Sign { .. } => "This is a bug in the cht provider; please report it.",
        Error::Unreachable { .. } => {
            "Check `aws.region` and `aws.endpoints` in the provider block, and that this machine may reach AWS there, by HTTPS_PROXY if \
             need be."
        }
        Error::Timeout { .. } | Error::Exchange { .. } | Error::Server { .. } => {
            "Whether it was done is not known. Apply again: what was done is found, and the rest is done."
        }
        Error::Answer { .. } | Error::Lacks { .. } => {
            "Check `aws.endpoints` in the provider block and the environment variables AWS_ENDPOINT_URL…, and that no proxy answers in \
             place of AWS."
        }
        Error::Expired { .. } => {
            "Nothing is lost: log in again, such as with `aws sso login`, and apply again. What was done so far is in the state, and what \
             AWS has begun goes on there."
        }
        Error::Invalid { .. } => {
            "Check the keys, and that they are for the partition of the region. If they are right, the clock of this machine may be wrong: \
             AWS takes signatures of the last minutes only. A region that the account has not enabled yet, such as af-south-1, knows no keys \
             of it either."
        }
        Error::Denied { .. } => {
            "Let an administrator of the account allow this action, in a policy of the user or role, and apply again. If a policy does, a \
             boundary of permissions or a policy of the organization may forbid it."
        }
        Error::Throttled { .. } => {
            "It was tried several times. Others in the account make calls too. Apply again later, with a smaller `-parallelism` or a larger \
             `aws.max_retries` in the provider block."
        }
        Error::NotFound { .. } => {
            "Check the name or the id, `aws.region`, and that the credentials are for the right account: what is in another region or \
             account is not seen."
        }
        Error::Refused { .. } => of_refusal(error),
        Error::Foreign { .. } => {
            "Choose another name for what is made here, or, where an attribute takes one that is there, give that. Nothing of it was \
             changed."
        }
        Error::TokenTooLong { .. } => TOO_LONG,
        Error::Interrupted { .. } => "Nothing is lost. Apply again.",
    }
}

/// What to do next about what a service does not want.
fn of_refusal(error: &Error) -> &'static str {
    match error.refusal().map_or("", |refusal| refusal.code.as_str()) {
        "AddressLimitExceeded"
        | "InternetGatewayLimitExceeded"
        | "NatGatewayLimitExceeded"
        | "ResourceLimitExceededException"
        | "RouteTableLimitExceeded"
        | "SubnetLimitExceeded"
        | "VpcEndpointLimitExceeded"
        | "VpcLimitExceeded" => {
            "The account has as many of them as its quota allows. Remove some, or ask for more under Service Quotas, and apply again."
        }
        "OptInRequired" | "SubscriptionRequiredException" => {
            "The account has to enable this region or service first, under Account in the console of AWS."
        }
        "UnsupportedAvailabilityZoneException" => {
            "AWS has no room for the API servers of another cluster in that zone now. Give subnets in the zones that it names in \
             `subnet_ids`, and apply again."
        }
        "DependencyViolation" => "Something else uses it still. Remove that, and apply again.",
        _ => "Change what is named above, and apply again: what was done so far is kept.",
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Call;
    use super::super::refusal::Refusal;
    use super::*;

    fn detail(make: fn(Call, Box<Refusal>) -> Error, message: &str) -> String {
        let call = Call {
            service: "eks",
            operation: "DescribeCluster",
            region: "af-south-1".to_owned(),
        };
        let refusal = Refusal {
            code: "AccessDeniedException".to_owned(),
            message: message.to_owned(),
            request_id: Some("0a1b".to_owned()),
            status: 403,
        };
        let diagnostics = explain("Unable to read the EKS cluster", &make(call, Box::new(refusal)));
        diagnostics.iter().next().unwrap().detail.clone()
    }

    #[test]
    fn a_missing_permission_names_its_action_and_the_request() {
        let message = "User: arn:aws:iam::123456789012:user/ops is not authorized to perform: eks:DescribeCluster on resource: \
                       arn:aws:eks:af-south-1:123456789012:cluster/moh";
        let shown = detail(|call, source| Error::Denied { call, source }, message);
        assert!(
            shown.starts_with("eks:DescribeCluster in af-south-1 is not allowed: "),
            "{shown}"
        );
        for line in [
            "Principal: arn:aws:iam::123456789012:user/ops",
            "Action: eks:DescribeCluster",
            "Resource: arn:aws:eks:af-south-1:123456789012:cluster/moh",
            "Request id: 0a1b",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
        }
        let shown = detail(|call, source| Error::Denied { call, source }, "no");
        assert!(shown.contains("\nAction: eks:DescribeCluster\n"), "{shown}");
    }

    #[test]
    fn expired_credentials_are_no_loss() {
        let shown = detail(
            |call, source| Error::Expired { call, source },
            "The security token is expired",
        );
        assert!(
            shown.contains("Nothing is lost") && shown.contains("aws sso login"),
            "{shown}"
        );
        assert!(!shown.contains("Action:"), "{shown}");
    }
}
