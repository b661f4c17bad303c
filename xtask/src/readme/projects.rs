//! The projects that the READMEs describe: for each block of TOML one, with the Rust blocks that follow it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::blocks::{Block, blocks};
use crate::command::{cargo, run as run_command};
use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

/// A project: the lines of its manifest and its Rust files.
#[derive(Debug, PartialEq, Eq)]
struct Project {
    manifest: String,
    files: Vec<File>,
}

#[derive(Debug, PartialEq, Eq)]
struct File {
    name: String,
    text: String,
}

impl File {
    /// A file without `main` holds tests, and code that is tested.
    fn folder(&self) -> &'static str {
        if self.text.contains("fn main()") { "src/bin" } else { "tests" }
    }
}

/// Compiles all projects of these READMEs, each with its dependencies alone and then with those of its tests.
pub(super) fn check(workspace: &Workspace, readmes: &[PathBuf]) -> Result<()> {
    let mut all = Vec::new();
    for path in readmes {
        let readme = fs::read_to_string(path).during(path.display())?;
        all.extend(projects(blocks(&readme)));
    }
    let projects = distinct(all);
    if projects.is_empty() {
        return Err(Failure::new("no README has lines for Cargo.toml"));
    }
    let folder = workspace.target.join("xtask/readme");
    write(workspace, &folder, &projects)?;
    for (number, project) in projects.iter().enumerate() {
        for (kind, target) in [("src/bin", "--bins"), ("tests", "--tests")] {
            if project.files.iter().any(|file| file.folder() == kind) {
                let mut check = cargo(["check", "--quiet", "--package", &name(number), target]);
                // Warnings of pasted code are ours.
                check.env("CARGO_TARGET_DIR", &workspace.target).current_dir(&folder);
                run_command(&mut check)?;
            }
        }
    }
    Ok(())
}

fn name(number: usize) -> String {
    format!("readme-{}", number + 1)
}

/// The projects in the blocks of a README. Rust blocks before the first lines of a manifest belong to none.
fn projects(blocks: Vec<Block>) -> Vec<Project> {
    let mut projects: Vec<Project> = Vec::new();
    for block in blocks {
        match (block.language.as_str(), block.file, projects.last_mut()) {
            ("toml", _, _) => projects.push(Project { manifest: block.text, files: Vec::new() }),
            ("rust", Some(file), Some(project)) => {
                let name = Path::new(&file).file_name().unwrap_or_default().to_string_lossy().into_owned();
                project.files.push(File { name, text: block.text });
            }
            _ => {}
        }
    }
    projects
}

/// Those that differ: a crate's README repeats what the large one says.
fn distinct(projects: Vec<Project>) -> Vec<Project> {
    let mut distinct: Vec<Project> = Vec::new();
    for project in projects {
        if !distinct.contains(&project) {
            distinct.push(project);
        }
    }
    distinct
}

/// Writes one workspace of all projects, which takes our crates from here and all others in the versions of our lock file.
fn write(workspace: &Workspace, folder: &Path, projects: &[Project]) -> Result<()> {
    let _ = fs::remove_dir_all(folder);
    let mut members = String::new();
    for (number, project) in projects.iter().enumerate() {
        let (name, folder) = (name(number), folder.join(name(number)));
        let _ = write!(members, "\"{name}\", ");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n{}",
            local(workspace, &project.manifest)
        );
        put(&folder.join("Cargo.toml"), &manifest)?;
        // A package has a library or a program; this one may have tests alone.
        put(&folder.join("src/lib.rs"), "")?;
        for file in &project.files {
            put(&folder.join(file.folder()).join(&file.name), &file.text)?;
        }
    }
    let mut patches = String::new();
    for package in workspace.crates() {
        let _ = writeln!(patches, "{} = {{ path = {:?} }}", package.name, package.folder());
    }
    let root =
        format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[patch.crates-io]\n{patches}");
    put(&folder.join("Cargo.toml"), &root)?;
    fs::copy(workspace.root.join("Cargo.lock"), folder.join("Cargo.lock")).during("copying Cargo.lock")?;
    Ok(())
}

/// The repository that a manifest takes our crates from until they are released.
const REPOSITORY: &str = "git = \"https://github.com/edgequake/edgequake-rs\"";

/// The lines of a manifest, with our crates from here instead of the repository.
fn local(workspace: &Workspace, manifest: &str) -> String {
    let mut lines = String::new();
    for line in manifest.lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        let folder = workspace.crates().find(|package| package.name == name).map(|package| package.folder());
        let line = match folder {
            Some(folder) => line.replace(REPOSITORY, &format!("path = {folder:?}")),
            None => line.to_owned(),
        };
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

fn put(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).during(folder.display())?;
    fs::write(path, text).during(path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_belongs_to_the_lines_of_toml_before_it() {
        let readme = "\
<!-- examples/readme/early.rs -->
```rust
fn main() {}
```
```toml
[dependencies]
```
<!-- examples/readme/one.rs -->
```rust
async fn main() {}
```
```sh
cargo run
```
```toml
[dev-dependencies]
```
<!-- examples/readme/two.rs -->
```rust
#[test]
```
";
        let projects = projects(blocks(readme));
        let files: Vec<Vec<_>> = projects
            .iter()
            .map(|project| project.files.iter().map(|file| (file.folder(), file.name.as_str())).collect())
            .collect();
        assert_eq!(files, [[("src/bin", "one.rs")], [("tests", "two.rs")]]);
        assert_eq!(projects[1].manifest, "[dev-dependencies]\n");
    }
}
