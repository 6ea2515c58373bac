//! Data sources: looking something up.
//!
//! A data source implements [`DataSource`](crate::data_source::DataSource). What it is asked is in the configuration;
//! what it found goes into the computed attributes. There is no life to manage, so there is one method:
//!
//! ```
//! use tf_framework::context::Scope;
//! use tf_framework::data_source::DataSource;
//! use tf_framework::diagnostics::{Diagnostic, Diagnostics};
//! use tf_framework::provider::DataSourceEntry;
//! use tf_framework::{Attr, Model};
//!
//! /// A region of the library.
//! #[derive(Model)]
//! struct RegionModel {
//!     /// Its name.
//!     name: String,
//!     /// The city that it is in.
//!     city: Attr<String>,
//! }
//!
//! struct Region;
//!
//! impl DataSource for Region {
//!     type Model = RegionModel;
//!     type Clients = ();
//!
//!     const TYPE_NAME: &'static str = "library_region";
//!
//!     async fn read(&self, _scope: &Scope<()>, mut config: RegionModel) -> Result<RegionModel, Diagnostics> {
//!         let city = match config.name.as_str() {
//!             "north" => "Tromsø",
//!             "south" => "Palermo",
//!             other => {
//!                 let detail = format!("There is no region `{other}`. There are `north` and `south`.");
//!                 return Err(Diagnostic::error("No such region", detail).at(RegionModel::NAME).into());
//!             }
//!         };
//!         config.city = Attr::Known(city.to_owned());
//!         Ok(config)
//!     }
//! }
//!
//! assert_eq!(DataSourceEntry::new(Region).type_name(), "library_region");
//! ```
//!
//! It goes into [`data_sources`](crate::provider::Provider::data_sources) of the provider.
//!
//! The core reads data as soon as their configuration is known: mostly while it plans, again and again. So a look-up
//! has no side effects, and is quick. What it asks for may be missing: that is an error that names the attribute, not
//! an empty answer.
//!
//! A [`Scope`](crate::context::Scope) is what a `Context` is without a state: clients, deadline, waits and warnings.
