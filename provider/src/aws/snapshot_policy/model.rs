//! The attributes of `cht_snapshot_policy`, in schema order.

use std::collections::BTreeMap;

use aws_sdk_dlm::types::LifecyclePolicy;
use tf_framework::custom_types::{Arn, Text};
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::rules;
use super::super::tags::{self, Tags};
use super::details;

/// Manages a policy by which AWS makes snapshots of volumes by itself, and deletes the old ones: of all volumes in the
/// region that have one of the `target_tags`, such as those of `cht_ebs_volume`.
///
/// Without `execution_role_arn` it has a role of its own. Volumes that are encrypted with a key of your own need a role
/// that may use that key.
///
/// Destroying it makes AWS stop. The snapshots that there are stay, and nobody deletes them any more.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "10m", read = "5m", update = "10m", delete = "10m"))]
pub struct SnapshotPolicyModel {
    /// Name of the policy, which AWS shows as its description. It is the only one of this name in the region.
    #[tf(replace, validate(details::name()))]
    pub name: String,
    /// Tags of volumes: those with one of them are chosen.
    #[tf(validate(Validator::not_empty(), Validator::length(1..=50)))]
    pub target_tags: BTreeMap<String, String>,
    /// When snapshots are made.
    pub schedule: Schedule,
    /// How long they are kept.
    pub retain: Retain,
    /// Whether the snapshots get the tags of their volumes, by which `data.cht_ebs_snapshot` finds them.
    #[tf(default = true)]
    pub copy_tags: bool,
    /// Further tags of the snapshots.
    #[tf(validate(Validator::not_empty(), Validator::length(1..=45)))]
    pub tags_to_add: Option<BTreeMap<String, String>>,
    /// Whether snapshots are made.
    #[tf(default = true)]
    pub enabled: bool,
    /// ARN of the role by which AWS makes and deletes snapshots. Default: one is made.
    pub execution_role_arn: Option<Text<Arn>>,
    /// Tags of the policy itself, beside the provider's `default_tags`.
    #[tf(validate(rules::tags()))]
    pub tags: Option<BTreeMap<String, String>>,
    /// Id of the policy, such as `policy-0a1b2c3d4e5f60718`.
    #[tf(keep_non_null)]
    pub id: Attr<String>,
    /// ARN of the policy.
    #[tf(keep_non_null)]
    pub arn: Attr<String>,
    /// What differs from what was made, one line for each difference. The next apply puts it right.
    pub drift: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// When snapshots are made: every so many hours, or by an expression.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct Schedule {
    /// Every so many hours: 1, 2, 3, 4, 6, 8, 12 or 24.
    #[tf(validate(Validator::one_of_numbers([1, 2, 3, 4, 6, 8, 12, 24])))]
    pub interval_hours: Option<u32>,
    /// Time of day in UTC at which the first one is made, within an hour. Default: `02:00`.
    #[tf(validate(details::time()))]
    pub time: Option<String>,
    /// Expression such as `cron(0 2 ? * SUN *)`, in UTC, in place of hours.
    #[tf(validate(details::cron()))]
    pub cron_expression: Option<String>,
}

/// How long snapshots are kept: so many of each volume, or so many days.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct Retain {
    /// How many of each volume are kept, 1000 at most.
    #[tf(validate(Validator::between(1..=1000)))]
    pub count: Option<u32>,
    /// For how many days each is kept.
    #[tf(validate(Validator::between(1..=36500)))]
    pub days: Option<u32>,
}

/// What names a policy.
#[derive(Clone, Debug, Identity)]
pub struct SnapshotPolicyIdentity {
    /// Id of the policy.
    pub id: String,
}

impl IdentityOf<SnapshotPolicyModel> for SnapshotPolicyIdentity {
    fn of(policy: &SnapshotPolicyModel) -> Option<Self> {
        let id = policy.id.known()?.clone();
        Some(SnapshotPolicyIdentity { id })
    }
}

impl SnapshotPolicyModel {
    /// The id; empty as long as there is none.
    pub(super) fn id(&self) -> &str {
        self.id.known().map(String::as_str).unwrap_or_default()
    }

    /// With what DLM says.
    pub(super) fn observed(mut self, policy: &LifecyclePolicy) -> Self {
        if let Some(details) = policy.policy_details() {
            self = details::observed(self, details);
        }
        self.name = policy.description().unwrap_or_default().to_owned();
        self.enabled = policy.state().is_none_or(|state| state.as_str() != "DISABLED");
        let role = policy.execution_role_arn();
        if let (Some(_), Some(role)) = (&self.execution_role_arn, role.and_then(|arn| arn.parse().ok())) {
            self.execution_role_arn = Some(role);
        }
        self.tags = tags::observed(self.tags.as_ref(), &tags_of(policy));
        self.id = policy.policy_id().map(str::to_owned).into();
        self.arn = policy.policy_arn().map(str::to_owned).into();
        self.drift = Attr::Known(Vec::new());
        self
    }

    /// A policy of which only what DLM knows is known.
    pub(super) fn imported(policy: &LifecyclePolicy, own_role: &str, defaults: &Tags) -> Self {
        let role = policy
            .execution_role_arn()
            .filter(|arn| !arn.ends_with(&format!("/{own_role}")));
        let model = SnapshotPolicyModel {
            name: String::new(),
            target_tags: BTreeMap::new(),
            schedule: Schedule {
                interval_hours: None,
                time: None,
                cron_expression: None,
            },
            retain: Retain {
                count: None,
                days: None,
            },
            copy_tags: true,
            tags_to_add: None,
            enabled: true,
            execution_role_arn: role.and_then(|arn| arn.parse().ok()),
            tags: tags::of_user(&tags_of(policy), defaults),
            id: Attr::Null,
            arn: Attr::Null,
            drift: Attr::Null,
            timeouts: Timeouts::default(),
        };
        model.observed(policy)
    }
}

/// The tags of a policy.
pub(super) fn tags_of(policy: &LifecyclePolicy) -> Tags {
    policy.tags().cloned().unwrap_or_default().into_iter().collect()
}
