//! Relations between attributes: `conflicts_with(host, servers[*].host, super.region)`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, Result, Token, bracketed, token};

use crate::options::{Errors, TfOption};
use crate::parse::Attribute;

/// The relations that a field can have to others.
const OF_ATTRIBUTES: [&str; 6] = [
    "conflicts_with",
    "requires",
    "required_together",
    "exactly_one_of",
    "at_least_one_of",
    "prefer_write_only",
];
/// The relations between fields that a struct can have.
const OF_MODELS: [&str; 4] = [
    "at_most_one_of",
    "exactly_one_of",
    "at_least_one_of",
    "required_together",
];

/// A relation as it is written.
pub(crate) struct Relation {
    name: String,
    span: Span,
    paths: Vec<PathExpression>,
}

/// The way to attributes from the struct that the relation is in.
pub(crate) struct PathExpression {
    /// So many times `super`.
    levels: usize,
    steps: Vec<Pattern>,
    span: Span,
}

enum Pattern {
    Attribute(Ident),
    EveryElement,
}

/// Whether an option of a field is a relation.
pub(super) fn is_of_attribute(option: &TfOption) -> bool {
    OF_ATTRIBUTES.contains(&option.name().as_str())
}

/// Whether an option of a struct is a relation.
pub(super) fn is_of_model(option: &TfOption) -> bool {
    OF_MODELS.contains(&option.name().as_str())
}

/// Relations of a field name others than itself, and those of a struct several fields.
pub(super) fn check(of_model: &[Relation], attributes: &[Attribute], errors: &mut Errors) {
    for relation in of_model {
        relation.check_names(attributes, errors);
        if relation.paths.len() < 2 {
            errors.push(relation.error("takes at least two attributes"));
        }
        if relation.owner().is_none() {
            errors.push(relation.error("takes attributes of this model, the first of which is in no other"));
        }
    }
    for attribute in attributes {
        for relation in &attribute.options.relations {
            relation.check_names(attributes, errors);
            for path in relation.paths.iter().filter(|path| path.is(&attribute.name)) {
                let message = format!("`{}` cannot be related to itself", attribute.name);
                errors.push(Error::new(path.span, message));
            }
            if relation.name == "prefer_write_only" && relation.paths.len() > 1 {
                errors.push(relation.error("takes one attribute"));
            }
        }
    }
}

impl Relation {
    /// Reads the option.
    pub(super) fn new(option: TfOption) -> Result<Self> {
        Ok(Relation {
            name: option.name(),
            span: option.span(),
            paths: option.list()?,
        })
    }

    /// The name of the attribute at which a relation of the struct is declared: the first one that it names.
    pub(crate) fn owner(&self) -> Option<String> {
        match self.paths.first() {
            Some(PathExpression { levels: 0, steps, .. }) => match &steps[..] {
                [Pattern::Attribute(name)] => Some(name.unraw().to_string()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The relation, declared at the attribute of that name.
    pub(crate) fn expand(&self, at: &str) -> TokenStream {
        let others: Vec<TokenStream> = self.paths.iter().map(PathExpression::expand).collect();
        // Groups of which the attribute is one; a relation of the struct has named it.
        let own =
            (self.owner().as_deref() != Some(at)).then(|| quote!(::tf_framework::path::PathExpression::new(#at),));
        let with_own = quote!(::std::vec![#own #(#others),*]);
        let variant = match self.name.as_str() {
            "conflicts_with" => quote!(ConflictsWith(::std::vec![#(#others),*])),
            "requires" => quote!(Requires(::std::vec![#(#others),*])),
            "prefer_write_only" => quote!(PreferWriteOnly(#(#others)*)),
            "at_most_one_of" => quote!(AtMostOneOf(#with_own)),
            "at_least_one_of" => quote!(AtLeastOneOf(#with_own)),
            "exactly_one_of" => quote!(ExactlyOneOf(#with_own)),
            _ => quote!(RequiredTogether(#with_own)),
        };
        quote!(.relation(::tf_framework::schema::Relation::#variant))
    }

    fn check_names(&self, attributes: &[Attribute], errors: &mut Errors) {
        for path in &self.paths {
            if let (0, Some(Pattern::Attribute(name))) = (path.levels, path.steps.first()) {
                let text = name.unraw().to_string();
                if !attributes.iter().any(|attribute| attribute.name == text) {
                    errors.push(Error::new(name.span(), format!("no attribute `{text}` in this model")));
                }
            }
        }
    }

    fn error(&self, message: &str) -> Error {
        Error::new(self.span, format!("`{}` {message}", self.name))
    }
}

impl PathExpression {
    fn is(&self, attribute: &str) -> bool {
        self.levels == 0 && matches!(&self.steps[..], [Pattern::Attribute(name)] if name.unraw() == attribute)
    }

    fn expand(&self) -> TokenStream {
        let levels = self.levels;
        let steps = self.steps.iter().map(|step| match step {
            Pattern::Attribute(name) => {
                let name = name.unraw().to_string();
                quote!(.attribute(#name))
            }
            Pattern::EveryElement => quote!(.every_element()),
        });
        quote!(::tf_framework::path::PathExpression::ancestor(#levels) #(#steps)*)
    }
}

impl Parse for PathExpression {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let span = input.span();
        let mut levels = 0;
        while input.peek(Token![super]) {
            input.parse::<Token![super]>()?;
            input.parse::<Token![.]>()?;
            levels += 1;
        }
        let mut steps = vec![Pattern::Attribute(input.call(Ident::parse_any)?)];
        loop {
            if input.peek(Token![.]) {
                input.parse::<Token![.]>()?;
                steps.push(Pattern::Attribute(input.call(Ident::parse_any)?));
            } else if input.peek(token::Bracket) {
                let every;
                bracketed!(every in input);
                every.parse::<Token![*]>()?;
                steps.push(Pattern::EveryElement);
            } else {
                return Ok(PathExpression { levels, steps, span });
            }
        }
    }
}
