//! Writes the code: the implementations, the draft, the constants, and the checks that need the types of the fields.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::LitStr;

use crate::expand::attribute::{schema_attribute, type_checks};
use crate::parse::{Attribute, Model, OPERATIONS};

mod attribute;

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

            fn from_draft(draft: &#draft) -> ::core::option::Option<Self> {
                draft.known()
            }

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
    let known = model.attributes.iter().map(|attribute| {
        let (field, value_type) = (&attribute.field, &attribute.value_type);
        quote!(#field: <#value_type as ::tf_framework::model::AttributeType>::from_attribute_draft(&self.#field)?)
    });
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #[allow(dead_code, reason = "a hook reads the attributes that it needs, often none")]
        #visibility struct #draft {
            #(#fields),*
        }

        #[automatically_derived]
        #[allow(dead_code, reason = "few look at the whole of a draft")]
        impl #draft {
            /// The value, if nothing in it is unknown, and nothing is missing that has to be there.
            #[must_use]
            #visibility fn known(&self) -> ::core::option::Option<#name> {
                ::core::option::Option::Some(#name { #(#known),* })
            }
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

fn timeout_defaults(limits: &[(Ident, LitStr)]) -> TokenStream {
    let defaults = quote!(<::tf_framework::schema::TimeoutDefaults as ::core::default::Default>::default());
    if limits.is_empty() {
        return defaults;
    }
    let rest = (limits.len() < OPERATIONS.len()).then(|| quote!(..#defaults));
    let limits = limits.iter().map(|(operation, limit)| {
        // A constant, so that the compiler refuses what is no limit, here.
        quote_spanned! {limit.span()=>
            #operation: {
                const LIMIT: ::core::time::Duration = ::tf_framework::schema::TimeoutDefaults::limit(#limit);
                LIMIT
            }
        }
    });
    quote!(::tf_framework::schema::TimeoutDefaults { #(#limits,)* #rest })
}

fn draft_name(model: &Model) -> Ident {
    format_ident!("{}Draft", model.name)
}
