//! Data sources: what authors implement to look things up.

use std::future::Future;
use std::sync::OnceLock;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::context::Scope;
use crate::diagnostics::Diagnostics;
use crate::lifecycle::defaults::config_with_defaults;
use crate::lifecycle::normalize::with_timeouts_of;
use crate::lifecycle::validate::{draft, refuse_null_elements};
use crate::model::{FromValue, Model, ToValue};
use crate::schema::Schema;
use crate::value::Value;

/// A kind of thing that can be looked up.
pub trait DataSource: Sized + Send + Sync + 'static {
    /// Its attributes: those of the configuration, and the computed ones that the look-up fills. An attribute of type
    /// `Timeouts` has the limit `read` alone.
    type Model: Model;
    /// What the provider's configuration was turned into.
    type Clients: Send + Sync + 'static;

    /// Its type in configurations, such as `cht_ssh_host`.
    const TYPE_NAME: &'static str;

    /// The schema; the model's own unless it is not enough.
    fn schema(&self) -> Schema {
        Self::Model::schema()
    }

    /// Checks what concerns more than one attribute, without I/O and without complaining of what is unknown.
    fn validate(&self, config: &<Self::Model as Model>::Draft, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Looks it up.
    ///
    /// # Errors
    /// Fails if there is no such thing, or if that cannot be told, or not yet ([`or_defer`](Diagnostics::or_defer)).
    fn read(
        &self,
        scope: &Scope<Self::Clients>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;
}

/// A [`DataSource`] whose types are hidden, except that of its clients.
pub(crate) trait DynDataSource<C>: Send + Sync {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    /// Adds what the author finds wrong to what the schema has found.
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics);
    fn read<'a>(&'a self, scope: Scope<C>, config: &'a Value) -> BoxFuture<'a, Result<Value, Diagnostics>>;
}

/// A data source and its schema, which is made when it is asked for.
pub(crate) struct Erased<D> {
    data_source: D,
    schema: OnceLock<Schema>,
}

impl<D: DataSource> Erased<D> {
    pub(crate) fn new(data_source: D) -> Self {
        Erased {
            data_source,
            schema: OnceLock::new(),
        }
    }
}

impl<D: DataSource> DynDataSource<D::Clients> for Erased<D> {
    fn type_name(&self) -> &'static str {
        D::TYPE_NAME
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.data_source.schema().for_reading())
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(draft) = draft::<<D::Model as Model>::Draft>(config, diagnostics) {
            self.data_source.validate(&draft, diagnostics);
            refuse_null_elements::<D::Model>(self.schema(), config, diagnostics);
        }
    }

    fn read<'a>(&'a self, scope: Scope<D::Clients>, config: &'a Value) -> BoxFuture<'a, Result<Value, Diagnostics>> {
        async move {
            let model = D::Model::from_value(&config_with_defaults(self.schema(), config))?;
            let found = self.data_source.read(&scope, model).await?;
            Ok(with_timeouts_of(config, found.to_value()))
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::context::Report;
    use crate::lifecycle::check::assert_conforms;
    use crate::{Model, Timeouts};

    /// A look-up.
    #[derive(Model)]
    struct LookUpModel {
        /// Its name.
        name: String,
        /// How long it may take.
        timeouts: Timeouts,
    }

    struct LookUp;

    impl DataSource for LookUp {
        type Model = LookUpModel;
        type Clients = ();

        const TYPE_NAME: &'static str = "test_look_up";

        async fn read(&self, _: &Scope<()>, config: LookUpModel) -> Result<LookUpModel, Diagnostics> {
            Ok(config)
        }
    }

    #[tokio::test]
    async fn a_data_source_has_one_limit_and_keeps_it_as_it_is_configured() {
        let erased = Erased::new(LookUp);
        assert_eq!(erased.schema().lint(), Vec::<String>::new());
        for limit in [Value::Null, "1m".into()] {
            let timeouts = Value::object([("read", limit)]);
            for timeouts in [timeouts, Value::Null] {
                let config = Value::object([("name", "a".into()), ("timeouts", timeouts)]);
                let second = Duration::from_secs(1);
                let report = Arc::<Report>::default();
                let scope = Scope::new(Arc::new(()), "read", second, CancellationToken::new(), report);
                let found = erased.read(scope, &config).await.unwrap();
                assert_eq!(found, config);
                assert!(assert_conforms(erased.schema(), &found).is_empty());
            }
        }
    }
}
