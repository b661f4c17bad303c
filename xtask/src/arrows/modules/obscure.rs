//! What hides where code leads, so that the order could not be read from it: it is not allowed in a crate.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::Item;

use super::scan::{Hidden, Scan, What};
use super::tree::Crate;

/// One line for each such place.
pub(super) fn obscure(krate: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for piece in &krate.pieces {
        for named in Scan::names(piece.code.clone(), None) {
            if let What::Hidden(hidden) = named.what {
                found.push(format!("{}: {}:{} {}", krate.name, piece.file, named.line, text(hidden)));
            }
        }
    }
    found
        .extend(krate.root.iter().filter_map(of_root).map(|text| format!("{}: the root {text}", krate.name)));
    found.sort();
    found.dedup();
    found
}

fn text(hidden: Hidden) -> &'static str {
    match hidden {
        Hidden::Include => "includes code: make it a module",
        Hidden::Module => {
            "has a module where this check does not look for one: give it a file, or put it beside the items"
        }
        Hidden::Handed => "hands over `crate` or `super`: write out the path where it is used",
        Hidden::Relative => "begins a path in a macro with `super` or `self`: begin it with `$crate`",
    }
}

/// What is hidden in an item of the root, which may use everything, but not bring in modules unseen.
fn of_root(item: &Item) -> Option<&'static str> {
    match item {
        Item::Macro(item) if item.ident.is_none() => {
            let includes = item.mac.path.is_ident("include").then(|| text(Hidden::Include));
            includes.or_else(|| has_module(item.mac.tokens.clone()).then(|| text(Hidden::Module)))
        }
        Item::Mod(module) => {
            let mut items = module.content.iter().flat_map(|(_, items)| items);
            let is_hidden = |item: &Item| matches!(item, Item::Mod(_) | Item::Macro(_));
            items
                .any(is_hidden)
                .then_some("has modules or macros in a hidden module: show their items by `use`")
        }
        item => has_module(item.to_token_stream()).then(|| text(Hidden::Module)),
    }
}

fn has_module(code: TokenStream) -> bool {
    code.into_iter().any(|tree| match tree {
        TokenTree::Ident(word) => word == "mod",
        TokenTree::Group(group) => has_module(group.stream()),
        _ => false,
    })
}
