//! What a plan of a snapshot policy shows and refuses.

use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan};

use super::SnapshotPolicyResource;
use super::model::SnapshotPolicyModel;

/// Refuses what is said twice, or not at all.
pub(super) fn validate(config: &Draft<SnapshotPolicyResource>, diagnostics: &mut Diagnostics) {
    if let Attr::Known(schedule) = &config.schedule {
        let problem = match (schedule.interval_hours.is_null(), schedule.cron_expression.is_null()) {
            (true, true) => Some("Say when: `interval_hours`, or `cron_expression`."),
            (false, false) => Some("`interval_hours` and `cron_expression` both say when. Leave one of them out."),
            (true, false) if !schedule.time.is_null() => Some("`cron_expression` says the time. Leave `time` out."),
            _ => None,
        };
        if let Some(problem) = problem {
            let error = Diagnostic::error("Schedule is not clear", problem);
            diagnostics.push(error.at(SnapshotPolicyModel::SCHEDULE));
        }
    }
    if let Attr::Known(retain) = &config.retain
        && retain.count.is_null() == retain.days.is_null()
    {
        let error = Diagnostic::error("Retention is not clear", "Give either `count` or `days`.");
        diagnostics.push(error.at(Path::new(SnapshotPolicyModel::RETAIN)));
    }
}

/// Makes the plan show that what differs will be repaired.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, SnapshotPolicyResource>) {
    if plan.action() != Action::Delete {
        plan.set(SnapshotPolicyModel::DRIFT, &Vec::<String>::new());
    }
}
