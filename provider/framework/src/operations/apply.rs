//! Apply: makes, changes or removes an object, and answers with the state as far as it is real.
//!
//! Where nothing but the timeouts differs there is nothing to do: they belong to the operations, not to the object.

use crate::diagnostics::{Diagnostics, Severity};
use crate::lifecycle::check::{assert_apply_valid, assert_conforms};
use crate::lifecycle::normalize::without_write_only;
use crate::lifecycle::plan::differs_beyond_timeouts;
use crate::lifecycle::write_only::overlay_write_only;
use crate::operations::answer::{StateAnswer, in_known_spelling, settled};
use crate::operations::identity::identified;
use crate::operations::surroundings::Surroundings;
use crate::operations::task::{self, Limit, Outcome};
use crate::resource::erased::{DynResource, Operation};
use crate::schema::Schema;
use crate::value::Value;

/// What the core asks for.
pub(crate) struct ApplyRequest {
    pub(crate) prior: Value,
    pub(crate) planned: Value,
    pub(crate) config: Value,
    pub(crate) private: Vec<u8>,
    /// As planned; the present one if there is an object.
    pub(crate) identity: Option<Value>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Create,
    Update,
    Delete,
}

/// Applies a planned change.
pub(crate) async fn apply<C: Send + Sync + 'static>(
    resource: &dyn DynResource<C>,
    surroundings: Surroundings<C>,
    request: ApplyRequest,
) -> StateAnswer {
    let schema = resource.schema();
    let ApplyRequest {
        prior,
        planned,
        config,
        private,
        identity,
    } = request;
    if !differs_beyond_timeouts(&planned, &prior) {
        let answer = StateAnswer {
            state: planned,
            private,
            ..StateAnswer::default()
        };
        return identified(resource, identity, answer).await;
    }
    // What is write-only is in the configuration alone; the operation is the one time at which it can be used.
    let desired = overlay_write_only(schema, &planned, &config);
    let (change, operation, limit) = match (&prior, &planned) {
        (Value::Null, _) => (Change::Create, Operation::Create { planned: desired }, Limit::Create),
        (_, Value::Null) => (
            Change::Delete,
            Operation::Delete { state: prior.clone() },
            Limit::Delete,
        ),
        _ => {
            let operation = Operation::Update {
                prior: prior.clone(),
                planned: desired,
            };
            (Change::Update, operation, Limit::Update)
        }
    };
    let time = limit.of(schema, if change == Change::Delete { &prior } else { &planned });
    let outcome = task::run(resource, surroundings, operation, (limit, time), &private).await;
    let asked = Asked {
        schema,
        change,
        prior,
        planned,
    };
    identified(resource, identity, asked.conclude(outcome).await).await
}

/// What was asked for, to compare the outcome with.
struct Asked<'a> {
    schema: &'a Schema,
    change: Change,
    prior: Value,
    planned: Value,
}

impl Asked<'_> {
    /// The answer. Whatever went wrong, it never forgets an object that may exist: the core drops what is null.
    async fn conclude(&self, outcome: Outcome) -> StateAnswer {
        let Outcome {
            result,
            checkpoint,
            private,
            warnings,
        } = outcome;
        let mut diagnostics = warnings;
        let state = match result {
            Ok(_) if self.change == Change::Delete => Value::Null,
            Ok(made) => {
                let made = self.spelled_as_planned(made, &mut diagnostics).await;
                diagnostics.append(assert_apply_valid(self.schema, &self.planned, &made));
                self.storable(made)
                    .or_else(|| self.storable(checkpoint?))
                    .unwrap_or_else(|| self.last_resort())
            }
            Err(failure) => {
                let saved = match checkpoint {
                    Some(saved) => self.storable(self.spelled_as_planned(saved, &mut diagnostics).await),
                    None => None,
                };
                let tainted = self.change == Change::Create && saved.is_some();
                diagnostics.append(if tainted { explain_taint(failure) } else { failure });
                saved.unwrap_or_else(|| self.prior.clone())
            }
        };
        StateAnswer {
            state,
            private,
            diagnostics,
            ..StateAnswer::default()
        }
    }

    async fn spelled_as_planned(&self, made: Value, diagnostics: &mut Diagnostics) -> Value {
        in_known_spelling(self.schema, &self.planned, made.clone())
            .await
            .unwrap_or_else(|failure| {
                diagnostics.append(failure);
                without_write_only(self.schema, made)
            })
    }

    /// The value as a state, if it can be one.
    fn storable(&self, value: Value) -> Option<Value> {
        let state = settled(value);
        (!state.is_null() && assert_conforms(self.schema, &state).is_empty()).then_some(state)
    }

    /// The state when something was made, but what cannot be told: at least what it was meant to be.
    fn last_resort(&self) -> Value {
        match self.change {
            Change::Create => settled(self.planned.clone()),
            Change::Update | Change::Delete => self.prior.clone(),
        }
    }
}

