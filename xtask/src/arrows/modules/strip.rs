//! Takes out of a file what is compiled for tests only, and what a condition on tests adds to the rest.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Item, Meta, Token, punctuated::Punctuated};

/// Removes every test from `file`, and everything if the file itself is one.
pub(super) fn strip(file: &mut syn::File) {
    if is_test(file) {
        file.items.clear();
    }
    Strip.visit_file_mut(file);
}

struct Strip;

impl VisitMut for Strip {
    fn visit_file_mut(&mut self, file: &mut syn::File) {
        file.items.retain(|item| !is_test_item(item));
        visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        if let Some((_, items)) = &mut module.content {
            items.retain(|item| !is_test_item(item));
        }
        visit_mut::visit_item_mod_mut(self, module);
    }

    fn visit_item_impl_mut(&mut self, block: &mut syn::ItemImpl) {
        block.items.retain(|item| !is_test(item));
        visit_mut::visit_item_impl_mut(self, block);
    }

    fn visit_item_trait_mut(&mut self, item: &mut syn::ItemTrait) {
        item.items.retain(|item| !is_test(item));
        visit_mut::visit_item_trait_mut(self, item);
    }

    fn visit_item_enum_mut(&mut self, item: &mut syn::ItemEnum) {
        item.variants.retain(|variant| !is_test(variant));
        visit_mut::visit_item_enum_mut(self, item);
    }

    fn visit_fields_named_mut(&mut self, fields: &mut syn::FieldsNamed) {
        fields.named.retain(|field| !is_test(field));
        visit_mut::visit_fields_named_mut(self, fields);
    }

    fn visit_fields_unnamed_mut(&mut self, fields: &mut syn::FieldsUnnamed) {
        fields.unnamed.retain(|field| !is_test(field));
        visit_mut::visit_fields_unnamed_mut(self, fields);
    }

    fn visit_expr_struct_mut(&mut self, literal: &mut syn::ExprStruct) {
        literal.fields.retain(|field| !is_test(field));
        visit_mut::visit_expr_struct_mut(self, literal);
    }

    fn visit_expr_match_mut(&mut self, item: &mut syn::ExprMatch) {
        item.arms.retain(|arm| !is_test(arm));
        visit_mut::visit_expr_match_mut(self, item);
    }

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        block.stmts.retain(|statement| !is_test(statement));
        visit_mut::visit_block_mut(self, block);
    }

    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        attributes
            .retain(|attribute| !(attribute.path().is_ident("cfg_attr") && is_condition(&attribute.meta)));
    }
}

/// Whether one of the attributes that `node` begins with leaves it to tests: `#[test]`, `#[cfg(test)]` and the like.
fn is_test(node: &impl ToTokens) -> bool {
    leading_attributes(node.to_token_stream()).any(|attribute| is_for_tests(&attribute))
}

/// [`is_test`], for a module also by what stands inside it.
fn is_test_item(item: &Item) -> bool {
    let inner = |module: &syn::ItemMod| module.attrs.iter().any(|attribute| is_test_meta(&attribute.meta));
    is_test(item) || matches!(item, Item::Mod(module) if inner(module))
}

/// Whether the brackets of an attribute leave what follows to tests.
pub(super) fn is_for_tests(attribute: &Group) -> bool {
    syn::parse2::<Meta>(attribute.stream()).is_ok_and(|meta| is_test_meta(&meta))
}

fn is_test_meta(meta: &Meta) -> bool {
    let path = meta.path();
    path.segments.last().is_some_and(|last| last.ident == "test")
        || (path.is_ident("cfg") && is_condition(meta))
}

/// The brackets of the attributes at the beginning of some code.
fn leading_attributes(code: TokenStream) -> impl Iterator<Item = Group> {
    let mut trees = code.into_iter().peekable();
    let is = |tree: &TokenTree, mark| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == mark);
    std::iter::from_fn(move || {
        trees.next_if(|tree| is(tree, '#'))?;
        trees.next_if(|tree| is(tree, '!'));
        match trees.next()? {
            TokenTree::Group(group) => Some(group),
            _ => None,
        }
    })
}

/// Whether `cfg(condition)` or `cfg_attr(condition, ...)` holds in tests only.
fn is_condition(meta: &Meta) -> bool {
    let condition =
        |list: &syn::MetaList| list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    let list = meta.require_list().ok().and_then(|list| condition(list).ok());
    list.is_some_and(|list| list.first().is_some_and(tests_only))
}

fn tests_only(condition: &Meta) -> bool {
    let Meta::List(list) = condition else { return condition.path().is_ident("test") };
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default();
    match () {
        () if list.path.is_ident("all") => parts.iter().any(tests_only),
        () if list.path.is_ident("any") => !parts.is_empty() && parts.iter().all(tests_only),
        () => false,
    }
}
