//! Which objects this run is making or destroying, and which creations it has handed to the core.
//!
//! There is one instance in a namespace, and one user of a name. A core that makes a new object before it destroys the
//! old one therefore means the same thing by both; and after a run that was killed it may even make the next one while
//! it destroys the old one. So whoever makes or destroys something takes a turn, and whoever destroys knows what this
//! run has handed to the core: no other place tells of that before the next refresh.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tf_framework::context::{Backoff, Progress, Scope};
use tf_framework::diagnostics::Diagnostics;

use crate::provider::Clients;

/// The creations of this run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Creations(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    busy: BTreeSet<String>,
    handed_over: BTreeSet<String>,
}

/// The turn of whoever makes or destroys an object, until it is dropped.
#[derive(Debug)]
pub(in crate::cht) struct Turn {
    creations: Creations,
    object: String,
}

/// Whose an object is that a state is about to destroy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cht) enum Whose {
    /// That of the state, as far as anything tells.
    Own,
    /// That of a later creation, which some state has.
    Anothers,
    /// That of a later creation, which may have been killed before any state had it.
    Unclear,
}

impl Creations {
    /// Notes a creation that has ended: the core has its object from now on.
    pub(in crate::cht) fn hand_over(&self, creation: &str) {
        self.lock().handed_over.insert(creation.to_owned());
    }

    /// Whose an object is: `own` is the creation by which the state has it, `noted` the one that is noted beside the
    /// object, and whether it is noted that a state has it.
    pub(in crate::cht) fn whose(&self, own: Option<&str>, (noted, is_saved): (Option<&str>, bool)) -> Whose {
        match (own, noted) {
            (Some(own), Some(noted)) if own != noted => {
                if is_saved || self.lock().handed_over.contains(noted) {
                    Whose::Anothers
                } else {
                    Whose::Unclear
                }
            }
            // What is not known belongs to whoever has it.
            (Some(_), Some(_)) | (None, _) | (_, None) => Whose::Own,
        }
    }

    fn try_take(&self, object: &str) -> Option<Turn> {
        self.lock().busy.insert(object.to_owned()).then(|| Turn {
            creations: self.clone(),
            object: object.to_owned(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.creations.lock().busy.remove(&self.object);
    }
}

/// Waits until nobody else in this run makes or destroys an object, which is given in words.
///
/// # Errors
/// The operation is interrupted, or its time is over.
pub(in crate::cht) async fn take_turn(scope: &Scope<Clients>, object: &str) -> Result<Turn, Diagnostics> {
    let creations = scope.clients().creations();
    scope
        .wait("what else this run does to the same object", Backoff::QUICK, || async {
            Ok::<_, Diagnostics>(match creations.try_take(object) {
                Some(turn) => Progress::Ready(turn),
                None => Progress::Pending(format!("{object} is being made or destroyed")),
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_made_or_destroyed_by_one_at_a_time() {
        let creations = Creations::default();
        let turn = creations.try_take("user `jane`").expect("nobody has it");
        assert!(creations.try_take("user `jane`").is_none());
        assert!(creations.try_take("user `joan`").is_some(), "another object");
        drop(turn);
        assert!(creations.try_take("user `jane`").is_some());
    }

    #[test]
    fn what_a_later_creation_has_taken_is_left_only_if_some_state_has_it() {
        let creations = Creations::default();
        creations.hand_over("c");
        for (own, noted, is_saved, expected) in [
            (Some("a"), Some("a"), false, Whose::Own),
            (Some("a"), None, false, Whose::Own),
            (None, Some("b"), true, Whose::Own),
            (Some("a"), Some("b"), true, Whose::Anothers),
            (Some("a"), Some("c"), false, Whose::Anothers),
            (Some("a"), Some("b"), false, Whose::Unclear),
        ] {
            let whose = creations.whose(own, (noted, is_saved));
            assert_eq!(whose, expected, "{own:?} {noted:?} {is_saved}");
        }
    }
}
