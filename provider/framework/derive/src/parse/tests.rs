//! What the macro says about structs that are no models, and where.

use proc_macro2::TokenStream;
use quote::quote;

use super::*;

/// The messages of all errors, in order.
fn errors(item: TokenStream) -> Vec<String> {
    match Model::new(&syn::parse2(item).unwrap()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| error.to_string()).collect(),
    }
}

/// The errors of a model with this field.
fn field_errors(field: TokenStream) -> Vec<String> {
    errors(quote! {
        /// A model.
        struct Example {
            #field
        }
    })
}

#[test]
fn other_items_than_structs_with_named_fields_are_refused() {
    assert_eq!(
        errors(quote!(
            enum Example {
                A,
            }
        )),
        ["a model is a struct with named fields"]
    );
    assert_eq!(
        errors(quote!(union Example { a: u8 })),
        ["a model is a struct with named fields"]
    );
    let unnamed = ["a model needs named fields: they are its attributes"];
    assert_eq!(
        errors(quote!(
            struct Example(String);
        )),
        unnamed
    );
    assert_eq!(
        errors(quote!(
            struct Example;
        )),
        unnamed
    );
}

#[test]
fn generic_parameters_are_refused() {
    let generic = ["a model has no generic parameters"];
    assert_eq!(
        errors(quote!(
            struct Example<T> {
                a: T,
            }
        )),
        generic
    );
    assert_eq!(
        errors(quote!(
            struct Example<'a> {
                a: &'a str,
            }
        )),
        generic
    );
}

#[test]
fn all_mistakes_are_reported_together() {
    let found = errors(quote! {
        #[tf(version = "1", colour)]
        struct Example {
            #[tf(replace, sensitive, replace)]
            name: String,
            /// Size.
            #[tf(keep = true)]
            size: Attr<i64>,
        }
    });
    assert_eq!(
        found,
        [
            "missing doc comment: it is the description of the schema",
            "`version` takes a whole number from 0",
            "unknown option `colour`, expected one of `version`, `deprecated`, `timeouts`, `at_most_one_of`, \
             `exactly_one_of`, `at_least_one_of`, `required_together`",
            "missing doc comment: it is the description of the attribute",
            "duplicate option `replace`",
            "unknown option `sensitive`, expected one of `name`, `block`, `default`, `optional`, `required`, `keep`, \
             `keep_non_null`, `depends_on`, `replace`, `replace_if`, `replace_if_configured`, `modify`, `equal`, `validate`, \
             `conflicts_with`, `requires`, `required_together`, `exactly_one_of`, `at_least_one_of`, `prefer_write_only`, \
             `deprecated`",
            "`keep` takes no value",
        ]
    );
}

#[test]
fn options_are_distinct_across_attributes() {
    let found = field_errors(quote! {
        /// Name.
        #[tf(deprecated = "Use `b`.")]
        #[tf(deprecated = "Use `c`.")]
        a: String
    });
    assert_eq!(found, ["duplicate option `deprecated`"]);
}

#[test]
fn options_have_the_shape_that_they_need() {
    let found = field_errors(quote! {
        /// Name.
        #[tf(name = 1, default, equal("a"), validate, depends_on(), deprecated = text)]
        a: String
    });
    assert_eq!(
        found,
        [
            "`name` takes a string",
            "`default` takes a value: `default = ...`",
            "`equal` takes a value: `equal = ...`",
            "`validate` takes a list: `validate(...)`",
            "`depends_on` takes a list: `depends_on(...)`",
            "`deprecated` takes a string",
        ]
    );
}

#[test]
fn contradicting_options_are_refused() {
    let found = field_errors(quote! {
        /// Name.
        name: String,
        /// Address.
        #[tf(keep, depends_on(name), replace, replace_if = shrinks)]
        url: Attr<String>
    });
    assert_eq!(
        found,
        [
            "`keep` and `depends_on` contradict each other",
            "`replace` and `replace_if` contradict each other",
        ]
    );
}

