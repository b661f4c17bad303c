use std::collections::BTreeSet;

use edgequake_types::OPERATIONS;

use super::*;
use crate::auth::permission::Permission;
use crate::auth::scope::Binding;

type Key = (String, &'static str);

fn keys(routes: &[Route]) -> BTreeSet<Key> {
    let keys: BTreeSet<Key> = routes.iter().map(|route| (route.method.to_string(), route.path)).collect();
    assert_eq!(keys.len(), routes.len(), "an operation is listed twice");
    keys
}

#[test]
fn every_declared_operation_is_served_or_listed_as_unserved() {
    let known = keys(&table());
    for operation in OPERATIONS.iter().copied().flatten() {
        let key = (operation.method.to_string(), operation.path);
        assert!(known.contains(&key), "{key:?} is neither served nor listed in unserved.tsv");
    }
}

/// What is served with the features of the test.
fn all_served() -> Vec<Route> {
    let mut routes = served();
    if cfg!(feature = "pdf") {
        routes.extend(pdfs());
    }
    routes
}

#[test]
fn every_served_operation_is_declared() {
    let declared: BTreeSet<Key> = OPERATIONS
        .iter()
        .copied()
        .flatten()
        .map(|operation| (operation.method.to_string(), operation.path))
        .collect();
    for key in keys(&all_served()) {
        assert!(declared.contains(&key), "{key:?}");
    }
}

#[test]
fn every_line_of_the_list_is_a_route() {
    let lines = UNSERVED.lines().filter(|line| !line.starts_with('#'));
    let routes: Vec<Route> = unserved().collect();
    assert_eq!(routes.len(), lines.clone().count());
    for line in lines {
        let access = line.rsplit('\t').next();
        assert!(matches!(access, Some("public" | "auth")), "{line}");
    }
}

/// The POSTs that only query.
const QUERIES: [&str; 4] = [
    "/api/v1/query",
    "/api/v1/query/stream",
    "/api/v1/ingestion/progress",
    "/api/v1/pipeline/costs/estimate",
];

/// The rules of the real server, by method and path.
#[test]
fn requirements_follow_the_rules_of_the_real_server() {
    const GLOBAL: [&str; 5] =
        ["/api/v1/auth/", "/api/v1/users", "/api/v1/api-keys", "/api/v1/tenants", "/api/v1/setup/"];
    let web_sockets = cfg!(feature = "websocket").then(web_sockets);
    for route in all_served().into_iter().chain(web_sockets.into_iter().flatten()) {
        let probe = !route.path.starts_with("/api/") && !route.path.starts_with("/ws/");
        let open = (route.auth)(&Config::default()) != Auth::Required;
        let permission = match (route.method.as_str(), route.path) {
            ("POST", "/api/v1/users") => Permission::Write,
            _ if open => Permission::Known,
            ("GET", _) => Permission::Read,
            ("POST", path) if QUERIES.contains(&path) => Permission::Query,
            _ => Permission::Write,
        };
        assert_eq!(route.permission, permission, "{route:?}");
        let binding = if probe || GLOBAL.iter().any(|prefix| route.path.starts_with(prefix)) {
            Binding::Global
        } else if ["/api/v1/workspaces/{", "/api/v2/workspaces/{"]
            .iter()
            .any(|prefix| route.path.starts_with(prefix))
        {
            Binding::WorkspaceInPath
        } else {
            Binding::Workspace
        };
        assert_eq!(route.binding, binding, "{route:?}");
    }
}
