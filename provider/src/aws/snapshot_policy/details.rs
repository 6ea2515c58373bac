//! What a policy does, in the words of DLM and back, and what its attributes accept.

use std::collections::BTreeMap;

use aws_sdk_dlm::types::{
    CreateRule, IntervalUnitValues, PolicyDetails, PolicyTypeValues, ResourceTypeValues, RetainRule,
    RetentionIntervalUnitValues, Schedule as DlmSchedule, Tag,
};
use tf_framework::schema::Validator;

use super::model::{Retain, Schedule, SnapshotPolicyModel};

/// When the first snapshot of a day is made where nothing else is said: it is night in Africa.
const TIME: &str = "02:00";

/// The name of the only schedule that there is.
const SCHEDULE: &str = "Default Schedule";

/// The name of a policy.
pub(super) fn name() -> Validator {
    Validator::matches(
        "^[0-9A-Za-z][0-9A-Za-z _-]{0,99}$",
        "a name of 1 to 100 letters, digits, spaces, `_` or `-`, which begins with a letter or digit",
    )
}

/// A time of day.
pub(super) fn time() -> Validator {
    Validator::matches("^([01][0-9]|2[0-3]):[0-5][0-9]$", "a time of day such as `02:00`")
}

/// An expression.
pub(super) fn cron() -> Validator {
    Validator::matches(
        r"^cron\([^\n]{11,100}\)$",
        "an expression of six fields such as `cron(0 2 ? * SUN *)`",
    )
}

/// What the policy does.
pub(super) fn wanted(model: &SnapshotPolicyModel) -> PolicyDetails {
    let create = match &model.schedule.cron_expression {
        Some(expression) => CreateRule::builder().cron_expression(expression),
        None => CreateRule::builder()
            .set_interval(
                model
                    .schedule
                    .interval_hours
                    .and_then(|hours| i32::try_from(hours).ok()),
            )
            .interval_unit(IntervalUnitValues::Hours)
            .times(model.schedule.time.as_deref().unwrap_or(TIME)),
    };
    let number = |value: Option<u32>| value.and_then(|value| i32::try_from(value).ok());
    let retain = match model.retain.days {
        Some(_) => RetainRule::builder()
            .set_interval(number(model.retain.days))
            .interval_unit(RetentionIntervalUnitValues::Days),
        None => RetainRule::builder().set_count(number(model.retain.count)),
    };
    let schedule = DlmSchedule::builder()
        .name(SCHEDULE)
        .copy_tags(model.copy_tags)
        .set_tags_to_add(model.tags_to_add.as_ref().map(listed))
        .create_rule(create.build())
        .retain_rule(retain.build());
    PolicyDetails::builder()
        .policy_type(PolicyTypeValues::EbsSnapshotManagement)
        .resource_types(ResourceTypeValues::Volume)
        .set_target_tags(Some(listed(&model.target_tags)))
        .schedules(schedule.build())
        .build()
}

/// A model with what a policy does in fact.
pub(super) fn observed(mut model: SnapshotPolicyModel, details: &PolicyDetails) -> SnapshotPolicyModel {
    model.target_tags = by_key(details.target_tags());
    let Some(schedule) = details.schedules().first() else {
        return model;
    };
    if let Some(rule) = schedule.create_rule() {
        let time = rule.times().first().cloned();
        let is_default = model.schedule.time.is_none() && time.as_deref() == Some(TIME);
        model.schedule = Schedule {
            interval_hours: rule
                .interval()
                .and_then(|hours| u32::try_from(hours).ok())
                .filter(|hours| *hours > 0),
            time: time.filter(|_| !is_default),
            cron_expression: rule.cron_expression().map(str::to_owned),
        };
    }
    if let Some(rule) = schedule.retain_rule() {
        let count = rule.count().and_then(|count| u32::try_from(count).ok());
        model.retain = Retain {
            count: count.filter(|count| *count > 0),
            days: days(rule),
        };
    }
    model.copy_tags = schedule.copy_tags().unwrap_or_default();
    let added = by_key(schedule.tags_to_add());
    model.tags_to_add = (!added.is_empty()).then_some(added);
    model
}

fn days(rule: &RetainRule) -> Option<u32> {
    let interval = u32::try_from(rule.interval()?).ok().filter(|interval| *interval > 0)?;
    let days = match rule.interval_unit()? {
        RetentionIntervalUnitValues::Weeks => 7,
        RetentionIntervalUnitValues::Months => 30,
        RetentionIntervalUnitValues::Years => 365,
        _ => 1,
    };
    Some(interval * days)
}

fn listed(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

fn by_key(tags: &[Tag]) -> BTreeMap<String, String> {
    let pairs = tags.iter().filter_map(|tag| Some((tag.key()?, tag.value()?)));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
