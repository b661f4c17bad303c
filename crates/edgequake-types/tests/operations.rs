//! The declarations against the table of the server's operations, both ways.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use edgequake_types::{Auth, OPERATIONS, Operation, Payload, Retry};
use http::Method;

/// Method and path, without the mark of a parameter that is the rest of the path.
type Key = (String, String);

fn declared() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().copied().flatten()
}

fn key(operation: &Operation) -> Key {
    (operation.method.to_string(), operation.path.replace("{*", "{"))
}

/// The columns of a table, by method and path.
fn rows(table: &'static str) -> BTreeMap<Key, Vec<&'static str>> {
    let mut rows = BTreeMap::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let key = (columns.next().unwrap().to_owned(), columns.next().unwrap().to_owned());
        assert!(rows.insert(key, columns.collect()).is_none(), "twice: {line}");
    }
    rows
}

/// The operations of the server: group, form of the answer and access.
fn served() -> BTreeMap<Key, Vec<&'static str>> {
    rows(include_str!("operations.tsv"))
}

/// Those that are not declared, and why.
fn undeclared() -> BTreeMap<Key, Vec<&'static str>> {
    rows(include_str!("undeclared.tsv"))
}

#[test]
fn every_declaration_is_an_operation_of_the_server() {
    let served = served();
    for operation in declared() {
        let Some([group, form, access]) = served.get(&key(operation)).map(Vec::as_slice) else {
            panic!("no such operation, or not three more columns: {operation:?}")
        };
        let open = matches!(operation.auth, Auth::Public | Auth::Optional);
        assert_eq!(open, *access == "public", "{operation:?}");
        assert_eq!(operation.media_type == "text/event-stream", *form == "sse", "{operation:?}");
        let is_file = operation.streamed && operation.media_type == "*/*";
        assert_eq!(is_file, *form == "binary", "{operation:?}");
        assert_eq!(operation.group, *group, "{operation:?}");
    }
}

#[test]
fn every_operation_of_the_server_is_declared_or_listed_with_a_reason() {
    let declared: BTreeSet<Key> = declared().map(key).collect();
    let undeclared = undeclared();
    for key in served().keys() {
        match (declared.contains(key), undeclared.get(key).map(Vec::as_slice)) {
            (true, None) => {}
            (false, Some([reason])) => assert!(!reason.is_empty(), "without a reason: {key:?}"),
            (true, Some(_)) => panic!("declared, so take it off the list of those that are not: {key:?}"),
            (false, _) => panic!("neither declared nor listed with a reason: {key:?}"),
        }
    }
    for key in undeclared.keys() {
        assert!(
            served().contains_key(key),
            "listed as not declared, and no operation of the server: {key:?}"
        );
    }
}

#[test]
fn no_operation_is_declared_twice() {
    let keys: BTreeSet<Key> = declared().map(key).collect();
    let names: BTreeSet<&str> = declared().map(|operation| operation.name).collect();
    assert_eq!((keys.len(), names.len()), (declared().count(), declared().count()));
}

#[test]
fn what_is_repeated_is_idempotent_and_what_is_read_has_no_body() {
    for operation in declared() {
        let read = operation.method == Method::GET;
        assert!(operation.method != Method::POST || operation.retry != Retry::Safe, "{operation:?}");
        assert!(!read || operation.retry != Retry::Refused, "{operation:?}");
        let no_body = matches!(operation.payload, Payload::None | Payload::Query);
        assert!(no_body || !(read || operation.method == Method::DELETE), "{operation:?}");
    }
}

/// The table against the sources, so that no declaration is left out of it.
#[test]
fn every_declaration_is_in_the_table() {
    let listed: BTreeSet<Key> = declared().map(key).collect();
    let mut found = BTreeSet::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        for attribute in text.split("\n#[operation(").skip(1) {
            let (method, rest) = attribute.trim_start().split_once(" \"").unwrap();
            let key = (method.to_owned(), rest.split('"').next().unwrap().replace("{*", "{"));
            assert!(listed.contains(&key), "not in its group's list: {key:?} of {}", file.display());
            found.insert(key);
        }
    }
    assert_eq!(found, listed);
}

/// The files of a folder, unit tests left out.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let own = entries.filter(|path| path.file_stem().is_some_and(|name| name != "tests"));
    own.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}
