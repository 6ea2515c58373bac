//! The derive macro of `tf-framework`.
//!
//! [`macro@Model`] goes three ways: `parse` reads the struct with its attributes (`options`, `description`, `duration`) and
//! collects all mistakes in it, then `expand` writes what an author would write by hand against the framework's public API.

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod description;
mod duration;
mod expand;
mod options;
mod parse;

/// Makes a struct with named fields a model: one field for each attribute.
///
/// It implements `Model`, `AttributeType` (so that the struct can be a nested attribute of another model), `FromValue` and
/// `ToValue`, and adds
/// - the struct `<Name>Draft`, in which every attribute may be unknown or null, and
/// - a constant for each attribute, such as `STORAGE_SIZE` for `storage_size`, that holds its name.
///
/// Doc comments become descriptions, so neither the struct nor a field goes without. Who decides the value of an attribute,
/// and whether it is sensitive or write-only, follows from the type of its field: see the module `model` of the framework.
///
/// ```
/// use tf_framework::Model;
/// use tf_framework::model::{Attr, Timeouts};
/// use tf_framework::schema::Validator;
///
/// /// A bucket.
/// #[derive(Model)]
/// #[tf(version = 1, timeouts(create = "30m"))]
/// struct BucketModel {
///     /// Its name.
///     #[tf(replace, validate(Validator::length(3..=63)))]
///     name: String,
///     /// What happens to old versions of objects.
///     #[tf(default = "keep", validate(Validator::one_of(["keep", "delete"])))]
///     old_versions: String,
///     /// Who pays.
///     owner: Option<String>,
///     /// Its address.
///     #[tf(depends_on(name))]
///     url: Attr<String>,
///     /// How long operations may take.
///     timeouts: Timeouts,
/// }
///
/// assert_eq!(BucketModel::OLD_VERSIONS, "old_versions");
/// assert_eq!(BucketModel::schema().description, "A bucket.");
/// ```
///
/// # Options of the struct
///
/// | option | meaning |
/// | --- | --- |
/// | `version = 1` | version of the schema; 0 if absent |
/// | `deprecated = "..."` | why not to use it any more, and what instead |
/// | `timeouts(create = "30m", ...)` | how long `create`, `read`, `update` and `delete` may take by default; needs an attribute `timeouts` of type `Timeouts` |
///
/// They concern the schema, so they have no effect on a struct that is only nested in others.
///
/// # Options of a field
///
/// | option | meaning |
/// | --- | --- |
/// | `name = "..."` | name of the attribute, if it is not the name of the field |
/// | `block`, `block(min_items = 1, max_items = 3)` | a nested attribute is written as blocks: `Option<M>` or `M` as one, `Vec<M>` and `BTreeSet<M>` as any number |
/// | `default = ...` | value where the configuration has none; anything that converts into a `Value` |
/// | `optional` | the configuration may decide the value of an `Attr<T>`, which is otherwise computed |
/// | `keep` | a computed attribute keeps its prior value |
/// | `depends_on(name, other.nested)` | a computed attribute keeps its prior value as long as none of these attributes of the same object changes |
/// | `replace` | a change replaces the object |
/// | `replace_if = path::to::function` | a change replaces the object if the function says so of the prior and the planned value |
/// | `equal = path::to::function` | tells whether two values mean the same |
/// | `validate(..., ...)` | `Validator`s of the value |
/// | `deprecated = "..."` | why not to use it any more, and what instead |
///
/// An option that contradicts the type of its field does not compile:
///
/// ```compile_fail,E0080
/// /// A bucket.
/// #[derive(tf_framework::Model)]
/// struct BucketModel {
///     /// Who pays: null if nobody does, so there cannot be a default.
///     #[tf(default = "me")]
///     owner: Option<String>,
/// }
/// ```
///
/// ```compile_fail,E0080
/// /// A bucket.
/// #[derive(tf_framework::Model)]
/// struct BucketModel {
///     /// Its name: comes from the configuration, so it is not the prior value that counts.
///     #[tf(keep)]
///     name: String,
/// }
/// ```
#[proc_macro_derive(Model, attributes(tf))]
pub fn model(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    match parse::Model::new(&input) {
        Ok(model) => expand::model(&model).into(),
        Err(errors) => errors.into_compile_error().into(),
    }
}
