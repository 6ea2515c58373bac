//! The object-safe side of [`EphemeralResource`]: models become values, what is private becomes bytes, futures become
//! boxes that own what they need, so that they can run on tasks of their own.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::context::Scope;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::ephemeral::{EphemeralResource, Opened, Renewed};
use crate::lifecycle::defaults::config_with_defaults;
use crate::lifecycle::normalize::with_timeouts_of;
use crate::lifecycle::validate::{draft, refuse_null_elements};
use crate::model::{FromValue, Model, ToValue};
use crate::schema::Schema;
use crate::value::Value;

/// What was opened, without its types.
pub(crate) struct OpenedValue {
    pub(crate) result: Value,
    pub(crate) lease: Lease,
}

/// What is there to renew and to close something that was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) renew_at: Option<SystemTime>,
    pub(crate) private: Vec<u8>,
}

/// An [`EphemeralResource`] whose types are hidden, except that of its clients.
pub(crate) trait DynEphemeralResource<C>: Send + Sync {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    /// Adds what the author finds wrong to what the schema has found.
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics);
    fn open(&self, scope: Scope<C>, config: Value) -> BoxFuture<'static, Result<OpenedValue, Diagnostics>>;
    fn renew(&self, scope: Scope<C>, private: Vec<u8>) -> BoxFuture<'static, Result<Lease, Diagnostics>>;
    fn close(&self, scope: Scope<C>, private: Vec<u8>) -> BoxFuture<'static, Result<(), Diagnostics>>;
}

/// An ephemeral resource and its schema, which is made when it is asked for.
pub(crate) struct Erased<E> {
    resource: Arc<E>,
    schema: OnceLock<Arc<Schema>>,
}

impl<E: EphemeralResource> Erased<E> {
    pub(crate) fn new(resource: E) -> Self {
        Erased {
            resource: Arc::new(resource),
            schema: OnceLock::new(),
        }
    }

    fn shared_schema(&self) -> &Arc<Schema> {
        self.schema
            .get_or_init(|| Arc::new(self.resource.schema().for_reading()))
    }
}

impl<E: EphemeralResource> DynEphemeralResource<E::Clients> for Erased<E> {
    fn type_name(&self) -> &'static str {
        E::TYPE_NAME
    }

    fn schema(&self) -> &Schema {
        self.shared_schema()
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(draft) = draft::<<E::Model as Model>::Draft>(config, diagnostics) {
            self.resource.validate(&draft, diagnostics);
            refuse_null_elements::<E::Model>(self.schema(), config, diagnostics);
        }
    }

    fn open(&self, scope: Scope<E::Clients>, config: Value) -> BoxFuture<'static, Result<OpenedValue, Diagnostics>> {
        let (resource, schema) = (Arc::clone(&self.resource), Arc::clone(self.shared_schema()));
        async move {
            let model = E::Model::from_value(&config_with_defaults(&schema, &config))?;
            let Opened {
                result,
                renew_at,
                private,
            } = resource.open(&scope, model).await?;
            let private = encode::<E>(&private)?;
            Ok(OpenedValue {
                result: with_timeouts_of(&config, result.to_value()),
                lease: Lease { renew_at, private },
            })
        }
        .boxed()
    }

    fn renew(&self, scope: Scope<E::Clients>, private: Vec<u8>) -> BoxFuture<'static, Result<Lease, Diagnostics>> {
        let resource = Arc::clone(&self.resource);
        async move {
            let Renewed { renew_at, private } = resource.renew(&scope, decode::<E>(&private)?).await?;
            let private = encode::<E>(&private)?;
            Ok(Lease { renew_at, private })
        }
        .boxed()
    }

    fn close(&self, scope: Scope<E::Clients>, private: Vec<u8>) -> BoxFuture<'static, Result<(), Diagnostics>> {
        let resource = Arc::clone(&self.resource);
        async move { resource.close(&scope, decode::<E>(&private)?).await }.boxed()
    }
}

fn encode<E: EphemeralResource>(private: &E::Private) -> Result<Vec<u8>, Diagnostics> {
    serde_json::to_vec(private).map_err(|_| {
        let detail = format!("What {} keeps for its closing cannot be written as JSON.", E::TYPE_NAME);
        Diagnostic::bug(detail).into()
    })
}

fn decode<E: EphemeralResource>(private: &[u8]) -> Result<E::Private, Diagnostics> {
    // The parser's own words may quote what is kept.
    serde_json::from_slice(private).map_err(|error| {
        let (type_name, line, column) = (E::TYPE_NAME, error.line(), error.column());
        let detail = format!("What the core kept is not what {type_name} keeps (line {line}, column {column}).");
        Diagnostic::bug(detail).into()
    })
}
