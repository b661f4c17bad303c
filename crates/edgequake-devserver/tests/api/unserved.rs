//! Operations that the real server has and this one does not: 501, and never taken for something else.

use std::collections::BTreeSet;
use std::path::Path;

use edgequake_types::OPERATIONS;
use http::Method;

use crate::support::{Api, with_users};

/// Method, path and access.
fn rows(table: &str) -> Vec<(Method, String, String)> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let row = |line: &str| {
        let mut columns = line.split('\t').map(str::to_owned);
        let method = columns.next().unwrap().parse().unwrap();
        (method, columns.next().unwrap(), columns.next().unwrap())
    };
    lines.map(row).collect()
}

/// The path with a value for each parameter.
fn filled(path: &str) -> String {
    let fill = |segment: &str| if segment.starts_with('{') { "x1".to_owned() } else { segment.to_owned() };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn an_unserved_operation_answers_501_to_whoever_is_known() {
    let server = with_users().master_key("master").start().await.unwrap();
    let api = Api::new(&server);
    let known = api.bearer("master");
    let rows = rows(include_str!("../../src/routes/unserved.tsv"));
    assert!(rows.len() > 100);
    for (method, path, access) in rows {
        let answer = known.raw(method.clone(), &filled(&path), "", "").await;
        assert_eq!(answer.cause(), "501 NOT_IMPLEMENTED", "{method} {path}");
        assert_eq!(answer.error().message, format!("This server does not implement {method} {path}"));
        let anonymous = api.raw(method, &filled(&path), "", "").await;
        assert_eq!(anonymous.status, if access == "public" { 501 } else { 401 }, "{path}");
    }
}

#[tokio::test]
async fn an_operation_is_never_taken_for_an_id() {
    let server = with_users().master_key("master").start().await.unwrap();
    let api = Api::new(&server).bearer("master").in_default();
    for path in ["/api/v1/documents/search", "/api/v1/documents/pdf"] {
        assert_ne!(api.get(path).await.status, 404, "{path}");
    }
    assert_eq!(api.get("/api/v1/documents/searches").await.cause(), "404 NOT_FOUND");
}

/// The operations that have a type and are not served yet.
const NOT_YET: [&str; 0] = [];

/// The list follows that of the operations which have no type yet.
#[test]
fn every_operation_without_a_type_is_listed() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../edgequake-types/tests/undeclared.tsv");
    let listed: BTreeSet<_> = rows(include_str!("../../src/routes/unserved.tsv"))
        .into_iter()
        .map(|(method, path, _)| (method.to_string(), path))
        .collect();
    let undeclared = rows(&std::fs::read_to_string(table).unwrap());
    // WebSockets have no type, and are served.
    for (method, path, _) in undeclared.into_iter().filter(|(_, path, _)| !path.starts_with("/ws/")) {
        assert!(listed.contains(&(method.to_string(), path.clone())), "{method} {path}");
    }
    let declared = OPERATIONS.iter().copied().flatten();
    let both = declared
        .filter(|operation| listed.contains(&(operation.method.to_string(), operation.path.to_owned())));
    let mut both: Vec<String> =
        both.map(|operation| format!("{} {}", operation.method, operation.path)).collect();
    both.sort();
    assert_eq!(both, NOT_YET, "typed, and not served");
}
