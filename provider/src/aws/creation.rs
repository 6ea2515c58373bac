//! Creations that were killed before a state knew what they had made: that has a mark, by which the next one finds it.
//!
//! A refresh that finds the object takes the mark away: from then on a state has it. One without a state may be taken
//! over within a day, by a creation of the same thing. What another creation of this very run has made is never taken:
//! two resources may well make the same. Where taking something that another state has would do harm, only what is not
//! finished is taken. What has a name of its own, such as a cluster, needs no more than the mark.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use uuid::Uuid;

use super::error::Error;
use super::tags::{self, Tags};

/// The key of the mark.
pub(super) const NEW: &str = "cht:new";

/// What the mark of something ends with that is finished.
const FINISHED: &str = "-done";

/// For how long something without a state is taken over.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// This run of the provider.
static RUN: LazyLock<String> = LazyLock::new(|| Uuid::new_v4().simple().to_string());

/// What was taken over in this run, so that no two creations take the same.
static TAKEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// One creation.
#[derive(Debug)]
pub(super) struct Creation {
    id: String,
}

/// Who has made something that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// This creation, by a call whose answer was lost.
    This,
    /// A creation of an earlier run that did not come to its end.
    Unfinished,
    /// A creation of an earlier run that came to its end, but no state is known to have it.
    Finished,
    /// Somebody else, or a creation of which a state knows.
    Other,
}

impl Creation {
    /// A new one.
    pub(super) fn begin() -> Self {
        Creation {
            id: Uuid::new_v4().simple().to_string(),
        }
    }

    /// What makes a call that is repeated the same one: 32 letters and digits.
    pub(super) fn token(&self) -> &str {
        &self.id
    }

    /// Tags with the mark.
    pub(super) fn mark(&self, mut tags: Tags) -> Tags {
        tags.insert(NEW.to_owned(), format!("{}.{}", *RUN, self.id));
        tags
    }

    /// The mark of something that is finished.
    pub(super) fn end(&self) -> Tags {
        Tags::from([(NEW.to_owned(), format!("{}.{}{FINISHED}", *RUN, self.id))])
    }

    /// Who has made what has these tags, and is there since then.
    pub(super) fn origin(&self, tags: &Tags, since: Option<&DateTime>) -> Origin {
        let Some((run, id)) = tags.get(NEW).and_then(|mark| mark.split_once('.')) else {
            return Origin::Other;
        };
        match () {
            () if !tags::are_ours(tags) => Origin::Other,
            () if id == self.id => Origin::This,
            () if run == *RUN || !since.is_none_or(is_recent) => Origin::Other,
            () if id.ends_with(FINISHED) => Origin::Finished,
            () => Origin::Unfinished,
        }
    }
}

/// Tags with the mark of something that has a name of its own: whoever makes it next makes the same.
pub(super) fn marked(mut tags: Tags) -> Tags {
    tags.insert(NEW.to_owned(), "true".to_owned());
    tags
}

/// Whether no state is known to have what has these tags.
pub(super) fn is_new(tags: &Tags) -> bool {
    tags.contains_key(NEW)
}

/// What has become of the mark, when a state has the object. What fails is done by the next refresh.
pub(super) fn noted(what: &'static str, unmarked: Result<(), Error>) {
    if let Err(error) = unmarked {
        tracing::warn!(%error, what, "it could not be noted that a state has it");
    }
}

/// Takes something over, unless another creation of this run has done so.
pub(super) fn take(id: &str) -> bool {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    taken.insert(id.to_owned())
}

fn is_recent(since: &DateTime) -> bool {
    let now = DateTime::from(SystemTime::now());
    u64::try_from(now.secs() - since.secs()).is_ok_and(|age| age < LIFETIME.as_secs()) || since.secs() > now.secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_earlier_run_has_made_lately_is_taken_over() {
        let (this, other) = (Creation::begin(), Creation::begin());
        let ours = tags::wanted(None, &Tags::new());
        let now = DateTime::from(SystemTime::now());
        assert_eq!(this.origin(&this.mark(ours.clone()), Some(&now)), Origin::This);
        assert_eq!(this.origin(&other.mark(ours.clone()), Some(&now)), Origin::Other);
        assert_eq!(this.origin(&ours, Some(&now)), Origin::Other);
        let mut earlier = ours;
        earlier.insert(NEW.to_owned(), "another.creation".to_owned());
        assert_eq!(this.origin(&earlier, Some(&now)), Origin::Unfinished);
        let mut finished = earlier.clone();
        finished.insert(NEW.to_owned(), "another.creation-done".to_owned());
        assert_eq!(this.origin(&finished, Some(&now)), Origin::Finished);
        let long_ago = DateTime::from_secs(now.secs() - 100_000);
        assert_eq!(this.origin(&earlier, Some(&long_ago)), Origin::Other);
        let others: Tags = Tags::from([(NEW.to_owned(), "another.creation".to_owned())]);
        assert_eq!(this.origin(&others, Some(&now)), Origin::Other);
    }

    #[test]
    fn nothing_is_taken_twice() {
        assert!(take("vol-of-this-test"));
        assert!(!take("vol-of-this-test"));
    }
}