/// Tells how to go on after a creation that failed half-way.
fn explain_taint(failure: Diagnostics) -> Diagnostics {
    let mut explained = Diagnostics::new();
    let mut told = false;
    for mut diagnostic in failure {
        if diagnostic.severity == Severity::Error && !told {
            told = true;
            diagnostic.detail.push_str(
                "\n\nWhat was made so far is in the state, marked as tainted: the next apply replaces it. To let the next \
                 apply finish it in place instead, `untaint` the resource first.",
            );
        }
        explained.push(diagnostic);
    }
    explained
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, object, schema};
    use crate::model::Attr;
    use crate::schema::SemanticEquality;

    fn outcome(result: Result<Value, Diagnostics>, checkpoint: Option<Value>) -> Outcome {
        Outcome {
            result,
            checkpoint,
            private: b"kept".to_vec(),
            warnings: Diagnostics::new(),
        }
    }

    fn thing() -> Schema {
        schema(vec![attribute::<String>("name"), attribute::<Attr<String>>("id")])
    }

    fn state(name: &str, id: Value) -> Value {
        object(&thing(), [("name", name.into()), ("id", id)])
    }

    /// The answer to a creation, or to an update if there is a prior state.
    async fn answer(prior: Value, outcome: Outcome) -> StateAnswer {
        let asked = Asked {
            schema: &thing(),
            change: if prior.is_null() {
                Change::Create
            } else {
                Change::Update
            },
            prior,
            planned: state("new", Value::UNKNOWN),
        };
        let answer = asked.conclude(outcome).await;
        assert_eq!(answer.private, b"kept");
        answer
    }

    fn failure() -> Result<Value, Diagnostics> {
        Err(Diagnostics::error("Unable to make it", "It broke."))
    }

    #[tokio::test]
    async fn a_result_that_fits_no_state_is_replaced_by_the_best_that_does() {
        let odd = || {
            Ok(Value::object(
                [("name", "new")].map(|(name, value)| (name, Value::from(value))),
            ))
        };
        let saved = state("new", "a".into());
        for (prior, result, checkpoint, expected) in [
            (Value::Null, odd(), Some(saved.clone()), saved.clone()),
            (Value::Null, odd(), None, state("new", Value::Null)),
            (Value::Null, Ok(Value::Null), None, state("new", Value::Null)),
            (Value::Null, Ok(Value::UNKNOWN), None, state("new", Value::Null)),
            (state("old", "a".into()), odd(), None, state("old", "a".into())),
            (
                state("old", "a".into()),
                Ok(Value::Null),
                None,
                state("old", "a".into()),
            ),
            (Value::Null, failure(), odd().ok(), Value::Null),
        ] {
            let answer = answer(prior, outcome(result, checkpoint)).await;
            assert_eq!(answer.state, expected);
            assert!(answer.diagnostics.has_errors());
        }
    }

    #[tokio::test]
    async fn a_result_that_breaks_the_plan_is_kept_and_reported() {
        for result in [state("other", "a".into()), state("new", Value::UNKNOWN)] {
            let answer = answer(Value::Null, outcome(Ok(result.clone()), None)).await;
            assert_eq!(answer.state, settled(result));
            assert!(answer.diagnostics.has_errors());
        }
    }

    #[tokio::test]
    async fn only_a_creation_that_leaves_something_is_explained_as_tainted() {
        let saved = || Some(state("new", Value::UNKNOWN));
        let old = || state("old", "a".into());
        for (prior, checkpoint, expected, tainted) in [
            (Value::Null, None, Value::Null, false),
            (Value::Null, saved(), state("new", Value::Null), true),
            (old(), None, old(), false),
            (old(), saved(), state("new", Value::Null), false),
        ] {
            let answer = answer(prior, outcome(failure(), checkpoint)).await;
            assert_eq!(answer.state, expected);
            assert_eq!(answer.diagnostics.to_string().contains("untaint"), tainted);
        }
    }

    #[tokio::test]
    async fn a_panic_while_spellings_are_compared_loses_no_state() {
        let mut schema = thing();
        schema.attributes[0].semantic_equality = Some(SemanticEquality::Values(|_, _| panic!("no two are alike")));
        let asked = Asked {
            schema: &schema,
            change: Change::Create,
            prior: Value::Null,
            planned: state("new", Value::UNKNOWN),
        };
        let made = state("NEW", "a".into());
        let answer = asked.conclude(outcome(Ok(made.clone()), None)).await;
        assert_eq!(answer.state, made);
        assert!(answer.diagnostics.to_string().contains("panicked"));
    }
}
