//! Reads and writes a struct that is the parameters of a function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Expr, Field, Fields, FieldsNamed, LitStr, Result, Type, Visibility};

use crate::description::description;
use crate::options::{self, Errors};
use crate::parse::constant;

const FUNCTION_OPTIONS: [&str; 1] = ["deprecated"];
const PARAMETER_OPTIONS: [&str; 2] = ["variadic", "validate"];

/// A struct that is the parameters of a function.
pub(crate) struct Parameters {
    visibility: Visibility,
    name: Ident,
    description: String,
    deprecated: Option<LitStr>,
    parameters: Vec<Parameter>,
}

/// A field that is a parameter.
struct Parameter {
    field: Ident,
    value_type: Type,
    description: String,
    variadic: Option<Span>,
    validate: Vec<Expr>,
}

impl Parameters {
    /// Reads a struct.
    pub(crate) fn new(input: &DeriveInput) -> Result<Self> {
        let fields = named_fields(input)?;
        let mut errors = Errors::default();
        let description = description(&input.attrs);
        if description.is_empty() {
            let message = "missing doc comment: it is the description of the function";
            errors.push(Error::new(input.ident.span(), message));
        }
        let mut deprecated = None;
        for option in options::read(&input.attrs, &mut errors) {
            match option.name().as_str() {
                "deprecated" => deprecated = errors.caught(option.text()),
                _ => errors.push(option.unknown(&FUNCTION_OPTIONS)),
            }
        }
        let read = fields
            .named
            .iter()
            .filter_map(|field| Parameter::new(field, &mut errors));
        let parameters: Vec<Parameter> = read.collect();
        for parameter in parameters.iter().rev().skip(1) {
            if let Some(variadic) = parameter.variadic {
                let message = "`variadic` takes all further arguments, so it is the last parameter";
                errors.push(Error::new(variadic, message));
            }
        }
        errors.or(Parameters {
            visibility: input.vis.clone(),
            name: input.ident.clone(),
            description,
            deprecated,
            parameters,
        })
    }

