//! A crate as rustdoc writes it down in JSON, as far as we read it.

use std::collections::BTreeMap;
use std::{fs, io};

use serde::Deserialize;
use serde_json::Value;

use crate::command::{cargo, run as run_command};
use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

/// The version of the format that this module reads. It is not stable, and changes with the compiler.
const FORMAT: u32 = 57;

/// What a compiler that writes this format calls itself.
pub(super) const TOOLCHAIN: &str = "rustc 1.95.";

/// Names an item within one document.
pub(super) type Id = u32;

/// The items of a crate that its users see, and where whatever they mention is defined.
#[derive(Deserialize)]
pub(super) struct Document {
    /// The root module.
    pub(super) root: Id,
    /// The items of the crate, with a few of other crates that they take methods from.
    pub(super) index: BTreeMap<Id, Item>,
    /// Ours and those of other crates. What is private in the crate is not among them.
    pub(super) paths: BTreeMap<Id, Defined>,
}

/// Anything that has a page or an entry in the documentation, an `impl` and a `use` included.
#[derive(Deserialize)]
pub(super) struct Item {
    /// 0 is the crate of the document.
    pub(super) crate_id: u32,
    pub(super) name: Option<String>,
    /// `"non_exhaustive"` and others.
    attrs: Vec<Value>,
    /// The kind of the item, with all that is special to it.
    inner: Value,
}

/// Where a type or trait is defined.
#[derive(Deserialize)]
pub(super) struct Defined {
    pub(super) crate_id: u32,
    /// The crate, the modules, public or not, and the name.
    pub(super) path: Vec<String>,
}

impl Document {
    /// Has rustdoc document `package`, with all its features. A stable toolchain does so only if it takes itself for an unstable one, which changes
    /// the build of dependencies; hence a target folder of its own.
    pub(super) fn make(workspace: &Workspace, package: &str) -> Result<Self> {
        let target = workspace.target.join("public");
        let file = target.join("doc").join(package.replace('-', "_")).with_extension("json");
        // What an earlier run left must not be taken for the answer of this one.
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).during(format!("removing {}", file.display()));
            }
            _ => {}
        }
        let mut rustdoc = cargo(["rustdoc", "--quiet", "--package", package, "--lib", "--all-features"]);
        rustdoc.args(["--", "-Z", "unstable-options", "--output-format", "json"]);
        run_command(rustdoc.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", target))?;
        let text = fs::read_to_string(&file).during(format!("reading {}", file.display()))?;
        Self::parse(&text).during(package)
    }

    /// Reads a document, if it is of the format that we know.
    pub(super) fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            format_version: u32,
        }

        let Version { format_version } =
            serde_json::from_str(text).during("looking for the version in rustdoc's JSON")?;
        if format_version != FORMAT {
            return Err(Failure::new(format!(
                "this rustdoc writes JSON of format {format_version}, and xtask reads format {FORMAT}: use the toolchain \
                 of the gate, or adapt xtask/src/public/document.rs"
            )));
        }
        serde_json::from_str(text).during("reading rustdoc's JSON")
    }

    /// The item, if it is one of this crate and its users see it.
    pub(super) fn item(&self, id: Id) -> Option<&Item> {
        self.index.get(&id).filter(|item| item.crate_id == 0)
    }
}

impl Item {
    /// What the item is, such as `struct` or `impl`, and all that is special to it.
    pub(super) fn inner(&self) -> (&str, &Value) {
        match &self.inner {
            Value::String(kind) => (kind, &Value::Null),
            inner => inner
                .as_object()
                .and_then(|inner| inner.iter().next())
                .map_or(("", &Value::Null), |(kind, inner)| (kind.as_str(), inner)),
        }
    }

    /// Whether it is `#[non_exhaustive]`.
    pub(super) fn is_non_exhaustive(&self) -> bool {
        self.attrs.iter().any(|attribute| attribute == "non_exhaustive")
    }

    /// The items in it: of a module or a trait, of an `impl`, variants and fields. Not the impls of a type.
    pub(super) fn children(&self) -> impl Iterator<Item = Id> {
        const PLACES: &[&str] =
            &["/items", "/variants", "/fields", "/kind/tuple", "/kind/plain/fields", "/kind/struct/fields"];

        let (_, inner) = self.inner();
        let lists = PLACES.iter().filter_map(|place| inner.pointer(place)?.as_array());
        // A private field of a tuple is `null`.
        lists.flatten().filter_map(id)
    }
}

/// Reads an id.
pub(super) fn id(value: &Value) -> Option<Id> {
    value.as_u64()?.try_into().ok()
}
