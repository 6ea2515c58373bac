//! What is wrong with options that are well-formed by themselves.

use syn::Error;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use crate::options::Errors;
use crate::parse::{Attribute, AttributePath, ModelOptions};

/// Options of an attribute do not exclude each other.
pub(super) fn contradictions(attributes: &[Attribute], errors: &mut Errors) {
    for options in attributes.iter().map(|attribute| &attribute.options) {
        if let (Some(block), Some(_)) = (&options.block, &options.default) {
            errors.push(Error::new(block.span, "`block` and `default` contradict each other"));
        }
        let exclusive = [
            [
                ("keep", options.keep),
                ("keep_non_null", options.keep_non_null),
                ("depends_on", options.depends_on.first().map(|path| path.first.span())),
            ],
            [
                ("replace", options.replace),
                ("replace_if", options.replace_if.as_ref().map(Spanned::span)),
                ("replace_if_configured", options.replace_if_configured),
            ],
        ];
        for group in exclusive {
            let given: Vec<_> = group
                .into_iter()
                .filter_map(|(name, span)| Some((name, span?)))
                .collect();
            if let [(first, span), (second, _), ..] = given[..] {
                errors.push(Error::new(
                    span,
                    format!("`{first}` and `{second}` contradict each other"),
                ));
            }
        }
    }
}

/// Names are distinct, and such as the core accepts.
pub(super) fn names(attributes: &[Attribute], errors: &mut Errors) {
    for (position, attribute) in attributes.iter().enumerate() {
        let name = &attribute.name;
        let is_snake_case = name.starts_with(|c: char| c.is_ascii_lowercase())
            && !name.ends_with('_')
            && !name.contains("__")
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !is_snake_case {
            let message = format!(
                "`{name}` is no name for an attribute: it takes lower-case words and digits with a `_` between them"
            );
            errors.push(Error::new(attribute.name_span(), message));
        }
        if attributes.iter().take(position).any(|earlier| earlier.name == *name) {
            errors.push(Error::new(
                attribute.name_span(),
                format!("duplicate attribute `{name}`"),
            ));
        }
    }
}

/// Attributes depend on others of the same model.
pub(super) fn dependencies(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes {
        for AttributePath { first, rest } in &attribute.options.depends_on {
            let name = first.unraw().to_string();
            if !attributes.iter().any(|other| other.name == name) {
                errors.push(Error::new(first.span(), format!("no attribute `{name}` in this model")));
            } else if rest.is_empty() && name == attribute.name {
                errors.push(Error::new(first.span(), format!("`{name}` cannot depend on itself")));
            }
        }
    }
}

/// Limits and the attribute `timeouts` belong together.
pub(super) fn timeouts(options: &ModelOptions, attributes: &[Attribute], errors: &mut Errors) {
    let mut has_timeouts = false;
    for attribute in attributes.iter().filter(|attribute| attribute.is_timeouts()) {
        has_timeouts = true;
        if attribute.name != "timeouts" {
            errors.push(Error::new(
                attribute.name_span(),
                "the attribute of type `Timeouts` is called `timeouts`",
            ));
        }
    }
    if let (Some((operation, _)), false) = (options.timeouts.first(), has_timeouts) {
        errors.push(Error::new(
            operation.span(),
            "`timeouts(...)` needs a field `timeouts` of type `Timeouts`",
        ));
    }
}
