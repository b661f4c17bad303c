//! The declarations against the table of the server's operations.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use edgequake_types::{Answer, Auth, Endpoint, Payload, Retry};
use edgequake_types::{
    api_keys, documents, health, query, session, setup, tasks, tenants, users, workspaces,
};
use http::Method;

/// What a declaration says.
#[derive(Debug)]
struct Declared {
    method: Method,
    path: &'static str,
    auth: Auth,
    retry: Retry,
    payload: Payload,
    media_type: &'static str,
}

fn of<E: Endpoint>() -> Declared {
    Declared {
        method: E::METHOD,
        path: E::PATH,
        auth: E::AUTH,
        retry: E::RETRY,
        payload: E::PAYLOAD,
        media_type: <E::Response as Answer>::MEDIA_TYPE,
    }
}

macro_rules! declared {
    ($($endpoint:ty),* $(,)?) => {
        vec![$(of::<$endpoint>()),*]
    };
}

fn declared() -> Vec<Declared> {
    declared![
        api_keys::CreateApiKey,
        api_keys::ListApiKeys,
        api_keys::RevokeApiKey,
        documents::DeleteAllDocuments,
        documents::DeleteDocument,
        documents::GetDocument,
        documents::GetTrack,
        documents::ListDocuments,
        documents::UploadFile,
        documents::UploadText,
        health::GetHealth,
        health::GetLive,
        health::GetReady,
        query::Query,
        query::StreamQuery,
        session::Login,
        session::Logout,
        session::Me,
        session::OidcLogin,
        session::Refresh,
        setup::GetSetupStatus,
        setup::InitializeSetup,
        tasks::CancelTask,
        tasks::GetTask,
        tasks::ListTasks,
        tasks::RetryTask,
        tenants::CreateTenant,
        tenants::DeleteTenant,
        tenants::GetTenant,
        tenants::ListTenants,
        tenants::UpdateTenant,
        users::CreateUser,
        users::DeleteUser,
        users::GetUser,
        users::ListUsers,
        users::UpdateUser,
        workspaces::CreateWorkspace,
        workspaces::DeleteWorkspace,
        workspaces::GetWorkspace,
        workspaces::GetWorkspaceBySlug,
        workspaces::GetWorkspaceStats,
        workspaces::ListWorkspaces,
        workspaces::UpdateWorkspace,
    ]
}

/// The table, by method and path: form of the answer and access.
fn operations() -> BTreeMap<(String, String), (String, String)> {
    let table = include_str!("operations.tsv");
    let rows = table.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let [method, path, _group, form, access] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("five columns: {line}")
        };
        ((method.to_owned(), path.to_owned()), (form.to_owned(), access.to_owned()))
    });
    rows.collect()
}

fn key(declared: &Declared) -> (String, String) {
    (declared.method.to_string(), declared.path.to_owned())
}

#[test]
fn every_declaration_is_an_operation_of_the_server() {
    let operations = operations();
    for declared in declared() {
        let Some((form, access)) = operations.get(&key(&declared)) else {
            panic!("no such operation: {declared:?}")
        };
        let open = matches!(declared.auth, Auth::Public | Auth::Optional);
        assert_eq!(open, access == "public", "{declared:?}");
        assert_eq!(declared.media_type == "text/event-stream", form == "sse", "{declared:?}");
    }
}

#[test]
fn no_operation_is_declared_twice() {
    let declared = declared();
    let keys: BTreeMap<_, _> = declared.iter().map(|one| (key(one), one)).collect();
    assert_eq!(keys.len(), declared.len());
}

#[test]
fn what_is_repeated_is_idempotent_and_what_is_read_has_no_body() {
    for declared in declared() {
        let read = declared.method == Method::GET;
        assert!(declared.method != Method::POST || declared.retry != Retry::Safe, "{declared:?}");
        assert!(!read || declared.retry != Retry::Refused, "{declared:?}");
        let no_body = matches!(declared.payload, Payload::None | Payload::Query);
        assert!(no_body || !(read || declared.method == Method::DELETE), "{declared:?}");
    }
}

/// The list above against the sources, so that no declaration is left out of it.
#[test]
fn every_declaration_is_listed_here() {
    let listed: Vec<_> = declared().iter().map(key).collect();
    let mut found = 0;
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let line = line.trim().trim_start_matches("scoped_endpoint! { ");
            let Some((method, rest)) = line.split_once(" \"/") else { continue };
            if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method) {
                continue;
            }
            let path = format!("/{}", rest.split('"').next().unwrap());
            assert!(listed.contains(&(method.to_owned(), path)), "not listed: {line} of {}", file.display());
            found += 1;
        }
    }
    assert_eq!(found, listed.len());
}

/// The files of a folder, unit tests left out.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let own = entries.filter(|path| path.file_stem().is_some_and(|name| name != "tests"));
    own.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}
