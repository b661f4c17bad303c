//! What the docs of generated items say.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Expr, Ident, Lit, Meta};

use crate::arguments::OperationArguments;
use crate::fields::{Field, Place};

/// The first paragraph of a doc comment.
fn summary(docs: &[Attribute]) -> String {
    let texts = docs.iter().filter_map(|doc| match &doc.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) if doc.path().is_ident("doc") => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let text = texts.collect::<Vec<String>>().join("\n");
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty());
    lines.take_while(|line| !line.is_empty()).collect::<Vec<&str>>().join(" ")
}

/// The docs of `new`: what it takes, in the words of the fields.
pub(crate) fn of_new(name: &Ident, taken: &[&Field], set: &[(Ident, TokenStream)]) -> TokenStream {
    let mut lines = Vec::new();
    if taken.is_empty() {
        lines.push(format!(" A `{name}` in which nothing is set."));
    } else {
        lines.push(format!(" A `{name}` of:"));
        lines.push(String::new());
        lines.extend(taken.iter().map(|field| match (field.ident.unraw(), summary(&field.docs)) {
            (ident, text) if text.is_empty() => format!(" * `{ident}`"),
            (ident, text) => format!(" * `{ident}`: {text}"),
        }));
        lines.push(String::new());
        lines.push(
            match set.iter().map(|(ident, _)| format!("`{}`", ident.unraw())).collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => " Nothing else is set.".to_owned(),
                names => format!(" Of the other fields it sets {names}."),
            },
        );
    }
    quote!(#(#[doc = #lines])*)
}

/// What stands below the docs of an operation: its line of the protocol.
pub(crate) fn of_operation(arguments: &OperationArguments, fields: &[Field]) -> TokenStream {
    let mut text = format!(" `{} {}`, answered with ", arguments.method, arguments.path.value());
    let answer = arguments.answer.to_token_stream().to_string().replace(' ', "");
    text.push_str(&match answer.as_str() {
        "()" => "no body".to_owned(),
        simple if simple.chars().all(|letter| letter.is_alphanumeric() || "_:".contains(letter)) => {
            format!("[`{simple}`]")
        }
        other => format!("`{other}`"),
    });
    text.push_str(match arguments.auth.to_string().as_str() {
        "Public" => ". Takes no credential",
        "Optional" => ". Needs no credential",
        _ => ". Needs a credential",
    });
    text.push_str(match arguments.retry.to_string().as_str() {
        "Safe" => "; retried after any transient failure",
        "Refused" => "; retried only if it was certainly not executed",
        _ => "; never retried",
    });
    text.push_str(match arguments.payload.to_string().as_str() {
        "None" => ".",
        "Query" => ". The fields travel in the query string.",
        "Json" => ". The fields travel as a JSON object.",
        "Form" => ". The fields travel as a form (`application/x-www-form-urlencoded`).",
        "Multipart" => ". The fields travel as a form (`multipart/form-data`).",
        _ => ". The body travels as it is, the other fields in the query string.",
    });
    if fields.iter().any(Field::is_workspace) {
        text.push_str(" Sent in the scope of the workspace that it names, whatever the client's own is.");
    } else if fields.iter().any(|field| field.place == Place::Scope) {
        text.push_str(" Sent in the scope of the tenant that it names.");
    }
    if let Some(since) = &arguments.since {
        text.push_str(&format!(" Available since server {}.", since.value()));
    }
    quote!(#[doc = ""] #[doc = #text])
}
