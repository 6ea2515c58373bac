//! Writes the code: the implementations, the draft, the constants, and the checks that need the types of the fields.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use crate::parse::{Attribute, AttributePath, BLOCK_OPTIONS, Block, Model, ModelOptions, OPERATIONS, Relation};

/// Everything that the macro adds beside a struct.
pub(crate) fn model(model: &Model) -> TokenStream {
    let constants = constants(model);
    let implementation = model_impl(model);
    let conversions = conversions(model);
    let draft = draft(model);
    let checks = model.attributes.iter().flat_map(type_checks);
    quote! {
        #constants
        #implementation
        #conversions
        #draft
        #(#checks)*
    }
}

fn constants(model: &Model) -> TokenStream {
    // As visible as the struct: the names are in the schema, so they are no secret even where the field is private.
    let Model { name, visibility, .. } = model;
    let constants = model.attributes.iter().map(|attribute| {
        let (constant, attribute_name) = (attribute.constant(), &attribute.name);
        let doc = format!("Name of the attribute `{attribute_name}`.");
        quote! {
            #[doc = #doc]
            #visibility const #constant: &'static str = #attribute_name;
        }
    });
    quote! {
        #[automatically_derived]
        #[allow(dead_code, reason = "there is a constant for each attribute, whether it is asked for or not")]
        impl #name {
            #(#constants)*
        }
    }
}

