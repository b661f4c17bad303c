//! What it takes to depend on us: how many crates come in, and what a cold release build costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::result::{Limit, Results};
use crate::arrows::Tree;
use crate::command::{cargo, output};
use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

/// What it takes to depend on us, and on the official SDK.
pub(super) fn measure(workspace: &Workspace, build: bool, results: &mut Results) -> Result<()> {
    let ours = |name: &str| {
        let path = workspace.root.join("crates").join(name);
        Dependent::write(workspace, &format!("on-{name}"), &format!("{name} = {{ path = {path:?} }}"))
    };
    let (client, types) = (ours("edgequake-client")?, ours("edgequake-types")?);
    let official = Dependent::write(workspace, "on-official", "edgequake-sdk = \"=0.4.1\"")?;
    let official_crates = official.crates()?;
    let what = format!("crates of the full client (the official SDK: {official_crates})");
    results.budget(what, client.crates()? as f64, Limit::AtMost(95.0), "");
    results.budget("crates of the types alone", types.crates()? as f64, Limit::AtMost(21.0), "");
    if build {
        // What else the machine does only adds, by a twentieth and more: the lesser of two builds says most.
        let (mut theirs, mut ours) = (f64::MAX, f64::MAX);
        for _ in 0..2 {
            theirs = theirs.min(official.build_seconds()?);
            ours = ours.min(client.build_seconds()?);
        }
        let what = format!("CPU of a cold release build, over the official SDK ({ours:.0} s, {theirs:.0} s)");
        results.budget(what, ours / theirs, Limit::AtMost(0.75), "x");
    }
    Ok(())
}

/// A package that depends on one thing only.
pub(crate) struct Dependent {
    folder: PathBuf,
}

impl Dependent {
    /// Writes the package `name`, whose one dependency is `dependency`, a line of a manifest.
    pub(crate) fn write(workspace: &Workspace, name: &str, dependency: &str) -> Result<Self> {
        let folder = workspace.target.join("bench/weight").join(name);
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{dependency}\n"
        );
        fs::create_dir_all(folder.join("src")).during("making a package")?;
        fs::write(folder.join("Cargo.toml"), manifest).during("writing a manifest")?;
        fs::write(folder.join("src/lib.rs"), "").during("writing an empty library")?;
        Ok(Self { folder })
    }

    /// Writes what the package has beyond its dependency.
    pub(crate) fn set_library(&self, text: &str) -> Result<()> {
        fs::write(self.folder.join("src/lib.rs"), text).during("writing a library")
    }

    /// How many crates come in, to run and to build, without the package itself.
    pub(super) fn crates(&self) -> Result<usize> {
        let mut tree =
            cargo(["tree", "--quiet", "--edges", "normal,build", "--prefix", "depth", "--format", " {p}"]);
        Ok(Tree::parse(&output(tree.current_dir(&self.folder))?)?.len() - 1)
    }

    /// The CPU time in seconds, user and system, of a release build from nothing.
    pub(crate) fn build_seconds(&self) -> Result<f64> {
        let target = self.folder.join("target");
        if target.exists() {
            fs::remove_dir_all(&target).during("removing an earlier build")?;
        }
        // Downloads are not counted.
        output(cargo(["fetch", "--quiet"]).current_dir(&self.folder))?;
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // The shell tells the CPU time of its children, on the second line.
        let mut shell = Command::new("sh");
        shell.args(["-c", "\"$0\" build --release --quiet && times"]).arg(cargo);
        let times = output(shell.current_dir(&self.folder).env("CARGO_TARGET_DIR", absolute(&target)?))?;
        seconds(&times)
            .ok_or_else(|| Failure::new(format!("`times` printed a line of an unknown form: {times}")))
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).during("finding the target folder")
}

/// The sum of a line such as `1m2.500s 0m3.250s`, the second one of the output of `times`.
fn seconds(times: &str) -> Option<f64> {
    let line = times.lines().nth(1)?;
    line.split_whitespace()
        .map(|word| {
            let (minutes, seconds) = word.strip_suffix('s')?.split_once('m')?;
            Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.replace(',', ".").parse::<f64>().ok()?)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shells_children_are_on_the_second_line() {
        assert_eq!(seconds("0m0.01s 0m0.02s\n1m2.500s 0m3.250s\n"), Some(65.75));
        assert_eq!(seconds("0m0.01s 0m0.02s\n"), None);
        assert_eq!(seconds("a\n1:02 3\n"), None);
    }
}
