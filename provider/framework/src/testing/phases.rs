//! The steps that a run of a core is made of, and the rules that it holds every answer against.

use std::sync::Arc;

use prost::bytes::Bytes;
use serde_json::Value as Json;

use crate::diagnostics::{Deferral, Diagnostic, Diagnostics};
use crate::lifecycle::check::{assert_apply_valid, assert_plan_valid};
use crate::lifecycle::proposed::proposed_new;
use crate::model::Model;
use crate::path::Path;
use crate::provider::Provider;
use crate::schema::block::without_null_blocks;
use crate::server::in_process::{Answered, InProcess};
use crate::testing::{Change, ChangeAction, Core, config};
use crate::value::Value;

/// What there is before a change.
#[derive(Clone, Debug, Default)]
pub(super) struct Prior {
    pub(super) value: Value,
    pub(super) private: Bytes,
    pub(super) identity: Option<Value>,
}

impl<P: Provider> Core<P> {
    pub(super) fn value_of(&self, config: &Json) -> Result<Value, Diagnostics> {
        let config = config::value_of(config, &self.schema.value_type())?;
        Ok(without_null_blocks(&self.schema.attributes, config))
    }

    /// What is kept beside the state.
    pub(super) fn private(&self) -> Bytes {
        self.state
            .as_ref()
            .map(|stored| stored.private.clone())
            .unwrap_or_default()
    }

    /// A process that is not configured: validation has to do with that.
    pub(super) fn start(&self) -> InProcess<P> {
        let (provider, identity) = (Arc::clone(&self.provider), self.identity_schema.as_ref());
        InProcess::start(provider, self.type_name, &self.schema, identity).with_deferral(self.deferral_allowed)
    }

    pub(super) async fn configured(&mut self) -> Result<InProcess<P>, Diagnostics> {
        let process = self.start();
        let schema = P::Model::schema();
        let config = config::value_of(&self.provider_config, &schema.value_type())?;
        let config = without_null_blocks(&schema.attributes, config);
        let diagnostics = process.configure(&config, &schema).await?;
        self.note(diagnostics)?;
        Ok(process)
    }

    pub(super) async fn validate(&mut self, process: &InProcess<P>, config: &Value) -> Result<(), Diagnostics> {
        let diagnostics = process.validate(config).await?;
        self.note(diagnostics)
    }

    /// The state after an upgrade and a refresh, which is stored, and what is kept beside it.
    pub(super) async fn refreshed(&mut self, process: &InProcess<P>) -> Result<Prior, Diagnostics> {
        let Some(stored) = self.state.clone() else {
            return Ok(Prior::default());
        };
        let state = process.upgrade(&stored).await?;
        self.note(state.diagnostics)?;
        let identity = match &stored.identity {
            Some(identity) => process.upgrade_identity(identity).await?,
            None => None,
        };
        let live = process.read(&state.value, state.private, identity.as_ref()).await?;
        self.note(live.diagnostics)?;
        not_deferred(live.deferral)?;
        if live.value.is_null() {
            self.state = None;
            self.tainted = false;
            return Ok(Prior::default());
        }
        self.check_identity(identity.as_ref(), live.identity.as_ref())?;
        let version = self.schema.version;
        let stored = process.store(&live.value, version, live.private.clone(), live.identity.as_ref())?;
        self.state = Some(stored);
        Ok(Prior {
            value: live.value,
            private: live.private,
            identity: live.identity,
        })
    }

    /// Plans an object; one that has to be replaced is planned a second time, as if there were none.
    pub(super) async fn plan_change(
        &mut self,
        process: &InProcess<P>,
        prior: Prior,
        config: &Value,
    ) -> Result<Change, Diagnostics> {
        let mut requires_replace = Vec::new();
        let mut private = prior.private.clone();
        if !prior.value.is_null() && !self.tainted {
            let first = self.plan_once(process, &prior, config).await?;
            requires_replace = first.requires_replace;
            // The core ignores paths at which nothing changes, unless it cannot tell.
            requires_replace.retain(|path| self.may_change(path, &prior.value, &first.value));
            if requires_replace.is_empty() {
                self.check_identity(prior.identity.as_ref(), first.identity.as_ref())?;
                let action = if first.value == prior.value {
                    ChangeAction::NoChange
                } else {
                    ChangeAction::Update
                };
                return Ok(Change {
                    action,
                    planned: first.value,
                    identity: first.identity,
                    requires_replace,
                    prior,
                });
            }
            private = first.private;
        }
        let afresh = Prior {
            private,
            ..Prior::default()
        };
        let created = self.plan_once(process, &afresh, config).await?;
        let action = if prior.value.is_null() {
            ChangeAction::Create
        } else {
            ChangeAction::Replace
        };
        Ok(Change {
            action,
            planned: created.value,
            identity: created.identity,
            requires_replace,
            prior,
        })
    }

