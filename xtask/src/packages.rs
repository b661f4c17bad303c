//! `cargo xtask packages`: what is published: the files of each package, and what its manifest says about it.

use std::collections::BTreeSet;
use std::fs;

use lexopt::Parser;

use crate::command::{cargo, output};
use crate::failure::{During, Failure, Result};
use crate::workspace::{Package, Workspace};

/// What every package has, besides its source.
const REQUIRED: [&str; 4] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// What cargo adds.
const ADDED: [&str; 3] = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml.orig"];

/// What shows on docs.rs which feature an item needs.
const LABELS: &str = "#![cfg_attr(docsrs, feature(doc_cfg))]";

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    check(&Workspace::load()?)
}

/// The step of the gate.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut problems = Vec::new();
    for package in workspace.crates() {
        let list = output(&mut cargo(["package", "--list", "--allow-dirty", "--package", &package.name]))?;
        problems.extend(files(&list).into_iter().map(|problem| format!("{}: {problem}", package.name)));
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let read = |folder: &std::path::Path| {
                let path = folder.join(licence);
                fs::read(&path).during(path.display())
            };
            if read(package.folder())? != read(&workspace.root)? {
                problems.push(format!("{}: {licence} differs from that of the repository", package.name));
            }
        }
        problems.extend(manifest(package).into_iter().map(|problem| format!("{}: {problem}", package.name)));
        if let Some(library) = package.targets.iter().find(|target| target.is_library()) {
            let source = fs::read_to_string(&library.src_path).during(library.src_path.display())?;
            if !source.contains(LABELS) {
                problems.push(format!("{}: its root module lacks {LABELS}", package.name));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::new(problems.join("\n"))) }
}

/// What is wrong with the files of a package, one a line.
fn files(list: &str) -> Vec<String> {
    let files: BTreeSet<&str> = list.lines().collect();
    let missing =
        REQUIRED.iter().filter(|file| !files.contains(*file)).map(|file| format!("{file} is missing"));
    let known = |file: &str| file.starts_with("src/") || REQUIRED.contains(&file) || ADDED.contains(&file);
    let unknown = files.iter().filter(|file| !known(file)).map(|file| format!("{file} is no part of it"));
    missing.chain(unknown).collect()
}

/// What is wrong with the manifest of a package.
fn manifest(package: &Package) -> Vec<String> {
    let mut problems = Vec::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            problems.push(format!("Cargo.toml: {what}"));
        }
    };
    require(
        package.description.as_ref().is_some_and(|text| !text.ends_with('.')),
        "`description`: a phrase without a full stop",
    );
    require((1..=5).contains(&package.keywords.len()), "`keywords`: one to five");
    require(package.keywords.iter().all(|word| word.len() <= 20), "`keywords`: at most 20 characters each");
    require(!package.categories.is_empty(), "`categories`: at least one");
    require(package.repository.is_some(), "`repository`");
    require(package.rust_version.is_some(), "`rust-version`");
    require(package.license.as_deref() == Some("MIT OR Apache-2.0"), "`license`: MIT OR Apache-2.0");
    let docs = package.metadata.get("docs").and_then(|docs| docs.get("rs"));
    let all_features = docs.and_then(|docs| docs.get("all-features")?.as_bool());
    require(all_features == Some(true), "`package.metadata.docs.rs`: all-features = true");
    let arguments = docs.and_then(|docs| docs.get("rustdoc-args")).map(ToString::to_string);
    let labels = arguments.as_deref() == Some(r#"["--cfg","docsrs"]"#);
    require(labels, r#"`package.metadata.docs.rs`: rustdoc-args = ["--cfg", "docsrs"]"#);
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_package_has_its_readme_its_licences_and_its_source_and_nothing_else() {
        let whole = "Cargo.toml\nCargo.toml.orig\nLICENSE-APACHE\nLICENSE-MIT\nREADME.md\nsrc/lib.rs\n";
        assert_eq!(files(whole), [""; 0]);
        assert_eq!(files(&whole.replace("README.md\n", "")), ["README.md is missing"]);
        assert_eq!(files(&format!("{whole}tests/it.rs\n")), ["tests/it.rs is no part of it"]);
    }

    #[test]
    fn a_manifest_says_what_the_registry_and_docs_rs_show() {
        let whole = json!({
            "name": "p", "manifest_path": "/p/Cargo.toml", "dependencies": [], "targets": [],
            "description": "A thing", "keywords": ["a"], "categories": ["api-bindings"], "repository": "https://h/r",
            "rust_version": "1.89", "license": "MIT OR Apache-2.0",
            "metadata": {"docs": {"rs": {"all-features": true, "rustdoc-args": ["--cfg", "docsrs"]}}},
        });
        let problems = |manifest: &serde_json::Value| manifest_problems(manifest.clone());
        assert_eq!(problems(&whole), [""; 0]);
        for (field, value) in [
            ("description", json!(null)),
            ("keywords", json!([])),
            ("keywords", json!(["a-word-that-is-too-long-for-it"])),
            ("categories", json!([])),
            ("license", json!("MIT")),
            ("rust_version", json!(null)),
            ("repository", json!(null)),
        ] {
            let mut changed = whole.clone();
            changed[field] = value;
            assert_eq!(problems(&changed).len(), 1, "{field}");
        }
        let mut without = whole.clone();
        without["metadata"] = json!(null);
        assert_eq!(problems(&without).len(), 2);
    }

    fn manifest_problems(package: serde_json::Value) -> Vec<String> {
        manifest(&serde_json::from_value(package).unwrap())
    }
}
