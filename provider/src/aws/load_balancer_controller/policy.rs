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

/// To tag what there is.
const TAG: &[&str] = &["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"];

/// The document, for the partition of a region, such as `aws`.
pub(super) fn document(partition: &str) -> Value {
    let linked = json!({ "StringEquals": { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" } });
    let mut statements = vec![
        allow(&["iam:CreateServiceLinkedRole"], json!("*"), linked),
        allow(LOOKED_AT, json!("*"), Value::Null),
        allow(PROTECTION, json!("*"), Value::Null),
    ];
    statements.extend(security_groups(partition));
    statements.extend(load_balancers(partition));
    statements.extend(listeners(partition));
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Security groups: rules are changed in those of nodes, too.
fn security_groups(partition: &str) -> Vec<Value> {
    let all = json!(format!("arn:{partition}:ec2:*:*:security-group/*"));
    let creating = json!({
        "StringEquals": { "ec2:CreateAction": "CreateSecurityGroup" }, "Null": requested(false),
    });
    let free = &[
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateSecurityGroup",
        "ec2:RevokeSecurityGroupIngress",
    ];
    vec![
        allow(free, json!("*"), Value::Null),
        allow(&["ec2:CreateTags"], all.clone(), creating),
        allow(
            &["ec2:CreateTags", "ec2:DeleteTags"],
            all,
            json!({ "Null": untouched() }),
        ),
        allow(&["ec2:DeleteSecurityGroup"], json!("*"), json!({ "Null": owned() })),
    ]
}

fn load_balancers(partition: &str) -> Vec<Value> {
    let tagged = balancing(
        partition,
        &["targetgroup/*/*", "loadbalancer/app/*/*", "loadbalancer/net/*/*"],
    );
    let creating = json!({
        "StringEquals": { "elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateLoadBalancer"] },
        "Null": requested(false),
    });
    vec![
        allow(
            &[
                "elasticloadbalancing:CreateLoadBalancer",
                "elasticloadbalancing:CreateTargetGroup",
            ],
            json!("*"),
            json!({ "Null": requested(false) }),
        ),
        allow(&["elasticloadbalancing:AddTags"], tagged.clone(), creating),
        allow(TAG, tagged, json!({ "Null": untouched() })),
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
            json!({ "Null": owned() }),
        ),
    ]
}

/// Listeners, their rules, and targets.
fn listeners(partition: &str) -> Vec<Value> {
    let parts = [
        "listener/app/*/*/*",
        "listener/net/*/*/*",
        "listener-rule/app/*/*/*",
        "listener-rule/net/*/*/*",
    ];
    let targets = &[
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:RegisterTargets",
    ];
    vec![
        allow(TAG, balancing(partition, &parts), Value::Null),
        allow(targets, balancing(partition, &["targetgroup/*/*"]), Value::Null),
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
            Value::Null,
        ),
    ]
}

/// The ARNs of all things of these kinds.
fn balancing(partition: &str, kinds: &[&str]) -> Value {
    let arn = |kind: &&str| json!(format!("arn:{partition}:elasticloadbalancing:*:*:{kind}"));
    kinds.iter().map(arn).collect()
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