    /// One plan; that of a deletion if the configuration is null.
    pub(super) async fn plan_once(
        &mut self,
        process: &InProcess<P>,
        prior: &Prior,
        config: &Value,
    ) -> Result<Answered, Diagnostics> {
        let Prior {
            value: prior,
            private,
            identity,
        } = prior;
        let proposed = proposed_new(&self.schema, prior, config);
        let mut planned = process
            .plan(prior, &proposed, config, private.clone(), identity.as_ref())
            .await?;
        self.note(std::mem::take(&mut planned.diagnostics))?;
        // Paths on the wire are about an update; the core ignores them if there is nothing to update.
        let paths: &[Path] = if prior.is_null() {
            &[]
        } else {
            &planned.requires_replace
        };
        rule(assert_plan_valid(&self.schema, prior, config, &planned.value, paths))?;
        not_deferred(planned.deferral)?;
        Ok(planned)
    }

    pub(super) async fn delete(&mut self, process: &InProcess<P>, prior: &Prior) -> Result<(), Diagnostics> {
        let (value, identity) = (&prior.value, prior.identity.as_ref());
        let answer = process
            .apply(value, &Value::Null, &Value::Null, self.private(), identity)
            .await?;
        self.keep(process, value, &Value::Null, identity, answer)
    }

    /// Stores what an apply answered, as a core does: with an error too, and nothing only if there is nothing.
    pub(super) fn keep(
        &mut self,
        process: &InProcess<P>,
        prior: &Value,
        planned: &Value,
        identity: Option<&Value>,
        answer: Answered,
    ) -> Result<(), Diagnostics> {
        let failed = answer.diagnostics.has_errors();
        if !answer.value.is_null() {
            let (version, new_identity) = (self.schema.version, answer.identity.as_ref());
            self.state = Some(process.store(&answer.value, version, answer.private, new_identity)?);
            self.tainted = failed && (self.tainted || prior.is_null());
        } else if !failed || prior.is_null() {
            self.state = None;
            self.tainted = false;
        }
        self.note(answer.diagnostics)?;
        if !answer.value.is_null() {
            self.check_identity(identity, answer.identity.as_ref())?;
        }
        rule(assert_apply_valid(&self.schema, planned, &answer.value))
    }

    /// Fails if there are errors, and remembers what is none.
    pub(super) fn note(&mut self, diagnostics: Diagnostics) -> Result<(), Diagnostics> {
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        self.warnings.append(diagnostics);
        Ok(())
    }

    fn may_change(&self, path: &Path, prior: &Value, planned: &Value) -> bool {
        let write_only = self
            .schema
            .attribute_at(path)
            .is_some_and(|attribute| attribute.write_only);
        write_only || path.get_or_null(prior) != path.get_or_null(planned)
    }
}

/// Fails if an answer is deferred.
pub(super) fn not_deferred(deferral: Option<Deferral>) -> Result<(), Diagnostics> {
    let Some(reason) = deferral else { return Ok(()) };
    Err(Diagnostics::error("Deferred", "The provider said that it cannot be done yet.").or_defer(reason))
}

/// Fails with the core's words if one of its rules is broken.
pub(super) fn rule(broken: Diagnostics) -> Result<(), Diagnostics> {
    if broken.is_empty() {
        return Ok(());
    }
    let mut told = Diagnostics::new();
    for defect in broken {
        let told_defect = Diagnostic {
            summary: "Provider produced an inconsistent answer".to_owned(),
            ..defect
        };
        told.push(told_defect);
    }
    Err(told)
}
