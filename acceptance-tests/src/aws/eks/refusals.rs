//! Errors of EKS.

use serde_json::json;

use super::super::refusal::Answered;

/// Something is not as it should be in the parameters.
pub(super) fn invalid(message: &str) -> Answered {
    Answered::new(400, "InvalidParameterException", message)
}

/// Something cannot be done as things are.
pub(super) fn not_now(message: &str) -> Answered {
    Answered::new(400, "InvalidRequestException", message)
}

/// Something is there already, or is being changed.
pub(super) fn in_use(message: &str) -> Answered {
    Answered::new(409, "ResourceInUseException", message)
}

/// There is no such cluster.
pub(super) fn no_cluster(name: &str) -> Answered {
    let mut answered = not_found(&format!("No cluster found for name: {name}."));
    answered.members.insert("clusterName".to_owned(), json!(name));
    answered
}

/// There is no such thing.
pub(super) fn not_found(message: &str) -> Answered {
    Answered::new(404, "ResourceNotFoundException", message)
}

/// There is nothing with such an ARN; operations on tags have their own word for it.
pub(super) fn no_resource(arn: &str) -> Answered {
    Answered::new(404, "NotFoundException", &format!("No resource found for ARN {arn}"))
}

/// The lab does not play it. The answer is no error of EKS, so the test fails and says so.
pub(super) fn unplayed(operation: &str) -> Answered {
    Answered::new(501, "NotPlayedByTheLab", &format!("the lab does not play {operation}"))
}
