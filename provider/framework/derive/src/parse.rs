//! Reads a struct: what is a model, what its attributes are, and what is wrong with it.

use std::time::Duration;

use proc_macro2::Span;
use quote::format_ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{
    Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, FieldsNamed, Ident, Lit, LitInt, LitStr, Result, Token,
    Type, Visibility,
};

use crate::description::{description, doc_attributes};
use crate::duration;
use crate::options::{self, Errors, TfOption};

mod check;
mod relation;

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
const ATTRIBUTE_OPTIONS: [&str; 20] = [
    "name",
    "block",
    "default",
    "optional",
    "keep",
    "keep_non_null",
    "depends_on",
    "replace",
    "replace_if",
    "replace_if_configured",
    "modify",
    "equal",
    "validate",
    "conflicts_with",
    "requires",
    "required_together",
    "exactly_one_of",
    "at_least_one_of",
    "prefer_write_only",
    "deprecated",
];
/// How many blocks there can be.
pub(crate) const BLOCK_OPTIONS: [&str; 2] = ["min_items", "max_items"];
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
    pub(crate) timeouts: Vec<(Ident, Duration)>,
    pub(crate) relations: Vec<Relation>,
}

/// A field that is an attribute.
pub(crate) struct Attribute {
    /// The name of the attribute, which may be another than that of its field.
    pub(crate) name: String,
    pub(crate) field: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) value_type: Type,
    pub(crate) docs: Vec<syn::Attribute>,
    pub(crate) description: String,
    pub(crate) options: AttributeOptions,
}

/// The options of a field.
#[derive(Default)]
pub(crate) struct AttributeOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) block: Option<Block>,
    pub(crate) default: Option<Expr>,
    pub(crate) optional: Option<Span>,
    pub(crate) keep: Option<Span>,
    pub(crate) keep_non_null: Option<Span>,
    pub(crate) depends_on: Vec<AttributePath>,
    pub(crate) replace: Option<Span>,
    pub(crate) replace_if: Option<Expr>,
    pub(crate) replace_if_configured: Option<Span>,
    pub(crate) modify: Option<Expr>,
    pub(crate) equal: Option<Expr>,
    pub(crate) validate: Vec<Expr>,
    pub(crate) relations: Vec<Relation>,
    pub(crate) deprecated: Option<LitStr>,
}

/// That a nested attribute is written as blocks, and how many there can be.
pub(crate) struct Block {
    pub(crate) span: Span,
    /// Limits with their values.
    pub(crate) limits: Vec<(Ident, LitInt)>,
}

/// The names of attributes that lead to one, such as `couchdb.storage_size`.
pub(crate) struct AttributePath {
    pub(crate) first: Ident,
    pub(crate) rest: Vec<Ident>,
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

impl Attribute {
    fn new(field: &Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.clone()?;
        let description = description(&field.attrs);
        if description.is_empty() {
            errors.push(Error::new(
                ident.span(),
                "missing doc comment: it is the description of the attribute",
            ));
        }
        let options = AttributeOptions::new(&field.attrs, errors);
        Some(Attribute {
            name: options
                .name
                .as_ref()
                .map_or_else(|| ident.unraw().to_string(), LitStr::value),
            field: ident,
            visibility: field.vis.clone(),
            value_type: field.ty.clone(),
            docs: doc_attributes(&field.attrs),
            description,
            options,
        })
    }

    /// The constant that holds the name of the attribute.
    pub(crate) fn constant(&self) -> Ident {
        constant(&self.field)
    }

    /// Whether this is the attribute with the limits of the operations: told by the name of its type, all a macro can see.
    pub(crate) fn is_timeouts(&self) -> bool {
        match &self.value_type {
            Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Timeouts"),
            _ => false,
        }
    }

    /// Where the name of the attribute comes from.
    pub(crate) fn name_span(&self) -> Span {
        self.options
            .name
            .as_ref()
            .map_or_else(|| self.field.span(), LitStr::span)
    }
}

impl AttributeOptions {
    fn new(attributes: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut read = AttributeOptions::default();
        for option in options::read(attributes, errors) {
            match option.name().as_str() {
                "name" => read.name = errors.caught(option.text()),
                "block" => read.block = Some(Block::new(option, errors)),
                "default" => read.default = errors.caught(option.expression()),
                "optional" => read.optional = errors.caught(option.flag()),
                "keep" => read.keep = errors.caught(option.flag()),
                "keep_non_null" => read.keep_non_null = errors.caught(option.flag()),
                "depends_on" => read.depends_on = errors.caught(option.list()).unwrap_or_default(),
                "replace" => read.replace = errors.caught(option.flag()),
                "replace_if" => read.replace_if = errors.caught(option.expression()),
                "replace_if_configured" => read.replace_if_configured = errors.caught(option.flag()),
                "modify" => read.modify = errors.caught(option.expression()),
                "equal" => read.equal = errors.caught(option.expression()),
                "validate" => read.validate = errors.caught(option.list()).unwrap_or_default(),
                "deprecated" => read.deprecated = errors.caught(option.text()),
                _ if relation::is_of_attribute(&option) => read.relations.extend(errors.caught(Relation::new(option))),
                _ => errors.push(option.unknown(&ATTRIBUTE_OPTIONS)),
            }
        }
        read
    }
}

impl Block {
    fn new(option: TfOption, errors: &mut Errors) -> Self {
        let mut read = Block {
            span: option.span(),
            limits: Vec::new(),
        };
        if option.is_flag() {
            return read;
        }
        for option in option.options(errors) {
            if BLOCK_OPTIONS.contains(&option.name().as_str()) {
                let limit = Ident::new(&option.name(), option.span());
                read.limits
                    .extend(errors.caught(items(option)).map(|items| (limit, items)));
            } else {
                errors.push(option.unknown(&BLOCK_OPTIONS));
            }
        }
        read
    }
}

impl Parse for AttributePath {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let first = input.call(Ident::parse_any)?;
        let mut rest = Vec::new();
        while input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            rest.push(input.call(Ident::parse_any)?);
        }
        Ok(AttributePath { first, rest })
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

fn items(option: TfOption) -> Result<LitInt> {
    let name = option.name();
    match option.expression()? {
        Expr::Lit(ExprLit {
            lit: Lit::Int(items), ..
        }) if items.base10_parse::<u32>().is_ok() => Ok(items),
        other => Err(Error::new_spanned(
            other,
            format!("`{name}` takes a whole number from 0"),
        )),
    }
}

fn timeouts(option: TfOption, errors: &mut Errors) -> Vec<(Ident, Duration)> {
    let mut limits = Vec::new();
    for option in option.options(errors) {
        if OPERATIONS.contains(&option.name().as_str()) {
            let operation = Ident::new(&option.name(), option.span());
            limits.extend(errors.caught(limit(option)).map(|limit| (operation, limit)));
        } else {
            errors.push(option.unknown(&OPERATIONS));
        }
    }
    limits
}

fn limit(option: TfOption) -> Result<Duration> {
    let text = option.text()?;
    duration::parse(&text.value()).ok_or_else(|| {
        Error::new(
            text.span(),
            "not a duration: write numbers with units, such as `90s` or `1h30m`",
        )
    })
}

#[cfg(test)]
mod tests;