    /// Everything that the macro adds beside the struct.
    pub(crate) fn expand(&self) -> TokenStream {
        let Parameters { name, description, .. } = self;
        let constants = self.constants();
        let deprecation = match &self.deprecated {
            Some(message) => quote!(::core::option::Option::Some(#message)),
            None => quote!(::core::option::Option::None),
        };
        let (variadic, positional): (Vec<_>, Vec<_>) = self
            .parameters
            .iter()
            .partition(|parameter| parameter.variadic.is_some());
        let positional = positional.into_iter().map(Parameter::built);
        let variadic = match variadic.first() {
            Some(parameter) => {
                let built = parameter.built();
                quote!(::core::option::Option::Some(#built))
            }
            None => quote!(::core::option::Option::None),
        };
        let fields = self.parameters.iter().map(Parameter::converted);
        quote! {
            #constants

            #[automatically_derived]
            impl ::tf_framework::function::Parameters for #name {
                const DESCRIPTION: &'static str = #description;
                const DEPRECATION: ::core::option::Option<&'static str> = #deprecation;

                fn parameters() -> ::std::vec::Vec<::tf_framework::function::Parameter> {
                    ::std::vec![#(#positional),*]
                }

                fn variadic() -> ::core::option::Option<::tf_framework::function::Parameter> {
                    #variadic
                }

                fn from_arguments(
                    arguments: &[::tf_framework::value::Value],
                ) -> ::core::result::Result<Self, ::tf_framework::function::Misfit> {
                    let _ = arguments;
                    ::core::result::Result::Ok(Self { #(#fields),* })
                }
            }
        }
    }

    /// The positions of the arguments, for errors.
    fn constants(&self) -> TokenStream {
        let Parameters { name, visibility, .. } = self;
        let constants = self.parameters.iter().enumerate().map(|(position, parameter)| {
            let (constant, doc) = (constant(&parameter.field), parameter.constant_doc());
            let argument = match parameter.variadic {
                Some(_) => quote!(::tf_framework::function::VariadicArgument),
                None => quote!(::tf_framework::function::Argument),
            };
            quote! {
                #[doc = #doc]
                #visibility const #constant: #argument = #argument::new(#position);
            }
        });
        quote! {
            #[automatically_derived]
            #[allow(dead_code, reason = "there is a constant for each parameter, whether it is ever blamed or not")]
            impl #name {
                #(#constants)*
            }
        }
    }
}

impl Parameter {
    fn new(field: &Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.clone()?;
        let description = description(&field.attrs);
        if description.is_empty() {
            let message = "missing doc comment: it is the description of the parameter";
            errors.push(Error::new(ident.span(), message));
        }
        let mut parameter = Parameter {
            field: ident,
            value_type: field.ty.clone(),
            description,
            variadic: None,
            validate: Vec::new(),
        };
        for option in options::read(&field.attrs, errors) {
            match option.name().as_str() {
                "variadic" => parameter.variadic = errors.caught(option.flag()),
                "validate" => parameter.validate = errors.caught(option.list()).unwrap_or_default(),
                _ => errors.push(option.unknown(&PARAMETER_OPTIONS)),
            }
        }
        Some(parameter)
    }

    fn name(&self) -> String {
        self.field.unraw().to_string()
    }

    fn constant_doc(&self) -> String {
        match self.variadic {
            Some(_) => format!("The arguments of the parameter `{}`.", self.name()),
            None => format!("The argument of the parameter `{}`.", self.name()),
        }
    }

    /// The parameter as data.
    fn built(&self) -> TokenStream {
        let Parameter {
            value_type,
            description,
            validate,
            ..
        } = self;
        let name = self.name();
        let argument_type = match self.variadic {
            Some(_) => quote!(<#value_type as ::tf_framework::function::Variadic>::Element),
            None => quote!(#value_type),
        };
        quote! {
            ::tf_framework::function::Parameter::new::<#argument_type>(#name, #description)
                #(.validator(#validate))*
        }
    }

    /// The field, made from the arguments.
    fn converted(&self) -> TokenStream {
        let (field, constant) = (&self.field, constant(&self.field));
        let convert = match self.variadic {
            Some(_) => quote!(remaining_arguments),
            None => quote!(argument),
        };
        quote!(#field: ::tf_framework::function::#convert(arguments, Self::#constant)?)
    }
}

fn named_fields(input: &DeriveInput) -> Result<&FieldsNamed> {
    if !input.generics.params.is_empty() {
        let message = "parameters have no generic parameters";
        return Err(Error::new_spanned(&input.generics, message));
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Some(fields),
            Fields::Unnamed(_) | Fields::Unit => None,
        },
        Data::Enum(_) | Data::Union(_) => None,
    }
    .ok_or_else(|| Error::new(input.ident.span(), "parameters are a struct with named fields"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages of all errors, in order.
    fn errors(item: TokenStream) -> Vec<String> {
        match Parameters::new(&syn::parse2(item).unwrap()) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.to_string()).collect(),
        }
    }

    #[test]
    fn all_mistakes_are_reported_together() {
        let found = errors(quote! {
            #[tf(deprecated, version = 1)]
            struct Join {
                #[tf(variadic, default = 1)]
                parts: Vec<String>,
                /// Separator.
                #[tf(variadic = true)]
                separator: String,
            }
        });
        assert_eq!(
            found,
            [
                "missing doc comment: it is the description of the function",
                "`deprecated` takes a value: `deprecated = ...`",
                "unknown option `version`, expected one of `deprecated`",
                "missing doc comment: it is the description of the parameter",
                "unknown option `default`, expected one of `variadic`, `validate`",
                "`variadic` takes no value",
                "`variadic` takes all further arguments, so it is the last parameter",
            ]
        );
    }

    #[test]
    fn other_items_than_structs_with_named_fields_are_refused() {
        let named = ["parameters are a struct with named fields"];
        assert_eq!(
            errors(quote!(
                enum Join {}
            )),
            named
        );
        assert_eq!(
            errors(quote!(
                struct Join(String);
            )),
            named
        );
        assert_eq!(
            errors(quote!(
                struct Join<T> {
                    part: T,
                }
            )),
            ["parameters have no generic parameters"]
        );
    }

    #[test]
    fn a_function_may_have_no_parameters() {
        let found = errors(quote! {
            /// A constant.
            struct Pi {}
        });
        assert_eq!(found, Vec::<String>::new());
    }
}
