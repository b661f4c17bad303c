//! What a name at the root of a crate stands for: a module, something that the root shows of a module, or something of its
//! own.

use std::collections::BTreeSet;

use syn::ext::IdentExt;
use syn::{Ident, Item, UseTree};

use super::tree::Crate;

/// What a path of the crate leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// The module of this index.
    Module(usize),
    /// Something that is defined in the root.
    Root,
}

/// The names of the root.
pub(super) struct Root<'a> {
    krate: &'a Crate,
    /// What the crate calls itself.
    pub(super) this: Option<String>,
    /// What it defines.
    own: BTreeSet<String>,
    uses: Vec<Import>,
    /// The names in its hidden modules.
    hidden: Vec<(String, Vec<Import>)>,
}

/// One name that a `use` brings in, `*` for all of a module, and its path from the root or from outside.
struct Import {
    name: String,
    path: Vec<String>,
}

impl<'a> Root<'a> {
    pub(super) fn new(krate: &'a Crate) -> Self {
        let mut this = Self { krate, this: None, own: BTreeSet::new(), uses: Vec::new(), hidden: Vec::new() };
        for item in &krate.root {
            match item {
                Item::Use(item) => imports(&item.tree, &[], &mut this.uses),
                Item::Mod(module) => {
                    let mut uses = Vec::new();
                    for item in module.content.iter().flat_map(|(_, items)| items) {
                        if let Item::Use(item) = item {
                            imports(&item.tree, &[], &mut uses);
                        }
                    }
                    this.hidden.push((module.ident.unraw().to_string(), uses));
                }
                Item::ExternCrate(item) => {
                    let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name).to_string();
                    match item.ident == "self" {
                        true => this.this = Some(name),
                        false => this.uses.push(Import { name, path: vec![item.ident.to_string()] }),
                    }
                }
                item => this.own.extend(defined(item).map(|name| name.unraw().to_string())),
            }
        }
        this
    }

    /// What `crate::names` leads to; nothing if that is outside the crate.
    pub(super) fn find(&self, names: &[String]) -> BTreeSet<Target> {
        self.find_within(names, 8)
    }

    /// `depth` is how many imports of imports are still followed: `use` may go round in circles.
    fn find_within(&self, names: &[String], depth: usize) -> BTreeSet<Target> {
        let [first, rest @ ..] = names else { return BTreeSet::from([Target::Root]) };
        let follow = |path: &[String]| depth.checked_sub(1).map(|depth| self.find_import(path, depth));
        let mut found = BTreeSet::new();
        if let Some(module) = self.module(first) {
            found.insert(module);
            if !rest.is_empty() {
                return found;
            }
        }
        if let Some((_, uses)) = self.hidden.iter().find(|(name, _)| name == first) {
            let meant = |import: &&Import| rest.first().is_none_or(|name| *name == import.name);
            let exact: Vec<_> = uses.iter().filter(meant).collect();
            let globs = uses.iter().filter(|import| import.name == "*");
            let meant = if exact.is_empty() { globs.collect() } else { exact };
            return meant.iter().filter_map(|import| follow(&import.path)).flatten().collect();
        }
        let mut known = !found.is_empty();
        for import in self.uses.iter().filter(|import| import.name == *first && first != "*") {
            known = true;
            found.extend(follow(&import.path).into_iter().flatten());
        }
        for definition in self.krate.macros.iter().filter(|definition| definition.name == *first) {
            if definition.exported || definition.textual {
                known = true;
                found.insert(self.of(&definition.module));
            }
        }
        if self.own.contains(first) || first == "*" {
            known = true;
            found.insert(Target::Root);
        }
        if !known {
            // Of several globs it may be any; without one a macro of the root has defined it.
            let globs = self.uses.iter().filter(|import| import.name == "*");
            found.extend(globs.filter_map(|import| follow(&import.path)).flatten());
        }
        if !known && found.is_empty() {
            found.insert(Target::Root);
        }
        found
    }

    /// What a path in a `use` of the root leads to. The first name may also be a crate.
    fn find_import(&self, path: &[String], depth: usize) -> BTreeSet<Target> {
        let is_ours = |name: &String| {
            self.module(name).is_some()
                || self.own.contains(name)
                || self.hidden.iter().any(|(hidden, _)| hidden == name)
                || self.uses.iter().any(|import| import.name == *name && import.path != path)
                || self.krate.macros.iter().any(|definition| definition.name == *name)
        };
        match path.first() {
            Some(first) if is_ours(first) => self.find_within(path, depth),
            _ => BTreeSet::new(),
        }
    }

    /// What a macro that is called by its plain name in `module` belongs to.
    pub(super) fn find_macro(&self, name: &str, module: &[String]) -> Option<Target> {
        let mut macros = self.krate.macros.iter().filter(|definition| definition.name == name);
        let is_near = |definition: &super::tree::Macro| definition.module.first() == module.first();
        if macros.clone().any(is_near) {
            return None;
        }
        macros.find(|definition| definition.textual).map(|definition| self.of(&definition.module))
    }

    /// Whether the root has a hidden module of this name.
    pub(super) fn hides(&self, name: &str) -> bool {
        self.hidden.iter().any(|(hidden, _)| hidden == name)
    }

    fn of(&self, module: &[String]) -> Target {
        module.first().and_then(|name| self.module(name)).unwrap_or(Target::Root)
    }

    fn module(&self, name: &str) -> Option<Target> {
        self.krate.modules.iter().position(|module| module == name).map(Target::Module)
    }
}

/// Every name that a tree of a `use` brings in, with its path. `crate`, `self` and `super` fall away: in the root and in a
/// module of the root they all lead to the root.
fn imports(tree: &UseTree, path: &[String], found: &mut Vec<Import>) {
    let below = |name: &Ident| match name.unraw().to_string() {
        name if ["crate", "self", "super"].contains(&name.as_str()) => path.to_vec(),
        name => [path, &[name]].concat(),
    };
    match tree {
        UseTree::Path(step) => imports(&step.tree, &below(&step.ident), found),
        UseTree::Name(leaf) => {
            let path = below(&leaf.ident);
            found.extend(path.last().cloned().map(|name| Import { name, path }));
        }
        UseTree::Rename(leaf) => {
            found.push(Import { name: leaf.rename.unraw().to_string(), path: below(&leaf.ident) });
        }
        UseTree::Glob(_) => found.push(Import { name: "*".to_owned(), path: path.to_vec() }),
        UseTree::Group(group) => group.items.iter().for_each(|tree| imports(tree, path, found)),
    }
}

/// The name of an item, if it has one of its own.
fn defined(item: &Item) -> Option<&Ident> {
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
