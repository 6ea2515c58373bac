//! What the mark of a creation means: to the next creation, and to a deletion.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::Claim;
use crate::cht::application::creations::{Creations, Whose};
use crate::cht::client::Mark;

/// How long after its creation something may be taken or gone on with.
const RECENT: SignedDuration = SignedDuration::from_hours(24);

/// What a mark tells of the creation before this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cht) enum Earlier {
    /// There was none, or it was saved, or it is long ago: what is there belongs to somebody.
    Nothing,
    /// It was not finished a moment ago, and no state has it.
    Unfinished,
    /// It was never finished, and is long ago: nobody knows any more whose it is.
    Abandoned,
    /// It was finished a moment ago, and may not have been saved. Some note the revision of what they made.
    Finished(Option<String>),
}

/// What a creation makes of the mark that it finds.
pub(super) fn told_by(mark: Option<&Mark>, now: Timestamp) -> Earlier {
    let Some(mark) = mark.filter(|mark| !mark.is_saved) else {
        return Earlier::Nothing;
    };
    match (mark.finished, mark.begun) {
        (Some(finished), _) if is_recent(finished, now) => Earlier::Finished(mark.revision.clone()),
        (Some(_), _) => Earlier::Nothing,
        (None, Some(begun)) if is_recent(begun, now) => Earlier::Unfinished,
        (None, _) => Earlier::Abandoned,
    }
}

/// Whose the object of a state is, by the creation that is kept beside the state and the mark that is there.
pub(super) fn whose(creations: &Creations, kept: &Claim, mark: &Mark, now: Timestamp) -> Whose {
    if told_by(Some(mark), now) == Earlier::Abandoned {
        return Whose::Own;
    }
    creations.whose(kept.creation.as_deref(), (mark.creation.as_deref(), mark.is_saved))
}

fn is_recent(time: Timestamp, now: Timestamp) -> bool {
    now.duration_since(time).abs() < RECENT
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-03-02T10:00:00Z";
    const RECENTLY: &str = "2026-03-01T10:01:00Z";
    const LONG_AGO: &str = "2026-03-01T09:59:00Z";

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn begun(at: &str) -> Mark {
        Mark {
            creation: Some("b".to_owned()),
            begun: Some(time(at)),
            ..Mark::default()
        }
    }

    fn finished(at: &str) -> Mark {
        Mark {
            finished: Some(time(at)),
            revision: Some("1-a".to_owned()),
            ..begun(LONG_AGO)
        }
    }

    fn saved(mark: Mark) -> Mark {
        Mark { is_saved: true, ..mark }
    }

    #[test]
    fn only_what_was_begun_or_finished_a_moment_ago_and_not_saved_may_be_taken() {
        let taken = Earlier::Finished(Some("1-a".to_owned()));
        for (mark, expected) in [
            (None, Earlier::Nothing),
            (Some(begun(RECENTLY)), Earlier::Unfinished),
            (Some(begun(LONG_AGO)), Earlier::Abandoned),
            (Some(Mark::default()), Earlier::Abandoned),
            (Some(saved(begun(RECENTLY))), Earlier::Nothing),
            (Some(finished(RECENTLY)), taken),
            (Some(finished(LONG_AGO)), Earlier::Nothing),
            (Some(saved(finished(RECENTLY))), Earlier::Nothing),
        ] {
            assert_eq!(told_by(mark.as_ref(), time(NOW)), expected, "{mark:?}");
        }
    }

    #[test]
    fn a_later_creation_is_seen_after_it_was_saved_and_what_was_abandoned_goes_with_the_state() {
        let kept = |name: Option<&str>| Claim {
            creation: name.map(str::to_owned),
            is_saved: true,
        };
        for (own, mark, expected) in [
            (Some("a"), saved(finished(LONG_AGO)), Whose::Anothers),
            (Some("a"), saved(begun(LONG_AGO)), Whose::Anothers),
            (Some("a"), finished(LONG_AGO), Whose::Unclear),
            (Some("a"), begun(RECENTLY), Whose::Unclear),
            (Some("a"), begun(LONG_AGO), Whose::Own),
            (Some("b"), finished(RECENTLY), Whose::Own),
            (None, saved(finished(RECENTLY)), Whose::Own),
        ] {
            let whose = whose(&Creations::default(), &kept(own), &mark, time(NOW));
            assert_eq!(whose, expected, "{own:?} {mark:?}");
        }
    }
}
