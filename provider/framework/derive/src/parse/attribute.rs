//! Reads a field: an attribute and its options.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, ExprLit, Field, Ident, Lit, LitInt, LitStr, Result, Token, Type, Visibility};

use crate::description::{description, doc_attributes};
use crate::options::{self, Errors, TfOption};
use crate::parse::constant;
use crate::parse::relation::{self, Relation};

const ATTRIBUTE_OPTIONS: [&str; 21] = [
    "name",
    "block",
    "default",
    "optional",
    "required",
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
    pub(crate) required: Option<Span>,
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

impl Attribute {
    pub(super) fn new(field: &Field, errors: &mut Errors) -> Option<Self> {
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

    /// Whether this is the attribute with the limits of the operations: told by the name of its type, all a macro can
    /// see.
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
                "required" => read.required = errors.caught(option.flag()),
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
