//! What the controller may do in AWS: a policy of its role's own.
//!
//! It may look at networks and load balancers of the whole region, and make some. It may change and remove only what it
//! has made: what has the tag `elbv2.k8s.aws/cluster`, as conditions say; the tag itself can neither be set on what
//! exists nor taken off. Calls that AWS cannot bind to a tag, such as those about rules of listeners, are free.
//! What [every call needs](https://docs.aws.amazon.com/service-authorization/latest/reference/) is in AWS's reference.

use serde_json::{Value, json};

/// The name of the policy.
pub(super) const NAME: &str = "load-balancer-controller";

/// By which the controller knows what it has made.
const OWN_TAG: &str = "elbv2.k8s.aws/cluster";

const LOOKED_AT: &[&str] = &[
    "acm:DescribeCertificate",
    "acm:ListCertificates",
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeIpamPools",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "ec2:DescribeCoipPools",
    "ec2:GetCoipPoolUsage",
    "ec2:GetSecurityGroupsForVpc",
    "elasticloadbalancing:Describe*",
    "iam:GetServerCertificate",
    "iam:ListServerCertificates",
    "cognito-idp:DescribeUserPoolClient",
    "shield:DescribeProtection",
    "shield:GetSubscriptionState",
    "waf-regional:GetWebACL",
    "waf-regional:GetWebACLForResource",
    "wafv2:GetWebACL",
    "wafv2:GetWebACLForResource",
];

/// Rules of firewalls and shields, for load balancers whose Ingresses ask for them.
const PROTECTION: &[&str] = &[
    "shield:CreateProtection",
    "shield:DeleteProtection",
    "waf-regional:AssociateWebACL",
    "waf-regional:DisassociateWebACL",
    "wafv2:AssociateWebACL",
    "wafv2:DisassociateWebACL",
];

/// The document, for the partition of a region, such as `aws`.
pub(super) fn document(partition: &str) -> Value {
    let arn = |rest: &str| format!("arn:{partition}:{rest}");
    let balancing = |kinds: &[&str]| -> Vec<String> {
        let kinds = kinds
            .iter()
            .map(|kind| arn(&format!("elasticloadbalancing:*:*:{kind}")));
        kinds.collect()
    };
    let all_groups = arn("ec2:*:*:security-group/*");
    let tagged = balancing(&["targetgroup/*/*", "loadbalancer/app/*/*", "loadbalancer/net/*/*"]);
    let parts = balancing(&[
        "listener/app/*/*/*",
        "listener/net/*/*/*",
        "listener-rule/app/*/*/*",
        "listener-rule/net/*/*/*",
    ]);
    let mut creating = json!({ "StringEquals": { "ec2:CreateAction": "CreateSecurityGroup" } });
    creating["Null"] = requested(false);
    let mut creating_balancers = json!({
        "StringEquals": { "elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateLoadBalancer"] },
    });
    creating_balancers["Null"] = requested(false);
    let of_balancing = "elasticloadbalancing.amazonaws.com";
    let statements = json!([
        allow(
            &["iam:CreateServiceLinkedRole"],
            json!("*"),
            json!({ "StringEquals": { "iam:AWSServiceName": of_balancing } })
        ),
        allow(LOOKED_AT, json!("*"), Value::Null),
        allow(PROTECTION, json!("*"), Value::Null),
        // Security groups: the rules of those of nodes are changed, too.
        allow(
            &[
                "ec2:CreateSecurityGroup",
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:RevokeSecurityGroupIngress"
            ],
            json!("*"),
            Value::Null
        ),
        allow(&["ec2:CreateTags"], json!(all_groups), creating),
        allow(
            &["ec2:CreateTags", "ec2:DeleteTags"],
            json!(all_groups),
            json!({ "Null": untouched() })
        ),
        allow(&["ec2:DeleteSecurityGroup"], json!("*"), json!({ "Null": owned() })),
        // Load balancers and target groups.
        allow(
            &[
                "elasticloadbalancing:CreateLoadBalancer",
                "elasticloadbalancing:CreateTargetGroup"
            ],
            json!("*"),
            json!({ "Null": requested(false) })
        ),
        allow(&["elasticloadbalancing:AddTags"], json!(tagged), creating_balancers),
        allow(
            &["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
            json!(tagged),
            json!({ "Null": untouched() })
        ),
        allow(
            &[
                "elasticloadbalancing:DeleteLoadBalancer",
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:ModifyCapacityReservation",
                "elasticloadbalancing:ModifyIpPools",
                "elasticloadbalancing:ModifyListenerAttributes",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:SetIpAddressType",
                "elasticloadbalancing:SetSecurityGroups",
                "elasticloadbalancing:SetSubnets",
            ],
            json!("*"),
            json!({ "Null": owned() })
        ),
        // Listeners, rules and targets.
        allow(
            &["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
            json!(parts),
            Value::Null
        ),
        allow(
            &[
                "elasticloadbalancing:AddListenerCertificates",
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:CreateRule",
                "elasticloadbalancing:DeleteListener",
                "elasticloadbalancing:DeleteRule",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyRule",
                "elasticloadbalancing:RemoveListenerCertificates",
                "elasticloadbalancing:SetRulePriorities",
                "elasticloadbalancing:SetWebAcl",
            ],
            json!("*"),
            Value::Null
        ),
        allow(
            &[
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:RegisterTargets"
            ],
            json!(balancing(&["targetgroup/*/*"])),
            Value::Null
        ),
    ]);
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn allow(actions: &[&str], resource: Value, condition: Value) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": actions, "Resource": resource });
    if !condition.is_null() {
        statement["Condition"] = condition;
    }
    statement
}

/// A request has the tag, or it does not: IAM asks whether it is missing.
fn requested(is_missing: bool) -> Value {
    json!({ format!("aws:RequestTag/{OWN_TAG}"): is_missing.to_string() })
}

/// What has the tag.
fn owned() -> Value {
    json!({ format!("aws:ResourceTag/{OWN_TAG}"): "false" })
}

/// What has the tag, in a request that is about other tags.
fn untouched() -> Value {
    let mut keys = requested(true);
    keys[format!("aws:ResourceTag/{OWN_TAG}")] = json!("false");
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long the own policies of a role may be together, without whitespace.
    const LIMIT: usize = 10_240;

    #[test]
    fn what_is_removed_or_changed_as_a_whole_has_the_tag() {
        let document = document("aws");
        assert!(document.to_string().len() < LIMIT);
        let statements = document["Statement"].as_array().unwrap();
        for statement in statements {
            for action in statement["Action"].as_array().unwrap() {
                let action = action.as_str().unwrap();
                let is_bound = statement["Condition"].to_string().contains(OWN_TAG);
                let needs = [
                    "DeleteLoadBalancer",
                    "DeleteTargetGroup",
                    "DeleteSecurityGroup",
                    "CreateLoadBalancer",
                ];
                let needs = needs.iter().any(|one| action.ends_with(one));
                assert!(!needs || is_bound, "{action}");
                assert!(!action.ends_with(":*") && action != "*", "{action}");
            }
        }
        assert!(super::document("aws-cn").to_string().contains("arn:aws-cn:ec2"));
    }
}
