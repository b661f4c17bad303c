//! Which types and traits of other crates the items of a crate mention, where its users see it.
//!
//! Two walks: from the root module through all that can be named, and over every `impl`. Of an impl of a trait, the methods are
//! left out: what they mention is the trait's. Impls that only follow from others do not count, be it from a blanket impl or
//! as an auto trait. Neither does what is hidden from the documentation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document::{Defined, Document, Id, Item, id};

/// The path of each foreign type or trait, with the items that expose it.
pub(super) type Exposed = BTreeMap<String, BTreeSet<String>>;

/// What our users call the items of a crate.
pub(super) type Names = BTreeMap<Id, String>;

/// The crates that come with the compiler.
const STANDARD: &[&str] = &["alloc", "core", "std"];

/// Finds what `document` exposes that is neither of the standard library nor of the crates `ours`, and the names of its items.
pub(super) fn find(document: &Document, ours: &[String]) -> (Exposed, Names) {
    let mut walk =
        Walk { document, ours, names: Names::new(), seen: BTreeSet::new(), exposed: Exposed::new() };
    walk.item(document.root, None, "");
    for item in document.index.values().filter(|item| item.crate_id == 0) {
        if let ("impl", inner) = item.inner() {
            walk.implementation(item, inner);
        }
    }
    (walk.exposed, walk.names)
}

struct Walk<'a> {
    document: &'a Document,
    ours: &'a [String],
    names: Names,
    /// A second name of an item says nothing new.
    seen: BTreeSet<Id>,
    exposed: Exposed,
}

