//! Writes what there is for one attribute: its place in the schema, and the checks that need its type.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use crate::parse::{Attribute, AttributePath, BLOCK_OPTIONS, Block, ModelOptions, Relation};

/// The attribute in the schema.
pub(super) fn schema_attribute(attribute: &Attribute, model: &ModelOptions, timeouts: &TokenStream) -> TokenStream {
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
    if options.required.is_some() {
        calls.extend(quote!(.required()));
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

/// Checks that only the compiler can make, since only it knows the types: an option suits who decides the value.
pub(super) fn type_checks(attribute: &Attribute) -> Vec<TokenStream> {
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
    if let Some(span) = options.required {
        let value_type = &attribute.value_type;
        let message = "`required` is for `WriteOnly<T>`; anything else that is required is a plain `T`";
        checks.push(quote_spanned! {span=>
            const _: () = ::core::assert!(
                <#value_type as ::tf_framework::model::AttributeType>::WRITE_ONLY,
                #message
            );
        });
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
