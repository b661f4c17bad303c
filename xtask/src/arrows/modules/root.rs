//! What a name at the root of a crate stands for: a module, something that the root shows of a module, or something of its
//! own.

use std::collections::BTreeSet;

use syn::ext::IdentExt;
use syn::{Ident, Item, UseTree};

use super::items::defined;
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
        this.this = krate.root.iter().find_map(|item| match item {
            Item::ExternCrate(item) if item.ident == "self" => Some(item.rename.as_ref()?.1.to_string()),
            _ => None,
        });
        let imports =
            |tree: &UseTree, found: &mut Vec<Import>| imports(tree, &[], this.this.as_deref(), found);
        for item in &krate.root {
            match item {
                Item::Use(item) => imports(&item.tree, &mut this.uses),
                Item::Mod(module) => {
                    let mut uses = Vec::new();
                    for item in module.content.iter().flat_map(|(_, items)| items) {
                        if let Item::Use(item) = item {
                            imports(&item.tree, &mut uses);
                        }
                    }
                    this.hidden.push((module.ident.unraw().to_string(), uses));
                }
                Item::ExternCrate(item) => {
                    let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name).to_string();
                    if item.ident != "self" {
                        this.uses.push(Import { name, path: vec![item.ident.to_string()] });
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
            let behind = rest.get(1..).unwrap_or_default();
            let paths = meant.iter().map(|import| [&import.path, behind].concat());
            return paths.filter_map(|path| follow(&path)).flatten().collect();
        }
        let mut known = !found.is_empty();
        for import in self.uses.iter().filter(|import| import.name == *first && first != "*") {
            known = true;
            found.extend(follow(&[&import.path, rest].concat()).into_iter().flatten());
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
            found = self.find_in_globs(first, &follow);
        }
        found
    }

    /// What defines `name`, which a glob of the root brings in. Without a glob a macro of the root has defined it.
    fn find_in_globs(
        &self,
        name: &str,
        follow: &dyn Fn(&[String]) -> Option<BTreeSet<Target>>,
    ) -> BTreeSet<Target> {
        let globs: Vec<_> = self.uses.iter().filter(|import| import.name == "*").collect();
        if globs.is_empty() {
            return BTreeSet::from([Target::Root]);
        }
        let defines = |module: &[String]| {
            let mut pieces = self.krate.pieces.iter().filter(|piece| piece.module == module);
            pieces.any(|piece| piece.defines.contains(name))
        };
        let sure: Vec<_> = globs.iter().filter(|import| defines(&import.path)).collect();
        // What no module here defines by itself may come from any glob, of other crates, too.
        let meant = if sure.is_empty() { globs.iter().collect() } else { sure };
        meant.iter().filter_map(|import| follow(&import.path)).flatten().collect()
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
            None => BTreeSet::from([Target::Root]),
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

/// Every name that a tree of a `use` brings in, with its path. `crate`, `self`, `super` and `this`, what the crate calls
/// itself, fall away: in the root and in a module of the root they all lead to the root.
fn imports(tree: &UseTree, path: &[String], this: Option<&str>, found: &mut Vec<Import>) {
    let below = |name: &Ident| match name.unraw().to_string() {
        name if ["crate", "self", "super"].contains(&name.as_str()) => path.to_vec(),
        name if path.is_empty() && Some(name.as_str()) == this => Vec::new(),
        name => [path, &[name]].concat(),
    };
    match tree {
        UseTree::Path(step) => imports(&step.tree, &below(&step.ident), this, found),
        UseTree::Name(leaf) => {
            let path = below(&leaf.ident);
            found.extend(path.last().cloned().map(|name| Import { name, path }));
        }
        UseTree::Rename(leaf) => {
            found.push(Import { name: leaf.rename.unraw().to_string(), path: below(&leaf.ident) });
        }
        UseTree::Glob(_) => found.push(Import { name: "*".to_owned(), path: path.to_vec() }),
        UseTree::Group(group) => group.items.iter().for_each(|tree| imports(tree, path, this, found)),
    }
}
