//! A core for tests of resources: it plans, applies, refreshes, imports and destroys one resource as Terraform and
//! OpenTofu do, without a process or a connection.
//!
//! What makes resources fail in a real run and not in a test is reproduced:
//!
//! - every phase runs in a provider process of its own, so nothing in memory survives from plan to apply;
//! - the state between them is the JSON that a core stores, and is upgraded before each use;
//! - all values pass through the wire formats;
//! - the change is planned a second time when it is applied, and both plans have to agree;
//! - every answer is held against the rules of the core.
//!
//! ```
//! # use tf_framework::testing::Core;
//! # use tf_framework::provider::Provider;
//! # use tf_framework::diagnostics::Diagnostics;
//! # use serde_json::json;
//! # async fn test(provider: impl Provider) -> Result<(), Diagnostics> {
//! let mut core = Core::new(provider, "example_greeting");
//! let state = core.apply(json!({ "name": "Ada" })).await?;
//! assert_eq!(state["text"], "Hello, Ada!");
//! assert!(core.plan(json!({ "name": "Ada" })).await?.is_empty());
//! core.destroy().await?;
//! assert_eq!(core.state(), None);
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prost::bytes::Bytes;
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use crate::context::Scope;
use crate::diagnostics::Diagnostics;
use crate::identity::IdentitySchema;
use crate::lifecycle::check::assert_replan_compatible;
use crate::path::Path;
use crate::provider::Provider;
use crate::schema::Schema;
use crate::server::in_process::Stored;
use crate::testing::phases::{Prior, rule};
use crate::value::Value;

mod config;
mod identity;
mod phases;

pub use config::UNKNOWN;
pub use identity::Source;

/// A core with a configuration of one resource, and its state.
pub struct Core<P: Provider> {
    provider: Arc<P>,
    provider_config: Json,
    type_name: &'static str,
    schema: Schema,
    identity_schema: Option<IdentitySchema>,
    state: Option<Stored>,
    tainted: bool,
    deferral_allowed: bool,
    warnings: Diagnostics,
}

/// What a planned change does to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeAction {
    /// Nothing.
    NoChange,
    /// Makes the object.
    Create,
    /// Changes the object.
    Update,
    /// Removes the object and makes a new one.
    Replace,
    /// Removes the object.
    Delete,
}

/// A planned change, as a core shows it.
#[derive(Debug)]
pub struct Change {
    /// What it does.
    pub action: ChangeAction,
    /// What the resource will be; null if it is deleted.
    pub planned: Value,
    /// The attributes because of which the object is replaced.
    pub requires_replace: Vec<Path>,
    /// What will name the resource, as far as that is known.
    pub identity: Option<Value>,
    prior: Prior,
}

impl Change {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.action == ChangeAction::NoChange
    }
}

/// The surroundings of an operation that may take so long, for tests of what operations call.
pub fn scope<C>(clients: C, limit: Duration) -> Scope<C> {
    let cancellation = CancellationToken::new();
    Scope::new(Arc::new(clients), "update", limit, cancellation, Arc::default())
}

impl<P: Provider> Core<P> {
    /// A core that has nothing in its state yet.
    ///
    /// # Panics
    /// If the provider has no such resource, or if its schemas are refused.
    #[expect(clippy::panic, reason = "a test fails by panicking")]
    pub fn new(provider: P, type_name: &str) -> Self {
        let problems = provider.lint();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
        let mut resources = provider.resources().into_iter();
        let Some(entry) = resources.find(|entry| entry.type_name() == type_name) else {
            panic!("the provider has no resource {type_name}");
        };
        Core {
            provider: Arc::new(provider),
            provider_config: Json::Object(serde_json::Map::new()),
            type_name: entry.type_name(),
            schema: entry.schema().clone(),
            identity_schema: entry.identity_schema().cloned(),
            state: None,
            tainted: false,
            deferral_allowed: false,
            warnings: Diagnostics::new(),
        }
    }

    /// With this provider block. Attributes that are [`UNKNOWN`] are known after apply, and in none of its phases.
    #[must_use]
    pub fn with_provider_config(mut self, config: Json) -> Self {
        self.provider_config = config;
        self
    }

    /// A core that asks to defer what cannot be done yet. What is deferred ends with an error that has a
    /// [`deferral`](Diagnostics::deferral), and leaves the state as it is.
    #[must_use]
    pub fn with_deferral(mut self) -> Self {
        self.deferral_allowed = true;
        self
    }

