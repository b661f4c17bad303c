//! The names of items.

use std::collections::BTreeSet;

use syn::ext::IdentExt;
use syn::{Ident, Item, UseTree};

/// The name of an item, if it has one of its own.
pub(super) fn defined(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}

/// The names that an item brings into its module.
pub(super) fn names(item: &Item) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    match item {
        Item::Use(item) => leaves(&item.tree, &mut names),
        Item::Mod(item) => drop(names.insert(item.ident.unraw().to_string())),
        item => names.extend(defined(item).map(|name| name.unraw().to_string())),
    }
    names
}

fn leaves(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(step) => leaves(&step.tree, names),
        UseTree::Name(leaf) => drop(names.insert(leaf.ident.unraw().to_string())),
        UseTree::Rename(leaf) => drop(names.insert(leaf.rename.unraw().to_string())),
        UseTree::Glob(_) => {}
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, names)),
    }
}
