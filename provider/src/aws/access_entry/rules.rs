//! What the attributes of an access entry accept.

use tf_framework::schema::Validator;
use tf_framework::value::Value;

/// What the names of groups and users must not begin with: they would be those of Kubernetes or AWS itself.
const RESERVED: [&str; 5] = ["system:", "eks:", "aws:", "amazon:", "iam:"];

/// A user or a role.
pub(in crate::aws) fn principal() -> Validator {
    Validator::new("the ARN of a user or role of IAM", |value| {
        let arn = value.as_str().unwrap_or_default();
        if arn.contains(":assumed-role/") {
            return Err(format!(
                "`{arn}` is the session of a role. Give the role: `arn:aws:iam::<account>:role/<path and name>`."
            ));
        }
        let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
        if arn.contains(":iam::") && (resource.starts_with("role/") || resource.starts_with("user/")) {
            return Ok(());
        }
        Err(format!(
            "`{arn}` is not the ARN of a user or role of IAM, such as `arn:aws:iam::123456789012:role/operators`."
        ))
    })
}

/// The name of a group or a user.
pub(in crate::aws) fn group() -> Validator {
    Validator::new("a name that belongs neither to Kubernetes nor to AWS", |value| {
        let name = value.as_str().unwrap_or_default();
        match RESERVED.iter().find(|prefix| name.starts_with(**prefix)) {
            Some(prefix) => Err(format!(
                "EKS takes no name that begins with `{prefix}`. Rights of `system:masters` are in the policy \
                 `AmazonEKSClusterAdminPolicy`."
            )),
            None => Ok(()),
        }
    })
}

/// Policies by name or ARN.
pub(in crate::aws) fn policies() -> Validator {
    Validator::new("policies by name or ARN", |value| {
        let Value::Map(policies) = value else { return Ok(()) };
        policies.keys().try_for_each(|name| policy(name))
    })
}

fn policy(name: &str) -> Result<(), String> {
    let bare = match name.split_once(":eks::aws:cluster-access-policy/") {
        Some((partition, bare)) if partition.starts_with("arn:aws") => bare,
        _ => name,
    };
    if !bare.is_empty() && bare.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(format!(
        "`{name}` is no access policy of EKS, such as `AmazonEKSViewPolicy`. Policies of IAM mean nothing in a cluster."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaint_11_a_session_is_no_principal_and_a_role_keeps_its_path() {
        let check = |arn: &str| principal().check(&Value::from(arn));
        assert_eq!(check("arn:aws:iam::123456789012:role/teams/operators"), Ok(()));
        let of_sso = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/af-south-1/AWSReservedSSO_Ops_0a1b2c3d4e5f6071";
        assert_eq!(check(of_sso), Ok(()));
        assert_eq!(check("arn:aws-cn:iam::123456789012:user/amina"), Ok(()));
        let refused = check("arn:aws:sts::123456789012:assumed-role/operators/amina").unwrap_err();
        assert!(refused.contains("Give the role"), "{refused}");
        assert!(check("arn:aws:iam::123456789012:group/operators").is_err());
    }

    #[test]
    fn policies_of_iam_are_none_of_eks() {
        for accepted in [
            "AmazonEKSViewPolicy",
            "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
        ] {
            assert_eq!(policy(accepted), Ok(()), "{accepted}");
        }
        for refused in ["arn:aws:iam::aws:policy/AmazonEKSClusterPolicy", "view only", ""] {
            assert!(policy(refused).is_err(), "{refused}");
        }
        assert!(group().check(&Value::from("system:masters")).is_err());
    }
}
