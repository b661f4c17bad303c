//! A crate as rustdoc writes it down in JSON, as far as we read it.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, ExitCode};

use serde::Deserialize;
use serde_json::Value;

use crate::command::{cargo, run as run_command};
use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

/// The version of the format that this module reads. It is not stable, and changes with the compiler.
const FORMAT: u32 = 57;

/// What a compiler that writes this format calls itself.
pub(super) const TOOLCHAIN: &str = "rustc 1.95.";

/// Set for this program where cargo takes it for rustdoc.
const RUSTDOC_MARK: &str = "EDGEQUAKE_XTASK_IS_RUSTDOC";

/// Stands in for rustdoc if cargo runs us as that. A stable rustdoc writes JSON only if it takes itself for an unstable
/// one; told so by the environment of cargo, the dependencies would be built anew as well.
pub(crate) fn stand_in_for_rustdoc() -> Option<ExitCode> {
    std::env::var_os(RUSTDOC_MARK)?;
    let mut rustdoc = Command::new("rustdoc");
    rustdoc.args(std::env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").env_remove(RUSTDOC_MARK);
    let good = run_command(&mut rustdoc).is_ok();
    Some(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

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
    /// Has rustdoc document every library with all its features: the build of the documentation in HTML but for the form,
    /// so that no dependency is checked again.
    pub(super) fn write_all() -> Result<()> {
        let ours = std::env::current_exe().during("finding this program")?;
        let mut doc = cargo(["doc", "--quiet", "--workspace", "--lib", "--all-features", "--no-deps"]);
        doc.env("RUSTDOC", ours).env(RUSTDOC_MARK, "1");
        run_command(doc.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json"))
    }

    /// What [`Document::write_all`] wrote of `package`. It is taken away, lest a later run take it for its own.
    pub(super) fn take(workspace: &Workspace, package: &str) -> Result<Self> {
        let file = workspace.target.join("doc").join(package.replace('-', "_")).with_extension("json");
        let text = fs::read_to_string(&file).during(format!("reading {}", file.display()))?;
        fs::remove_file(&file).during(format!("removing {}", file.display()))?;
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