fn model_impl(model: &Model) -> TokenStream {
    let Model {
        name,
        description,
        options,
        ..
    } = model;
    let draft = draft_name(model);
    let timeouts = timeout_defaults(&options.timeouts);
    let attributes = model
        .attributes
        .iter()
        .map(|attribute| schema_attribute(attribute, options, &timeouts));
    let version = options
        .version
        .as_ref()
        .map_or_else(|| quote!(0), ToTokens::to_token_stream);
    let deprecation = match &options.deprecated {
        Some(message) => quote!(::core::option::Option::Some(::std::string::String::from(#message))),
        None => quote!(::core::option::Option::None),
    };
    quote! {
        #[automatically_derived]
        impl ::tf_framework::model::Model for #name {
            type Draft = #draft;

            fn attributes() -> ::std::vec::Vec<::tf_framework::schema::Attribute> {
                ::std::vec![#(#attributes),*]
            }

            fn schema() -> ::tf_framework::schema::Schema {
                ::tf_framework::schema::Schema {
                    version: #version,
                    description: ::std::string::String::from(#description),
                    deprecation: #deprecation,
                    attributes: <Self as ::tf_framework::model::Model>::attributes(),
                    timeouts: #timeouts,
                }
            }
        }

        #[automatically_derived]
        impl ::tf_framework::model::AttributeType for #name {
            type Draft = #draft;

            fn kind() -> ::tf_framework::schema::Kind {
                ::tf_framework::schema::Kind::Nested(
                    ::tf_framework::schema::Nesting::Single,
                    <Self as ::tf_framework::model::Model>::attributes(),
                )
            }
        }
    }
}

fn conversions(model: &Model) -> TokenStream {
    let name = &model.name;
    let from_value = from_value(model, name);
    let attributes = model.attributes.iter().map(|attribute| {
        let (constant, field) = (attribute.constant(), &attribute.field);
        quote!((Self::#constant, ::tf_framework::model::ToValue::to_value(&self.#field)))
    });
    quote! {
        #from_value

        #[automatically_derived]
        impl ::tf_framework::model::ToValue for #name {
            fn to_value(&self) -> ::tf_framework::value::Value {
                ::tf_framework::value::Value::object::<&str>([#(#attributes),*])
            }
        }
    }
}

fn draft(model: &Model) -> TokenStream {
    let Model { name, visibility, .. } = model;
    let draft = draft_name(model);
    let doc = format!("The draft of [`{name}`]: each attribute may be unknown or null.");
    let fields = model.attributes.iter().map(|attribute| {
        let Attribute {
            docs,
            visibility,
            field,
            value_type,
            ..
        } = attribute;
        quote! {
            #(#docs)*
            #visibility #field: ::tf_framework::model::Attr<
                <#value_type as ::tf_framework::model::AttributeType>::Draft
            >
        }
    });
    let from_value = from_value(model, &draft);
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #[allow(dead_code, reason = "a hook reads the attributes that it needs, often none")]
        #visibility struct #draft {
            #(#fields),*
        }

        #from_value
    }
}

/// The conversion into the struct or its draft: they have the same fields.
fn from_value(model: &Model, target: &Ident) -> TokenStream {
    let name = &model.name;
    let fields = model.attributes.iter().map(|attribute| {
        let (constant, field) = (attribute.constant(), &attribute.field);
        quote!(#field: ::tf_framework::model::from_attribute(value, #name::#constant)?)
    });
    quote! {
        #[automatically_derived]
        impl ::tf_framework::model::FromValue for #target {
            fn from_value(
                value: &::tf_framework::value::Value,
            ) -> ::core::result::Result<Self, ::tf_framework::model::ConversionError> {
                ::tf_framework::model::expect_object(value)?;
                ::core::result::Result::Ok(Self { #(#fields),* })
            }
        }
    }
}

fn schema_attribute(attribute: &Attribute, model: &ModelOptions, timeouts: &TokenStream) -> TokenStream {
    let Attribute {
        value_type,
        description,
        options,
        ..
    } = attribute;
    let constant = attribute.constant();
    let calls = calls(attribute);
    let relations = relations(attribute, &model.relations);
    let built = quote! {
        ::tf_framework::schema::Attribute::new::<#value_type>(Self::#constant, #description) #calls #relations
    };
    let kind = attribute
        .is_timeouts()
        .then(|| quote!(kind: <#value_type>::kind_with(&#timeouts),));
    let equality = options.equal.as_ref().map(|function| {
        quote! {
            semantic_equality: ::core::option::Option::Some(
                ::tf_framework::schema::SemanticEquality::Values(#function)
            ),
        }
    });
    if kind.is_none() && equality.is_none() {
        return built;
    }
    quote!(::tf_framework::schema::Attribute { #kind #equality ..#built })
}

/// The builder's methods that the options stand for: first what decides the planned value, then what follows from it.
fn calls(attribute: &Attribute) -> TokenStream {
    let options = &attribute.options;
    let mut calls = TokenStream::new();
    if let Some(block) = &options.block {
        let block = self::block(block);
        calls.extend(quote!(.block(#block)));
    }
    if let Some(default) = &options.default {
        calls.extend(quote!(.default_value(#default)));
    }
    if options.optional.is_some() {
        calls.extend(quote!(.optional_computed()));
    }
    if options.keep.is_some() {
        calls.extend(quote!(.keep()));
    }
    if options.keep_non_null.is_some() {
        calls.extend(quote!(.modifier(::tf_framework::schema::PlanModifier::KeepNonNull)));
    }
    if !options.depends_on.is_empty() {
        let paths = options.depends_on.iter().map(path);
        calls.extend(quote! {
            .modifier(::tf_framework::schema::PlanModifier::DependsOn(::std::vec![#(#paths),*]))
        });
    }
    if options.replace.is_some() {
        calls.extend(quote!(.requires_replace()));
    }
    if let Some(function) = &options.replace_if {
        calls.extend(quote!(.modifier(::tf_framework::schema::PlanModifier::ReplaceIf(#function))));
    }
    if options.replace_if_configured.is_some() {
        calls.extend(quote!(.modifier(::tf_framework::schema::PlanModifier::ReplaceIfConfigured)));
    }
    if let Some(function) = &options.modify {
        calls.extend(quote!(.modifier(::tf_framework::schema::PlanModifier::Custom(#function))));
    }
    for validator in &options.validate {
        calls.extend(quote!(.validator(#validator)));
    }
    if let Some(message) = &options.deprecated {
        calls.extend(quote!(.deprecated(#message)));
    }
    calls
}

/// The relations that are declared at an attribute: its own, and those of the struct that name it first.
fn relations(attribute: &Attribute, of_model: &[Relation]) -> TokenStream {
    let name = &attribute.name;
    let shared = of_model
        .iter()
        .filter(|relation| relation.owner().as_ref() == Some(name));
    let relations = attribute.options.relations.iter().chain(shared);
    relations.map(|relation| relation.expand(name)).collect()
}

fn block(block: &Block) -> TokenStream {
    let defaults = quote!(<::tf_framework::schema::Block as ::core::default::Default>::default());
    let limits = block.limits.iter().map(|(limit, items)| {
        let is_least = BLOCK_OPTIONS.first().is_some_and(|least| limit == least);
        if is_least {
            quote!(#limit: #items)
        } else {
            quote!(#limit: ::core::option::Option::Some(#items))
        }
    });
    quote!(::tf_framework::schema::Block { #(#limits,)* ..#defaults })
}

fn path(path: &AttributePath) -> TokenStream {
    let first = path.first.unraw().to_string();
    let rest = path.rest.iter().map(|name| name.unraw().to_string());
    quote!(::tf_framework::path::Path::new(#first) #(.attribute(#rest))*)
}

fn timeout_defaults(limits: &[(Ident, Duration)]) -> TokenStream {
    let defaults = quote!(<::tf_framework::schema::TimeoutDefaults as ::core::default::Default>::default());
    if limits.is_empty() {
        return defaults;
    }
    let rest = (limits.len() < OPERATIONS.len()).then(|| quote!(..#defaults));
    let limits = limits.iter().map(|(operation, limit)| {
        let (seconds, nanoseconds) = (limit.as_secs(), limit.subsec_nanos());
        quote!(#operation: ::core::time::Duration::new(#seconds, #nanoseconds))
    });
    quote!(::tf_framework::schema::TimeoutDefaults { #(#limits,)* #rest })
}

/// Checks that only the compiler can make, since only it knows the types: an option suits who decides the value.
fn type_checks(attribute: &Attribute) -> Vec<TokenStream> {
    let options = &attribute.options;
    let check = |span, presence: &str, message: &str| {
        let value_type = &attribute.value_type;
        let presence = format_ident!("{presence}");
        quote_spanned! {span=>
            const _: () = ::core::assert!(
                ::core::matches!(
                    <#value_type as ::tf_framework::model::AttributeType>::PRESENCE,
                    ::tf_framework::schema::Presence::#presence
                ),
                #message
            );
        }
    };
    let mut checks = Vec::new();
    if let Some(default) = &options.default {
        let message = "`default` is for a plain `T`: an attribute with a default is never null";
        checks.push(check(default.span(), "Required", message));
    }
    if let Some(span) = options.optional {
        let message = "`optional` is for `Attr<T>`; what is never computed is an `Option<T>`";
        checks.push(check(span, "Computed", message));
    }
    if let Some(span) = options.keep {
        let message = "`keep` is for `Attr<T>`: only a computed attribute can keep its prior value";
        checks.push(check(span, "Computed", message));
    }
    if let Some(span) = options.keep_non_null {
        let message = "`keep_non_null` is for `Attr<T>`: only a computed attribute can keep its prior value";
        checks.push(check(span, "Computed", message));
    }
    if let Some(path) = options.depends_on.first() {
        let message = "`depends_on` is for `Attr<T>`: only a computed attribute can keep its prior value";
        checks.push(check(path.first.span(), "Computed", message));
    }
    checks
}

fn draft_name(model: &Model) -> Ident {
    format_ident!("{}Draft", model.name)
}
