//! A framework for Terraform and OpenTofu providers.

#![cfg_attr(test, allow(clippy::too_many_lines, reason = "a test may be a long table of cases"))]

// The derive macro names this crate from the outside, here as well.
extern crate self as tf_framework;

pub mod context;
pub mod data_source;
pub mod diagnostics;
pub mod lifecycle;
pub mod model;
mod operations;
pub mod panic;
pub mod path;
pub mod provider;
pub mod record;
pub mod resource;
pub mod schema;
pub mod server;
#[cfg(feature = "testing")]
pub mod testing;
pub mod types;
pub mod value;
#[doc(hidden)]
pub mod wire;

pub use model::{Attr, AttributeType, FromValue, Model, Timeouts, ToValue, WriteOnly};
pub use server::serve;
pub use tf_framework_derive::Model;

#[cfg(test)]
mod tests {
    use crate::Model;

    /// A model of this crate.
    #[derive(Model)]
    struct Inner {
        /// Its name.
        name: String,
    }

    #[test]
    fn models_can_be_derived_inside_the_framework() {
        assert_eq!(Inner::attributes().len(), 1);
        assert_eq!(Inner::NAME, "name");
    }
}