    /// With a state that was stored earlier, under a version of the schema.
    #[must_use]
    pub fn with_state(mut self, version: i64, state: Json) -> Self {
        self.state = Some(Stored {
            version,
            json: state,
            private: Bytes::new(),
            identity: None,
        });
        self
    }

    /// The stored state, if there is one.
    pub fn state(&self) -> Option<&Json> {
        self.state.as_ref().map(|stored| &stored.json)
    }

    /// Whether the object is one of which the creation failed: the next apply replaces it.
    pub fn is_tainted(&self) -> bool {
        self.tainted
    }

    /// Makes the next apply go on with a tainted object instead of replacing it.
    pub fn untaint(&mut self) {
        self.tainted = false;
    }

    /// The warnings since the last time.
    pub fn take_warnings(&mut self) -> Diagnostics {
        std::mem::take(&mut self.warnings)
    }

    /// Plans a configuration, after a refresh. Attributes that are [`UNKNOWN`] are known after apply.
    ///
    /// # Errors
    /// Fails with the provider's errors, and if an answer breaks a rule.
    pub async fn plan(&mut self, config: Json) -> Result<Change, Diagnostics> {
        let config = self.value_of(&config)?;
        self.validate(&self.start(), &config).await?;
        let process = self.configured().await?;
        let prior = self.refreshed(&process).await?;
        self.validate(&process, &config).await?;
        self.plan_change(&process, prior, &config).await
    }

    /// Applies a configuration and answers with the new state.
    ///
    /// # Errors
    /// Fails with the provider's errors, and if an answer breaks a rule; the state is then as a core would keep it.
    pub async fn apply(&mut self, config: Json) -> Result<Json, Diagnostics> {
        self.apply_later_known(config.clone(), config).await
    }

    /// Applies a configuration of which parts are [`UNKNOWN`] when it is planned.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub async fn apply_later_known(&mut self, planned_as: Json, config: Json) -> Result<Json, Diagnostics> {
        let plan = self.plan(planned_as).await?;
        if !plan.is_empty() {
            let config = self.value_of(&config)?;
            let process = self.configured().await?;
            let prior = if plan.action == ChangeAction::Replace {
                self.delete(&process, &plan.prior).await?;
                Prior::default()
            } else {
                Prior {
                    private: self.private(),
                    ..plan.prior
                }
            };
            self.validate(&process, &config).await?;
            let again = self.plan_once(&process, &prior, &config).await?;
            rule(assert_replan_compatible(&self.schema, &plan.planned, &again.value))?;
            if again.value != prior.value {
                let (planned, identity) = (again.value, again.identity);
                let made = process
                    .apply(&prior.value, &planned, &config, again.private, identity.as_ref())
                    .await?;
                self.keep(&process, &prior.value, &planned, identity.as_ref(), made)?;
            }
        }
        Ok(self.state().cloned().unwrap_or_default())
    }

    /// Reads the object, and answers with the new state: none if it is gone.
    ///
    /// # Errors
    /// Fails with the provider's errors, and if an answer breaks a rule.
    pub async fn refresh(&mut self) -> Result<Option<&Json>, Diagnostics> {
        let process = self.configured().await?;
        self.refreshed(&process).await?;
        Ok(self.state())
    }

    /// Writes a configuration for the object, as a core does for what was imported without one, and holds it against
    /// the rules for configurations. What it does not configure is null.
    ///
    /// # Errors
    /// Fails with the provider's errors, and if there is no object.
    pub async fn generate_config(&mut self) -> Result<Json, Diagnostics> {
        let process = self.configured().await?;
        let state = self.refreshed(&process).await?.value;
        let generated = process.generate_config(&state).await?;
        self.note(generated.diagnostics)?;
        self.validate(&process, &generated.value).await?;
        Ok(process
            .store(&generated.value, self.schema.version, Bytes::new(), None)?
            .json)
    }

    /// Destroys the object, if there is one.
    ///
    /// # Errors
    /// Fails with the provider's errors, and if an answer breaks a rule.
    pub async fn destroy(&mut self) -> Result<(), Diagnostics> {
        let process = self.configured().await?;
        let prior = self.refreshed(&process).await?;
        if prior.value.is_null() {
            return Ok(());
        }
        self.plan_once(&process, &prior, &Value::Null).await?;
        let process = self.configured().await?;
        self.delete(&process, &prior).await
    }
}

impl<P: Provider> fmt::Debug for Core<P> {
    /// Tells what it is a core for; a state may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("type_name", &self.type_name)
            .field("tainted", &self.tainted)
            .finish_non_exhaustive()
    }
}
