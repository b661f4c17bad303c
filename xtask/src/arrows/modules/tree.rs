//! A crate as its modules: which the root names, in their order, and the code of each with all that is below it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Expr, Item, ItemMod, Lit, Meta};

use super::items::names;
use super::strip::strip;
use crate::failure::{During, Failure, Result};

/// A library or a program, without its tests.
pub(super) struct Crate {
    /// What it is called in messages.
    pub(super) name: String,
    /// The modules that the root names, in its order.
    pub(super) modules: Vec<String>,
    /// What else is in the root: its own items, and modules that are there for the code of macros only.
    pub(super) root: Vec<Item>,
    /// The code of the modules, at every depth.
    pub(super) pieces: Vec<Piece>,
    /// The macros by example, of the root, too.
    pub(super) macros: Vec<Macro>,
    /// The folder of the root.
    folder: PathBuf,
}

/// The code of one module, but for the modules in it.
pub(super) struct Piece {
    /// Its file, seen from the folder of the root.
    pub(super) file: String,
    /// The path of the module.
    pub(super) module: Vec<String>,
    /// The names of its items and of what it shows of others.
    pub(super) defines: BTreeSet<String>,
    pub(super) code: TokenStream,
}

/// Where `macro_rules!` defines a macro.
pub(super) struct Macro {
    pub(super) name: String,
    /// The path of its module.
    pub(super) module: Vec<String>,
    /// It is `crate::name`.
    pub(super) exported: bool,
    /// Whatever comes after it may call it by its plain name.
    pub(super) textual: bool,
}

/// Where some items stand.
struct Place<'a> {
    file: &'a Path,
    module: Vec<String>,
    /// Where the files of the modules in it are.
    folder: PathBuf,
    /// Where `#[path]` begins.
    base: PathBuf,
    /// Its macros are seen by what comes after it in the root.
    textual: bool,
}

impl Crate {
    /// Reads the file of the root and those of all modules.
    pub(super) fn read(name: &str, root: &Path) -> Result<Self> {
        let folder = root.parent().unwrap_or(root).to_owned();
        let mut this = Self {
            name: name.to_owned(),
            modules: Vec::new(),
            root: Vec::new(),
            pieces: Vec::new(),
            macros: Vec::new(),
            folder: folder.clone(),
        };
        this.file(root, Vec::new(), folder, true)?;
        Ok(this)
    }

    fn file(&mut self, file: &Path, module: Vec<String>, folder: PathBuf, textual: bool) -> Result<()> {
        let text = std::fs::read_to_string(file).during(file.display())?;
        let mut syntax = syn::parse_file(&text).during(file.display())?;
        strip(&mut syntax);
        let base = file.parent().unwrap_or(file).to_owned();
        self.items(syntax.items, &Place { file, module, folder, base, textual })
    }

    fn items(&mut self, items: Vec<Item>, place: &Place<'_>) -> Result<()> {
        let mut code = TokenStream::new();
        let mut defines = BTreeSet::new();
        for item in items {
            defines.extend(names(&item));
            match item {
                Item::Mod(module) if !(place.module.is_empty() && is_hidden(&module)) => {
                    self.module(module, place)?;
                }
                Item::Macro(definition) if definition.mac.path.is_ident("macro_rules") => {
                    let name = definition.ident.as_ref().map(|name| name.unraw().to_string());
                    self.macros.push(Macro {
                        name: name.unwrap_or_default(),
                        module: place.module.clone(),
                        exported: has(&definition.attrs, "macro_export"),
                        textual: place.textual,
                    });
                    code.extend(definition.into_token_stream());
                }
                item if place.module.is_empty() => self.root.push(item),
                item => code.extend(item.into_token_stream()),
            }
        }
        if !place.module.is_empty() {
            let file = place.file.strip_prefix(&self.folder).unwrap_or(place.file).display().to_string();
            self.pieces.push(Piece { file, module: place.module.clone(), defines, code });
        }
        Ok(())
    }

    fn module(&mut self, module: ItemMod, place: &Place<'_>) -> Result<()> {
        let name = module.ident.unraw().to_string();
        if place.module.is_empty() && !self.modules.contains(&name) {
            self.modules.push(name.clone());
        }
        let path = [place.module.as_slice(), std::slice::from_ref(&name)].concat();
        let textual = place.textual && has(&module.attrs, "macro_use");
        let folder = place.folder.join(&name);
        if let Some((_, items)) = module.content {
            let base = folder.clone();
            return self.items(items, &Place { file: place.file, module: path, folder, base, textual });
        }
        if module.attrs.iter().any(|attribute| attribute.path().is_ident("cfg_attr")) {
            let file = place.file.display();
            return Err(Failure::new(format!(
                "{file}: `mod {name}` may not have `cfg_attr`, which hides its file"
            )));
        }
        if let Some(other) = module.attrs.iter().find_map(path_attribute) {
            let file = place.base.join(other);
            let folder = file.parent().unwrap_or(&file).to_owned();
            return self.file(&file, path, folder, textual);
        }
        let candidates = [place.folder.join(format!("{name}.rs")), folder.join("mod.rs")];
        let Some(file) = candidates.iter().find(|file| file.is_file()) else {
            return Err(Failure::new(format!("{}: no file for `mod {name}`", place.file.display())));
        };
        self.file(file, path, folder, textual)
    }
}

/// Whether the module is written out in place and kept from the docs: names for the code of macros, and no layer.
fn is_hidden(module: &ItemMod) -> bool {
    let hidden = |attribute: &Attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("doc") && list.is_ok_and(|list| list.tokens.to_string() == "hidden")
    };
    module.content.is_some() && module.attrs.iter().any(hidden)
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident(name))
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}
