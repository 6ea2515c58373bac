//! Descriptions: the text of doc comments.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of the doc comment among the attributes, empty if there is none.
///
/// Lines of a paragraph become one line, since where they break is a matter of the source; Markdown that needs its line
/// breaks (lists, tables, headings, code) keeps them.
pub(crate) fn description(attributes: &[Attribute]) -> String {
    let comments: Vec<String> = attributes.iter().filter_map(doc_text).collect();
    let mut text = String::new();
    let mut in_code = false;
    let mut can_continue = false;
    for line in comments.iter().flat_map(|comment| comment.split('\n')) {
        let line = if in_code {
            line.strip_prefix(' ').unwrap_or(line).trim_end()
        } else {
            line.trim()
        };
        let is_fence = line.trim_start().starts_with("```");
        let is_text = !in_code && !is_fence && !line.is_empty();
        text.push_str(if is_text && can_continue && !starts_block(line) {
            " "
        } else {
            "\n"
        });
        text.push_str(line);
        in_code ^= is_fence;
        can_continue = is_text && !line.starts_with(['#', '|']);
    }
    text.trim().to_owned()
}

/// The attributes that a doc comment consists of.
pub(crate) fn doc_attributes(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes
        .iter()
        .filter(|attribute| doc_text(attribute).is_some())
        .cloned()
        .collect()
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a line of Markdown begins something of its own even without an empty line before it.
fn starts_block(line: &str) -> bool {
    let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with(['#', '|', '>'])
        || ["- ", "* ", "+ "].iter().any(|bullet| line.starts_with(bullet))
        || (after_number.len() < line.len() && after_number.starts_with(". "))
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::ItemStruct;

    use super::*;

    fn description_of(item: proc_macro2::TokenStream) -> String {
        description(&syn::parse2::<ItemStruct>(item).unwrap().attrs)
    }

    #[test]
    fn lines_of_a_paragraph_are_joined() {
        let text = description_of(quote! {
            /// Size of the volume,
            ///   such as `10Gi`.
            ///
            /// Cannot shrink.
            struct A;
        });
        assert_eq!(text, "Size of the volume, such as `10Gi`.\n\nCannot shrink.");
    }

    #[test]
    fn lists_and_code_keep_their_lines() {
        let text = description_of(quote! {
            /// One of:
            /// - `a`, which
            ///   is short
            /// - `b`
            ///
            /// ```hcl
            /// x = {
            ///   y = 1
            /// }
            /// ```
            /// Done.
            struct A;
        });
        assert_eq!(
            text,
            "One of:\n- `a`, which is short\n- `b`\n\n```hcl\nx = {\n  y = 1\n}\n```\nDone."
        );
    }

    #[test]
    fn block_comments_and_other_attributes_are_understood() {
        let text = description_of(quote! {
            #[doc(hidden)]
            #[derive(Clone)]
            /** One.
             Two. */
            struct A;
        });
        assert_eq!(text, "One. Two.");
    }
}
