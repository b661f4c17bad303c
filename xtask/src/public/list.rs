//! The list of what a crate may expose, one path a line.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::exposed::Exposed;
use crate::failure::{During, Result};
use crate::workspace::Workspace;

/// The committed list of one crate.
pub(super) struct List {
    /// The file, from the root of the workspace.
    pub(super) name: String,
    file: PathBuf,
    package: String,
}

impl List {
    pub(super) fn of(workspace: &Workspace, package: &str) -> Self {
        let name = format!("xtask/public/{package}.txt");
        Self { file: workspace.root.join(&name), name, package: package.to_owned() }
    }

    /// Writes what is exposed as what may be.
    pub(super) fn write(&self, exposed: &Exposed) -> Result<()> {
        fs::write(&self.file, self.text(exposed)).during(format!("writing {}", self.name))
    }

    /// One line for each difference between the list and what is exposed.
    pub(super) fn differences(&self, exposed: &Exposed) -> Result<Vec<String>> {
        let text = fs::read_to_string(&self.file).during(format!("reading {}", self.name))?;
        Ok(self.compare(&text, exposed))
    }

    fn text(&self, exposed: &Exposed) -> String {
        let package = &self.package;
        let mut text = format!(
            "# Types and traits of other crates in the public API of {package}; write anew: cargo xtask public --update\n"
        );
        for path in exposed.keys() {
            text.push_str(path);
            text.push('\n');
        }
        text
    }

    pub(super) fn compare(&self, text: &str, exposed: &Exposed) -> Vec<String> {
        let Self { name, package, .. } = self;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let listed: BTreeSet<_> = lines.collect();
        let mut differences = Vec::new();
        for (path, items) in exposed.iter().filter(|(path, _)| !listed.contains(path.as_str())) {
            differences.extend(items.iter().map(|item| format!("{item} exposes {path}")));
            differences
                .push(format!("{path} is not in {name}: keep it out of the API, or add it to the list"));
        }
        let gone = listed.iter().filter(|path| !exposed.contains_key(**path));
        differences.extend(
            gone.map(|path| format!("{package} does not expose {path} any more: take it out of {name}")),
        );
        if differences.is_empty() && text != self.text(exposed) {
            differences.push(format!("{name} is not as `cargo xtask public --update` writes it"));
        }
        differences
    }
}
