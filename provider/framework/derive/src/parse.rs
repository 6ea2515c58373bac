//! Reads a struct: what is a model, what its attributes are, and what is wrong with it. Fields are read in `attribute`.

use quote::format_ident;
use syn::ext::IdentExt;
use syn::{
    Data, DeriveInput, Error, Expr, ExprLit, Fields, FieldsNamed, Ident, Lit, LitInt, LitStr, Result, Visibility,
};

use crate::description::description;
use crate::options::{self, Errors, TfOption};

mod attribute;
mod check;
mod relation;

pub(crate) use attribute::{Attribute, AttributePath, BLOCK_OPTIONS, Block};
pub(crate) use relation::Relation;

const MODEL_OPTIONS: [&str; 7] = [
    "version",
    "deprecated",
    "timeouts",
    "at_most_one_of",
    "exactly_one_of",
    "at_least_one_of",
    "required_together",
];
/// The operations that have limits.
pub(crate) const OPERATIONS: [&str; 4] = ["create", "read", "update", "delete"];

/// A struct that is a model.
pub(crate) struct Model {
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) description: String,
    pub(crate) options: ModelOptions,
    pub(crate) attributes: Vec<Attribute>,
}

/// The options of a struct.
#[derive(Default)]
pub(crate) struct ModelOptions {
    pub(crate) version: Option<LitInt>,
    pub(crate) deprecated: Option<LitStr>,
    /// Operations with their limits.
    pub(crate) timeouts: Vec<(Ident, LitStr)>,
    pub(crate) relations: Vec<Relation>,
}

impl Model {
    /// Reads a struct.
    pub(crate) fn new(input: &DeriveInput) -> Result<Self> {
        let fields = named_fields(input, "a model")?;
        let mut errors = Errors::default();
        let description = description(&input.attrs);
        if description.is_empty() {
            errors.push(Error::new(
                input.ident.span(),
                "missing doc comment: it is the description of the schema",
            ));
        }
        let options = ModelOptions::new(&input.attrs, &mut errors);
        let attributes: Vec<Attribute> = fields
            .named
            .iter()
            .filter_map(|field| Attribute::new(field, &mut errors))
            .collect();
        check::contradictions(&attributes, &mut errors);
        check::names(&attributes, &mut errors);
        check::dependencies(&attributes, &mut errors);
        check::timeouts(&options, &attributes, &mut errors);
        relation::check(&options.relations, &attributes, &mut errors);
        errors.or(Model {
            visibility: input.vis.clone(),
            name: input.ident.clone(),
            description,
            options,
            attributes,
        })
    }
}

impl ModelOptions {
    fn new(attributes: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut read = ModelOptions::default();
        for option in options::read(attributes, errors) {
            match option.name().as_str() {
                "version" => read.version = errors.caught(version(option)),
                "deprecated" => read.deprecated = errors.caught(option.text()),
                "timeouts" => read.timeouts = timeouts(option, errors),
                _ if relation::is_of_model(&option) => read.relations.extend(errors.caught(Relation::new(option))),
                _ => errors.push(option.unknown(&MODEL_OPTIONS)),
            }
        }
        read
    }
}

/// The constant that belongs to a field.
pub(crate) fn constant(field: &Ident) -> Ident {
    format_ident!("{}", field.unraw().to_string().to_uppercase(), span = field.span())
}

pub(crate) fn named_fields<'i>(input: &'i DeriveInput, what: &str) -> Result<&'i FieldsNamed> {
    let parameters = &input.generics;
    if !parameters.params.is_empty() {
        return Err(Error::new_spanned(
            parameters,
            format!("{what} has no generic parameters"),
        ));
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields),
            _ => Err(Error::new(
                input.ident.span(),
                format!("{what} needs named fields: they are its attributes"),
            )),
        },
        _ => Err(Error::new(
            input.ident.span(),
            format!("{what} is a struct with named fields"),
        )),
    }
}

pub(crate) fn version(option: TfOption) -> Result<LitInt> {
    match option.expression()? {
        Expr::Lit(ExprLit {
            lit: Lit::Int(version), ..
        }) if version.base10_parse::<i64>().is_ok() => Ok(version),
        other => Err(Error::new_spanned(other, "`version` takes a whole number from 0")),
    }
}

fn timeouts(option: TfOption, errors: &mut Errors) -> Vec<(Ident, LitStr)> {
    let mut limits = Vec::new();
    for option in option.options(errors) {
        if OPERATIONS.contains(&option.name().as_str()) {
            let operation = Ident::new(&option.name(), option.span());
            limits.extend(errors.caught(option.text()).map(|limit| (operation, limit)));
        } else {
            errors.push(option.unknown(&OPERATIONS));
        }
    }
    limits
}

#[cfg(test)]
mod tests;
