//! The derive macros of `tf-framework`.
//!
//! [`macro@Identity`] is small, and all of it is in `identity`.
//! [`macro@Model`] goes three ways: `parse` reads the struct with its attributes (`options`, `description`)
//! and collects all mistakes in it, then `expand` writes what an author would write by hand against the framework's
//! public API. [`macro@Parameters`] does the same for functions, in `parameters`.

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod description;
mod expand;
mod identity;
mod options;
mod parameters;
mod parse;

/// Makes a struct with named fields a model: one field for each attribute.
///
/// It implements `Model`, `AttributeType` (so that the struct can be a nested attribute of another model), `FromValue`
/// and `ToValue`, and adds
/// - the struct `<Name>Draft`, in which every attribute may be unknown or null, and
/// - a constant for each attribute, such as `STORAGE_SIZE` for `storage_size`, that holds its name.
///
/// Doc comments become descriptions, so neither the struct nor a field goes without. Who decides the value of an
/// attribute, and whether it is sensitive or write-only, follows from the type of its field: see the module `model` of
/// the framework.
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
/// | `exactly_one_of(a, b)` | one of these attributes is given, and only one |
/// | `at_most_one_of(a, b)`, `at_least_one_of(a, b)` | likewise |
/// | `required_together(a, b)` | all of these attributes are given, or none |
/// | `timeouts(create = "30m", ...)` | how long `create`, `read`, `update` and `delete` may take by default; needs an attribute `timeouts` of type `Timeouts` |
///
/// The first two and the last concern the schema, so they have no effect on a struct that is only nested in others.
///
/// # Options of a field
///
/// | option | meaning |
/// | --- | --- |
/// | `name = "..."` | name of the attribute, if it is not the name of the field |
/// | `block`, `block(min_items = 1, max_items = 3)` | a nested attribute is written as blocks: `Option<M>` or `M` as one, `Vec<M>` and `BTreeSet<M>` as any number |
/// | `default = ...` | value where the configuration has none; anything that converts into a `Value` |
/// | `optional` | the configuration may decide the value of an `Attr<T>`, which is otherwise computed |
/// | `required` | the configuration has to have a value for a `WriteOnly<T>`, which is otherwise optional |
/// | `keep` | a computed attribute keeps its prior value, be it null |
/// | `keep_non_null` | a computed attribute keeps its prior value unless that is null |
/// | `depends_on(name, other.nested)` | a computed attribute keeps its prior value as long as none of these attributes of the same object changes |
/// | `replace` | a change replaces the object |
/// | `replace_if = path::to::function` | a change replaces the object if the function says so of the prior and the planned value |
/// | `replace_if_configured` | a change replaces the object unless the configuration has no value any more |
/// | `modify = path::to::function` | makes the planned value of the prior, the configured, and the one planned so far |
/// | `equal = path::to::function` | tells whether two values mean the same |
/// | `validate(..., ...)` | `Validator`s of the value |
/// | `conflicts_with(a, b)` | if it is given, none of these attributes is |
/// | `requires(a, b)` | if it is given, all of these attributes are |
/// | `exactly_one_of(a, b)`, `at_least_one_of(a, b)`, `required_together(a, b)` | as for the struct, for this attribute and these |
/// | `prefer_write_only(a)` | a warning that the write-only attribute does not get into the state |
/// | `deprecated = "..."` | why not to use it any more, and what instead |
///
/// The attributes that go together, or do not, are named from this struct on: `host` is a field, `tls.key` is nested in
/// one, `servers[*].host` is in each element of a list, set or map, and `super.region` in the struct that this one is
/// nested in.
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
///     /// Who pays: required means that it is a plain `String`.
///     #[tf(required)]
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
///
/// ```compile_fail,E0080
/// /// A bucket.
/// #[derive(tf_framework::Model)]
/// #[tf(timeouts(create = "half an hour"))]
/// struct BucketModel {
///     /// How long operations may take: numbers with units, up to a year.
///     timeouts: tf_framework::Timeouts,
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

/// Makes a struct with named fields the parameters of a function, in the order of its fields.
///
/// It implements `Parameters`, and adds a constant for each parameter, such as `Self::NAME` for `name`, by which an
/// error blames the argument. Doc comments become descriptions; the first paragraph of that of the struct is the
/// summary of the function. Which arguments a parameter takes follows from the type of its field: see the module
/// `function` of the framework.
///
/// | option of the struct | meaning |
/// | --- | --- |
/// | `deprecated = "..."` | why not to use the function any more, and what instead |
///
/// | option of a field | meaning |
/// | --- | --- |
/// | `variadic` | takes all further arguments, as a `Vec`; for the last field |
/// | `validate(..., ...)` | `Validator`s of the argument, or of each argument of a variadic parameter |
///
/// ```
/// use tf_framework::Parameters;
/// use tf_framework::function::{Argument, FunctionError};
///
/// /// Greets people.
/// #[derive(Parameters)]
/// struct Greet {
///     /// The greeting.
///     greeting: String,
///     /// Who is greeted.
///     #[tf(variadic)]
///     names: Vec<String>,
/// }
///
/// assert_eq!(Greet::GREETING, Argument::new(0));
/// assert_eq!(Greet::NAMES.element(1), Argument::new(2));
/// ```
///
/// Which argument is blamed is checked by the compiler:
///
/// ```compile_fail,E0599
/// # use tf_framework::Parameters;
/// # use tf_framework::function::FunctionError;
/// # /// Greets people.
/// # #[derive(Parameters)]
/// # struct Greet {
/// #     /// The greeting.
/// #     greeting: String,
/// # }
/// let error = FunctionError::new("It is empty.").at(Greet::SALUTATION);
/// ```
///
/// ```compile_fail,E0277
/// /// Greets people.
/// #[derive(tf_framework::Parameters)]
/// struct Greet {
///     /// Who is greeted: any number of people, so not one text.
///     #[tf(variadic)]
///     names: String,
/// }
/// ```
#[proc_macro_derive(Parameters, attributes(tf))]
pub fn parameters(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    match parameters::Parameters::new(&input) {
        Ok(parameters) => parameters.expand().into(),
        Err(errors) => errors.into_compile_error().into(),
    }
}

/// Makes a struct with named fields the identity of a resource: one field for each attribute.
///
/// It implements `Identity`, `Stored` (so that a frozen copy of the struct can be upgraded from), `FromValue` and
/// `ToValue`. A field of type `T` has to be given to import by identity, one of type `Option<T>` may be. Doc comments
/// become descriptions. The one option of the struct is `version = 1`, the version of the schema; 0 if absent.
///
/// ```
/// use tf_framework::Identity;
///
/// /// What names a bucket.
/// #[derive(Identity)]
/// #[tf(version = 1)]
/// struct BucketIdentity {
///     /// Its name.
///     name: String,
///     /// The account that it is in, where it is not that of the provider.
///     account: Option<String>,
/// }
/// ```
///
/// Texts, numbers, truth values and lists of them are all that can be in an identity. Anything else does not compile:
///
/// ```compile_fail,E0277
/// /// What names a bucket.
/// #[derive(tf_framework::Identity)]
/// struct BucketIdentity {
///     /// Its labels, which could change besides.
///     labels: std::collections::BTreeMap<String, String>,
/// }
/// ```
#[proc_macro_derive(Identity, attributes(tf))]
pub fn identity(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    match identity::identity(&input) {
        Ok(tokens) => tokens.into(),
        Err(errors) => errors.into_compile_error().into(),
    }
}
