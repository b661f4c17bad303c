//! What a declaration costs in CPU time: a release build of a library that uses every operation in both directions, over one that
//! uses none.

use std::fs;
use std::path::Path;

use edgequake_types::Operation;

use crate::bench::Dependent;
use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

/// How many operations the server has, for the sum that all of them will come to.
const ALL: f64 = 230.0;

pub(super) fn cost(workspace: &Workspace, src: &Path, declared: &[&Operation]) -> Result<String> {
    let types = format!("edgequake-types = {{ path = {:?} }}", workspace.root.join("crates/edgequake-types"));
    let manifest = format!("{types}\nbytes = \"1\"\nhttp = \"1\"");
    let none = Dependent::write(workspace, "uses-no-operation", &manifest)?.build_seconds()?;
    let all = Dependent::write(workspace, "uses-all-operations", &manifest)?;
    all.set_library(&library(src, declared)?)?;
    let all = all.build_seconds()?;
    let each = (all - none) / declared.len() as f64;
    Ok(format!(
        "CPU of a cold release build: {none:.1} s with no operation used, {all:.1} s with all {}: {each:.3} s an operation; \
         {ALL} of them: {:.1} s",
        declared.len(),
        none + each * ALL
    ))
}

/// A library that sends, serves, answers and reads each operation.
fn library(src: &Path, declared: &[&Operation]) -> Result<String> {
    let mut text = String::from(
        "use bytes::Bytes;\nuse edgequake_types::{Decode, Endpoint};\n\n\
         pub fn request<E: Endpoint>(sent: E, parts: &http::request::Parts, body: &[u8]) -> bool {\n    \
         sent.to_request().is_ok() && E::from_request(parts, body).is_ok()\n}\n\n\
         pub fn answer<E: Endpoint>(head: &http::response::Parts, body: Bytes) -> bool\n\
         where\n    E::Response: Decode,\n{\n    \
         E::Response::decode(head, body).is_ok_and(|answer| E::respond(&answer).is_ok())\n}\n\n",
    );
    for (index, operation) in declared.iter().enumerate() {
        let path = format!("edgequake_types::{}::{}", module(src, operation.name)?, operation.name);
        text.push_str(&format!(
            "pub fn request{index}(sent: {path}, parts: &http::request::Parts, body: &[u8]) -> bool {{\n    request(sent, parts, body)\n}}\n"
        ));
        // A stream is read piece by piece, not as an answer.
        if !operation.streamed {
            text.push_str(&format!(
                "pub fn answer{index}(head: &http::response::Parts, body: Bytes) -> bool {{\n    answer::<{path}>(head, body)\n}}\n"
            ));
        }
    }
    Ok(text)
}

/// The module of a group that lists a request type.
fn module(src: &Path, name: &str) -> Result<String> {
    for entry in fs::read_dir(src).during("reading the folder of the types")? {
        let path = entry.during("reading the folder of the types")?.path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).during("reading a group")?;
        let list = text.split_once("\noperations! {").and_then(|(_, list)| list.split_once('}'));
        let words = list.map(|(list, _)| list.split(|c: char| !c.is_alphanumeric()));
        if words.is_some_and(|mut words| words.any(|word| word == name)) {
            return Ok(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    Err(Failure::new(format!("no group lists {name}")))
}
