//! `#[derive(Identity)]`: reads a struct and writes its schema and conversions.
//!
//! There are no options for fields: their types say all that there is to say.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Field, Ident, LitInt, Result, Type};

use crate::description::description;
use crate::options::{self, Errors};
use crate::parse::{named_fields, version};

/// A struct that is an identity.
struct Identity<'a> {
    name: &'a Ident,
    version: Option<LitInt>,
    attributes: Vec<Attribute<'a>>,
}

/// A field that is an attribute.
struct Attribute<'a> {
    name: String,
    field: &'a Ident,
    value_type: &'a Type,
    description: String,
}

/// Everything that the macro adds beside a struct.
pub(crate) fn identity(input: &DeriveInput) -> Result<TokenStream> {
    let identity = Identity::new(input)?;
    let schema = schema(&identity);
    let conversions = conversions(&identity);
    Ok(quote! {
        #schema
        #conversions
    })
}

impl<'a> Identity<'a> {
    fn new(input: &'a DeriveInput) -> Result<Self> {
        let fields = named_fields(input, "an identity")?;
        let mut errors = Errors::default();
        let mut read_version = None;
        for option in options::read(&input.attrs, &mut errors) {
            match option.name().as_str() {
                "version" => read_version = errors.caught(version(option)),
                _ => errors.push(option.unknown(&["version"])),
            }
        }
        let attributes = fields.named.iter();
        let attributes = attributes
            .filter_map(|field| Attribute::new(field, &mut errors))
            .collect();
        errors.or(Identity {
            name: &input.ident,
            version: read_version,
            attributes,
        })
    }
}

impl<'a> Attribute<'a> {
    fn new(field: &'a Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let description = description(&field.attrs);
        if description.is_empty() {
            errors.push(Error::new(
                ident.span(),
                "missing doc comment: it is the description of the attribute",
            ));
        }
        for option in options::read(&field.attrs, errors) {
            errors.push(option.error("attributes of an identity have no options: their types say it all"));
        }
        Some(Attribute {
            name: ident.unraw().to_string(),
            field: ident,
            value_type: &field.ty,
            description,
        })
    }
}

fn schema(identity: &Identity<'_>) -> TokenStream {
    let name = identity.name;
    let version = identity
        .version
        .as_ref()
        .map_or_else(|| quote!(0), ToTokens::to_token_stream);
    let attributes = identity.attributes.iter().map(|attribute| {
        let Attribute {
            name,
            value_type,
            description,
            ..
        } = attribute;
        // The compiler blames the type of a field that cannot be in an identity.
        quote_spanned! {value_type.span()=>
            ::tf_framework::identity::IdentityAttribute::new::<#value_type>(#name, #description)
        }
    });
    quote! {
        #[automatically_derived]
        impl ::tf_framework::identity::Identity for #name {
            fn schema() -> ::core::option::Option<::tf_framework::identity::IdentitySchema> {
                ::core::option::Option::Some(::tf_framework::identity::IdentitySchema {
                    version: #version,
                    attributes: ::std::vec![#(#attributes),*],
                })
            }
        }

        #[automatically_derived]
        impl ::tf_framework::resource::Stored for #name {
            fn version() -> i64 {
                #version
            }

            fn value_type() -> ::tf_framework::types::Type {
                <Self as ::tf_framework::identity::Identity>::schema()
                    .map_or(::tf_framework::types::Type::Dynamic, |schema| schema.value_type())
            }
        }
    }
}

fn conversions(identity: &Identity<'_>) -> TokenStream {
    let name = identity.name;
    let from_value = identity.attributes.iter().map(|attribute| {
        let (name, field) = (&attribute.name, attribute.field);
        quote!(#field: ::tf_framework::model::from_attribute(value, #name)?)
    });
    let to_value = identity.attributes.iter().map(|attribute| {
        let (name, field) = (&attribute.name, attribute.field);
        quote!((#name, ::tf_framework::model::ToValue::to_value(&self.#field)))
    });
    quote! {
        #[automatically_derived]
        impl ::tf_framework::model::FromValue for #name {
            fn from_value(
                value: &::tf_framework::value::Value,
            ) -> ::core::result::Result<Self, ::tf_framework::model::ConversionError> {
                ::tf_framework::model::expect_object(value)?;
                ::core::result::Result::Ok(Self { #(#from_value),* })
            }
        }

        #[automatically_derived]
        impl ::tf_framework::model::ToValue for #name {
            fn to_value(&self) -> ::tf_framework::value::Value {
                ::tf_framework::value::Value::object::<&str>([#(#to_value),*])
            }
        }
    }
}