#[test]
fn names_are_distinct_and_in_snake_case() {
    let found = field_errors(quote! {
        /// Name.
        name: String,
        /// Another.
        #[tf(name = "name")]
        other: String,
        /// A third.
        #[tf(name = "Third-Name")]
        third: String,
        /// A fourth.
        r#type: String,
        /// A fifth.
        fifth__name: String,
        /// A sixth.
        sixth_: String,
    });
    assert_eq!(
        found,
        [
            "duplicate attribute `name`",
            "`Third-Name` is no name for an attribute: it takes lower-case words and digits with a `_` between them",
            "`fifth__name` is no name for an attribute: it takes lower-case words and digits with a `_` between them",
            "`sixth_` is no name for an attribute: it takes lower-case words and digits with a `_` between them",
        ]
    );
}

#[test]
fn dependencies_are_other_attributes_of_the_model() {
    let found = field_errors(quote! {
        /// Kind.
        r#type: String,
        /// Address.
        #[tf(depends_on(type, r#type, host.name, url, url.port))]
        url: Attr<Url>
    });
    assert_eq!(
        found,
        ["no attribute `host` in this model", "`url` cannot depend on itself"]
    );
}

#[test]
fn limits_are_durations_of_operations() {
    let found = errors(quote! {
        /// A model.
        #[tf(timeouts(create = "5m", update = 5, destroy = "5m", read = "5m", read = "6m"))]
        struct Example {
            /// Limits.
            timeouts: model::Timeouts,
        }
    });
    assert_eq!(
        found,
        [
            "duplicate option `read`",
            "`update` takes a string",
            "unknown option `destroy`, expected one of `create`, `read`, `update`, `delete`",
        ]
    );
}

#[test]
fn limits_need_their_attribute() {
    let found = errors(quote! {
        /// A model.
        #[tf(timeouts(create = "5m"))]
        struct Example {}
    });
    assert_eq!(found, ["`timeouts(...)` needs a field `timeouts` of type `Timeouts`"]);
    let found = field_errors(quote! {
        /// Limits.
        limits: Timeouts
    });
    assert_eq!(found, ["the attribute of type `Timeouts` is called `timeouts`"]);
}

#[test]
fn a_correct_model_has_no_errors() {
    let found = field_errors(quote! {
        /// Name.
        #[tf(name = "label", replace, default = "x", validate(a(), b()),)]
        name: String,
        /// Address.
        #[tf(optional, depends_on(label))]
        url: Attr<String>
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn relations_name_attributes_of_the_model() {
    let found = errors(quote! {
        /// A model.
        #[tf(exactly_one_of(a, b), exactly_one_of(c, a), at_most_one_of(a), required_together(super.x, a))]
        struct Example {
            /// A.
            #[tf(conflicts_with(a, b), requires(d), prefer_write_only(b, b))]
            a: Option<String>,
            /// B.
            #[tf(conflicts_with(super.anything, a[*].b))]
            b: Option<String>,
        }
    });
    assert_eq!(
        found,
        [
            "no attribute `c` in this model",
            "`at_most_one_of` takes at least two attributes",
            "`required_together` takes attributes of this model, the first of which is in no other",
            "`a` cannot be related to itself",
            "no attribute `d` in this model",
            "`prefer_write_only` takes one attribute",
        ]
    );
}

#[test]
fn modifiers_that_decide_the_same_contradict_each_other() {
    let found = field_errors(quote! {
        /// Name.
        #[tf(keep_non_null, keep, replace_if_configured, replace_if = f)]
        a: Attr<String>
    });
    assert_eq!(
        found,
        [
            "`keep` and `keep_non_null` contradict each other",
            "`replace_if` and `replace_if_configured` contradict each other",
        ]
    );
}

#[test]
fn blocks_have_limits_and_no_default() {
    assert_eq!(
        field_errors(quote! {
            /// Rules.
            #[tf(block(min_items = 1, max_items = 3))]
            rules: Vec<Rule>,
        }),
        [""; 0]
    );
    assert_eq!(
        field_errors(quote! {
            /// Rules.
            #[tf(block(min_items = -1, most = 3), default = 1)]
            rules: Vec<Rule>,
        }),
        [
            "`min_items` takes a whole number from 0",
            "unknown option `most`, expected one of `min_items`, `max_items`",
            "`block` and `default` contradict each other",
        ]
    );
}