impl Walk<'_> {
    /// The item and all in it. `name` is what a `use` calls it.
    fn item(&mut self, id: Id, name: Option<&str>, parent: &str) {
        let Some(item) = self.document.item(id) else { return };
        if !self.seen.insert(id) {
            return;
        }
        let (kind, inner) = item.inner();
        match kind {
            "use" => return self.reexport(inner, parent),
            "extern_crate" => return self.whole_crate(inner, parent),
            _ => {}
        }
        let path = match name.or(item.name.as_deref()) {
            Some(name) if parent.is_empty() => name.to_owned(),
            // The field of a tuple is told as what has it.
            Some(name) if !name.starts_with(|first: char| first.is_ascii_digit()) => {
                format!("{parent}::{name}")
            }
            _ => parent.to_owned(),
        };
        self.mentioned(inner, &path);
        for child in item.children() {
            self.item(child, None, &path);
        }
        self.names.insert(id, path);
    }

    /// A `pub use`: of our own items it shows them under another name, of others it exposes them.
    fn reexport(&mut self, inner: &Value, parent: &str) {
        let Some(target) = id(&inner["id"]) else { return };
        let name = inner["name"].as_str().unwrap_or_default();
        match self.document.item(target) {
            Some(item) if inner["is_glob"] == true => {
                for child in item.children() {
                    self.item(child, None, parent);
                }
            }
            Some(_) => self.item(target, Some(name), parent),
            None => self.expose(target, &format!("{parent}::{name}")),
        }
    }

    /// A `pub extern crate`: exposes all of that crate. One that gets another name here has its own as what it was renamed from.
    fn whole_crate(&mut self, inner: &Value, parent: &str) {
        let name = inner["name"].as_str().unwrap_or_default();
        let krate = inner["rename"].as_str().unwrap_or(name);
        if krate != "self" && !self.is_known(krate) {
            let item = format!("{parent}::{name}");
            self.exposed.entry(krate.to_owned()).or_default().insert(item);
        }
    }

    /// An `impl` block as it was written or derived. Rustdoc leaves some in whose type or trait is private.
    fn implementation(&mut self, item: &Item, inner: &Value) {
        if !inner["blanket_impl"].is_null() || inner["is_synthetic"] == true {
            return;
        }
        if self.is_private(&inner["for"]) || self.is_private(&inner["trait"]) {
            return;
        }
        let subject = self.name_of_type(&inner["for"]);
        let is_of_a_trait = inner["trait"].is_object();
        let name = match is_of_a_trait {
            true => format!("<{subject} as {}>", self.name_of_path(&inner["trait"])),
            false => subject,
        };
        self.mentioned(inner, &name);
        for child in item.children() {
            let kind = self.document.item(child).map(|item| item.inner().0);
            if !(is_of_a_trait && kind == Some("function")) {
                self.item(child, None, &name);
            }
        }
    }

    /// Every path in `value`: in types, bounds and arguments, however deep.
    fn mentioned(&mut self, value: &Value, item: &str) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.mentioned(value, item)),
            Value::Object(values) => {
                if let (Some(id), Some(Value::String(_))) =
                    (values.get("id").and_then(id), values.get("path"))
                {
                    self.expose(id, item);
                }
                values.values().for_each(|value| self.mentioned(value, item));
            }
            _ => {}
        }
    }

    /// Notes that `item` exposes what `id` names, if that is foreign.
    fn expose(&mut self, id: Id, item: &str) {
        if let Some(path) = self.document.paths.get(&id).and_then(|defined| self.foreign(defined)) {
            self.exposed.entry(path).or_default().insert(item.to_owned());
        }
    }

    /// The path of what is neither ours nor of the standard library. What macros of another crate keep in a `__private` module
    /// for their own output is nothing that anybody could name.
    fn foreign(&self, defined: &Defined) -> Option<String> {
        let krate = defined.path.first()?;
        let is_private = defined.path.iter().any(|segment| segment == "__private");
        (defined.crate_id != 0 && !self.is_known(krate) && !is_private).then(|| shown(&defined.path))
    }

    /// Whether a crate is one of the standard library, or ours.
    fn is_known(&self, krate: &str) -> bool {
        STANDARD.contains(&krate) || self.ours.iter().any(|ours| ours == krate)
    }

    /// Whether a type, or what it refers to, or a trait is of this crate and cannot be named outside.
    fn is_private(&self, value: &Value) -> bool {
        if let Some(inner) = value.get("borrowed_ref") {
            return self.is_private(&inner["type"]);
        }
        let Some(id) = id(&value.get("resolved_path").unwrap_or(value)["id"]) else { return false };
        let is_ours = self.document.paths.get(&id).is_none_or(|defined| defined.crate_id == 0);
        is_ours && !self.names.contains_key(&id)
    }

    /// A type, as short as it can be told.
    fn name_of_type(&self, value: &Value) -> String {
        if let Some(inner) = value.get("borrowed_ref") {
            return format!("&{}", self.name_of_type(&inner["type"]));
        }
        let plain = value.get("generic").or_else(|| value.get("primitive")).and_then(Value::as_str);
        match (plain, value.get("resolved_path")) {
            (Some(name), _) => name.to_owned(),
            (None, Some(path)) => self.name_of_path(path),
            (None, None) => "_".to_owned(),
        }
    }

    /// What our users call a type or trait of ours; the path of a foreign one; else as it is written in the source.
    fn name_of_path(&self, value: &Value) -> String {
        let id = id(&value["id"]);
        let ours = id.and_then(|id| self.names.get(&id).cloned());
        let foreign = || self.foreign(self.document.paths.get(&id?)?);
        ours.or_else(foreign).unwrap_or_else(|| value["path"].as_str().unwrap_or("_").to_owned())
    }
}

/// The path by which something is listed: where it is defined, but for a module of its own name, which as a rule is a private
/// one. `bytes::bytes::Bytes` is `bytes::Bytes`.
fn shown(path: &[String]) -> String {
    let mut path = path.to_vec();
    if let [_, .., module, name] = path.as_slice()
        && module.replace('_', "") == name.to_lowercase()
    {
        path.remove(path.len() - 2);
    }
    path.join("::")
}
