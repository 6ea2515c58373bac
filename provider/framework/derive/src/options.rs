//! The syntax of `#[tf(...)]`: options that stand alone, have a value, or a list.

use proc_macro2::{Group, Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Result, Token, parenthesized, token};

/// One option, of which nothing but the shape is known.
pub(crate) struct TfOption {
    name: Ident,
    value: OptionValue,
}

enum OptionValue {
    None,
    Expression(Expr),
    /// With its parentheses, so that errors at the end of the list have a place.
    List(Group),
}

/// The mistakes found so far, which are reported together.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

/// The options in all attributes `#[tf(...)]`; each at most once.
pub(crate) fn read(attributes: &[Attribute], errors: &mut Errors) -> Vec<TfOption> {
    let mut options = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("tf")) {
        let parsed = attribute.parse_args_with(Punctuated::<TfOption, Token![,]>::parse_terminated);
        options.extend(errors.caught(parsed).into_iter().flatten());
    }
    without_duplicates(options, errors)
}

impl TfOption {
    /// The name as it is written.
    pub(crate) fn name(&self) -> String {
        self.name.to_string()
    }

    /// Where the option stands.
    pub(crate) fn span(&self) -> Span {
        self.name.span()
    }

    /// Whether the option can be there several times: there may be several groups of attributes that exclude each
    /// other.
    fn is_repeatable(&self) -> bool {
        let name = self.name();
        name.ends_with("_one_of") || name == "required_together"
    }

    /// An error about this option.
    pub(crate) fn error(&self, message: impl std::fmt::Display) -> Error {
        Error::new(self.span(), message)
    }

    /// The error for an option that does not exist.
    pub(crate) fn unknown(&self, known: &[&str]) -> Error {
        let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        self.error(format!(
            "unknown option `{}`, expected one of {}",
            self.name,
            list.join(", ")
        ))
    }

    /// Whether the option stands alone.
    pub(crate) fn is_flag(&self) -> bool {
        matches!(self.value, OptionValue::None)
    }

    /// Makes sure that the option stands alone, and tells where.
    pub(crate) fn flag(self) -> Result<Span> {
        match self.value {
            OptionValue::None => Ok(self.span()),
            _ => Err(self.error(format!("`{}` takes no value", self.name))),
        }
    }

    /// The value of the option.
    pub(crate) fn expression(self) -> Result<Expr> {
        match self.value {
            OptionValue::Expression(value) => Ok(value),
            _ => Err(self.error(format!("`{0}` takes a value: `{0} = ...`", self.name))),
        }
    }

    /// The text that is the value of the option.
    pub(crate) fn text(self) -> Result<LitStr> {
        let name = self.name();
        match self.expression()? {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }) => Ok(text),
            other => Err(Error::new_spanned(other, format!("`{name}` takes a string"))),
        }
    }

    /// The elements of the list that the option has; at least one.
    pub(crate) fn list<T: Parse>(self) -> Result<Vec<T>> {
        let span = self.span();
        match self.value {
            OptionValue::List(group) if !group.stream().is_empty() => elements.parse2(TokenTree::from(group).into()),
            _ => Err(Error::new(span, format!("`{0}` takes a list: `{0}(...)`", self.name))),
        }
    }

    /// The options that the option has in its list.
    pub(crate) fn options(self, errors: &mut Errors) -> Vec<TfOption> {
        let options = errors.caught(self.list()).unwrap_or_default();
        without_duplicates(options, errors)
    }
}

impl Parse for TfOption {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            OptionValue::Expression(input.parse()?)
        } else if input.peek(token::Paren) {
            OptionValue::List(input.parse()?)
        } else {
            OptionValue::None
        };
        Ok(TfOption { name, value })
    }
}

impl Errors {
    /// Adds a mistake.
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// What was read, unless it was a mistake.
    pub(crate) fn caught<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// What was read, unless there were mistakes.
    pub(crate) fn or<T>(self, read: T) -> Result<T> {
        self.0.map_or(Ok(read), Err)
    }
}

fn elements<T: Parse>(input: ParseStream<'_>) -> Result<Vec<T>> {
    let content;
    parenthesized!(content in input);
    let elements = Punctuated::<T, Token![,]>::parse_terminated(&content)?;
    Ok(elements.into_iter().collect())
}

fn without_duplicates(options: Vec<TfOption>, errors: &mut Errors) -> Vec<TfOption> {
    let mut distinct: Vec<TfOption> = Vec::new();
    for option in options {
        if !option.is_repeatable() && distinct.iter().any(|earlier| earlier.name == option.name) {
            errors.push(option.error(format!("duplicate option `{}`", option.name)));
        } else {
            distinct.push(option);
        }
    }
    distinct
}
