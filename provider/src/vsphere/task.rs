//! Tasks: work of a vCenter that takes longer than a call. [`run`] takes one from its start to its end.

pub(super) mod run;

use super::error::Error;
use super::properties::Properties;
use super::reference::Reference;
use super::soap::Fault;
use super::xml::Element;

/// What is read of a task.
pub(super) const PATHS: &[&str] = &[
    "info.state",
    "info.progress",
    "info.result",
    "info.error",
    "info.descriptionId",
];

/// How far a task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// It waits for its turn.
    Queued,
    /// It is under way, with so many percent done if the vCenter knows.
    Running(Option<u8>),
    /// It is done, with the object that it made, if it made one.
    Done(Option<Reference>),
}

/// How far a task is, from its properties.
pub(super) fn state(read: &Properties) -> Result<TaskState, Error> {
    match read.text("info.state")? {
        Some("queued") => Ok(TaskState::Queued),
        Some("success") => Ok(TaskState::Done(read.reference("info.result")?)),
        Some("error") => {
            let fault = read.get("info.error")?.map(Fault::localized);
            Err(Error::Task {
                task: read.text("info.descriptionId")?.unwrap_or("of the vCenter").to_owned(),
                source: fault.unwrap_or_else(|| Fault::localized(&Element::new("error"))),
            })
        }
        _ => Ok(TaskState::Running(
            read.text("info.progress")?.and_then(|text| text.parse().ok()),
        )),
    }
}
