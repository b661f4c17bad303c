//! The workspace as cargo sees it: its folders, its packages and what they declare to depend on.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::command::{cargo, output};
use crate::failure::{During, Result};

/// The answer of `cargo metadata --no-deps`, as far as we read it.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    /// Where cargo builds, wherever that was configured.
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    /// The members.
    pub(crate) packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    /// The library first, then the programs, tests and so on.
    pub(crate) targets: Vec<Target>,
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) keywords: Vec<String>,
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    pub(crate) repository: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) rust_version: Option<String>,
    /// `package.metadata`; null where there is none.
    #[serde(default)]
    pub(crate) metadata: serde_json::Value,
}

/// One thing that cargo builds of a package.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    /// `lib`, `proc-macro`, `bin`, `test` and so on; a library may have several.
    pub(crate) kind: Vec<String>,
    /// The file of its root module.
    pub(crate) src_path: PathBuf,
}

/// A dependency as declared, optional or not.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

impl Workspace {
    /// Asks cargo about the workspace of the current folder.
    pub(crate) fn load() -> Result<Self> {
        let answer = output(&mut cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
        serde_json::from_str(&answer).during("reading the answer of `cargo metadata`")
    }

    /// The packages below `crates/`: those that are published.
    pub(crate) fn crates(&self) -> impl Iterator<Item = &Package> {
        let crates = self.root.join("crates");
        self.packages.iter().filter(move |package| package.folder().parent() == Some(crates.as_path()))
    }
}

impl Target {
    /// Whether it is what others depend on.
    pub(crate) fn is_library(&self) -> bool {
        self.kind.iter().any(|kind| kind == "lib" || kind == "proc-macro")
    }
}

impl Package {
    /// The folder of its manifest.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}
