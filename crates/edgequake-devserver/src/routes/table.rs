//! The table of operations: what each requires of its caller, and its handler.

use edgequake_types::Auth;
use http::Method;

use super::{
    api_keys, batch, chunks, deletion, documents, files, health, ingestion, injections, jobs, lineage, pages,
    pipeline, provenance, query, recovery, scan, session, setup, tasks, tenants, upload, users, workspaces,
};
use crate::auth::permission::Permission::{Known, Query, Read, Write};
use crate::auth::scope::Binding::{Global, Workspace, WorkspaceInPath};
use crate::config::Config;
use crate::route::Route;

/// Those that the real server has and this one does not.
const UNSERVED: &str = include_str!("unserved.tsv");

/// All operations of the real server.
pub(crate) fn table() -> Vec<Route> {
    let mut table = served();
    table.extend(pdfs());
    table.extend(web_sockets());
    table.extend(unserved());
    table
}

/// With open registration, an invalid credential counts as none.
fn registration(config: &Config) -> Auth {
    if config.registration { Auth::Optional } else { Auth::Required }
}

#[rustfmt::skip]
fn served() -> Vec<Route> {
    vec![
        Route::new(health::health, Known, Global),
        Route::new(health::ready, Known, Global),
        Route::new(health::live, Known, Global),
        Route::new(session::login, Known, Global),
        Route::decoded(session::decode_refresh, session::refresh, Known, Global),
        Route::new(session::logout, Write, Global),
        Route::new(session::me, Read, Global),
        Route::new(session::oidc_login, Known, Global),
        Route::new(setup::status, Known, Global),
        Route::new(setup::initialize, Known, Global).short(),
        Route::new(users::create, Write, Global).short().auth(registration),
        Route::new(users::list, Read, Global),
        Route::new(users::get, Read, Global),
        Route::new(users::update, Write, Global).short(),
        Route::new(users::delete, Write, Global),
        Route::new(api_keys::create, Write, Global).short(),
        Route::new(api_keys::list, Read, Global),
        Route::new(api_keys::revoke, Write, Global),
        Route::new(tenants::create, Write, Global).short(),
        Route::new(tenants::list, Read, Global),
        Route::new(tenants::get, Read, Global),
        Route::new(tenants::update, Write, Global).short(),
        Route::new(tenants::delete, Write, Global),
        Route::new(workspaces::create, Write, Global).short(),
        Route::new(workspaces::list, Read, Global),
        Route::new(workspaces::by_slug, Read, Global),
        Route::new(workspaces::get, Read, WorkspaceInPath),
        Route::new(workspaces::update, Write, WorkspaceInPath).short(),
        Route::new(workspaces::delete, Write, WorkspaceInPath),
        Route::new(workspaces::stats, Read, WorkspaceInPath),
        Route::new(upload::upload_text, Write, Workspace),
        Route::form(upload::PARTS, upload::decode_file, upload::upload_file, Write, Workspace),
        Route::form(batch::PARTS, batch::decode, batch::upload, Write, Workspace),
        Route::new(scan::scan, Write, Workspace),
        Route::new(documents::list, Read, Workspace),
        Route::new(documents::search, Read, Workspace),
        Route::new(documents::get, Read, Workspace),
        Route::new(documents::metadata, Read, Workspace),
        Route::new(documents::track, Read, Workspace),
        Route::new(deletion::delete_one, Write, Workspace),
        Route::new(deletion::delete_all, Write, Workspace),
        Route::new(deletion::delete_many, Write, Workspace),
        Route::new(deletion::impact, Read, Workspace),
        Route::new(chunks::get, Read, Workspace),
        Route::new(chunks::lineage, Read, Workspace),
        Route::new(lineage::of_document, Read, Workspace),
        Route::new(lineage::export, Read, Workspace),
        Route::new(lineage::of_graph, Read, Workspace),
        Route::new(provenance::lineage, Read, Workspace),
        Route::new(provenance::provenance, Read, Workspace),
        Route::new(files::original, Read, Workspace),
        Route::new(files::markdown, Read, Workspace),
        Route::new(files::assets, Read, Workspace),
        Route::new(files::asset, Read, Workspace),
        Route::new(files::asset_by_path, Read, Workspace),
        Route::new(files::include, Write, Workspace),
        Route::new(pages::list, Read, Workspace),
        Route::new(pages::layout, Read, Workspace),
        Route::new(pages::health, Read, Workspace),
        Route::new(pages::reprocess, Write, Workspace),
        Route::new(jobs::list, Read, WorkspaceInPath),
        Route::new(jobs::create, Write, WorkspaceInPath),
        Route::new(jobs::types, Read, WorkspaceInPath),
        Route::new(jobs::get, Read, WorkspaceInPath),
        Route::new(jobs::cancel, Write, WorkspaceInPath),
        Route::new(injections::add, Write, WorkspaceInPath),
        Route::form(injections::PARTS, injections::decode, injections::upload, Write, WorkspaceInPath),
        Route::new(injections::list, Read, WorkspaceInPath),
        Route::new(injections::get, Read, WorkspaceInPath),
        Route::new(injections::update, Write, WorkspaceInPath),
        Route::new(injections::delete, Write, WorkspaceInPath),
        Route::new(tasks::list, Read, Workspace),
        Route::new(tasks::get, Read, Workspace),
        Route::new(tasks::cancel, Write, Workspace),
        Route::new(tasks::retry, Write, Workspace),
        Route::new(recovery::cancel, Write, Workspace),
        Route::new(recovery::reprocess, Write, Workspace),
        Route::new(recovery::recover, Write, Workspace),
        Route::new(recovery::reanalyze, Write, Workspace),
        Route::new(recovery::retry_chunks, Write, Workspace),
        Route::new(recovery::failed_chunks, Read, Workspace),
        Route::new(ingestion::get, Read, Workspace),
        Route::new(ingestion::list, Query, Workspace),
        Route::new(pipeline::status, Read, Workspace),
        Route::new(pipeline::activity, Read, Workspace),
        Route::new(pipeline::cancel, Write, Workspace).without_body(),
        Route::new(pipeline::queue_metrics, Read, Workspace),
        Route::new(pipeline::pricing, Read, Workspace),
        Route::new(pipeline::estimate, Query, Workspace),
        Route::new(query::ask, Query, Workspace),
        Route::new(query::ask_stream, Query, Workspace),
    ]
}

#[cfg(feature = "pdf")]
#[rustfmt::skip]
fn pdfs() -> Vec<Route> {
    use super::{parse, pdf_batch, pdf_progress, pdf_upload, pdfs};

    vec![
        Route::form(pdf_upload::PARTS, pdf_upload::decode, pdf_upload::upload, Write, Workspace),
        Route::form(pdf_batch::PARTS, pdf_batch::decode, pdf_batch::upload, Write, Workspace),
        Route::new(pdfs::list, Read, Workspace),
        Route::new(pdfs::get, Read, Workspace),
        Route::new(pdfs::delete, Write, Workspace),
        Route::new(pdfs::retry, Write, Workspace).without_body(),
        Route::new(pdfs::cancel, Write, Workspace),
        Route::new(pdfs::content, Read, Workspace),
        Route::new(pdfs::download, Read, Workspace),
        Route::new(pdf_progress::get, Read, Workspace),
        Route::new(pdf_progress::follow, Read, Workspace),
        Route::form(parse::PARTS, parse::decode, parse::parse, Write, Workspace).or_raw(parse::RAW).codes(parse::code),
        Route::new(parse::job, Read, Workspace),
        Route::new(parse::backends, Read, Workspace),
    ]
}

/// What needs the feature `pdf`: method and path.
#[cfg(not(feature = "pdf"))]
const PDFS: [(Method, &str); 14] = [
    (Method::POST, "/api/v1/documents/pdf"),
    (Method::POST, "/api/v1/documents/pdf/batch"),
    (Method::GET, "/api/v1/documents/pdf"),
    (Method::GET, "/api/v1/documents/pdf/{pdf_id}"),
    (Method::DELETE, "/api/v1/documents/pdf/{pdf_id}"),
    (Method::POST, "/api/v1/documents/pdf/{pdf_id}/retry"),
    (Method::DELETE, "/api/v1/documents/pdf/{pdf_id}/cancel"),
    (Method::GET, "/api/v1/documents/pdf/{pdf_id}/content"),
    (Method::GET, "/api/v1/documents/pdf/{pdf_id}/download"),
    (Method::GET, "/api/v1/documents/pdf/progress/{track_id}"),
    (Method::GET, "/api/v1/documents/pdf/progress/stream/{track_id}"),
    (Method::POST, "/api/v1/parse"),
    (Method::GET, "/api/v1/parse/jobs/{job_id}"),
    (Method::GET, "/api/v1/parse/backends"),
];

#[cfg(not(feature = "pdf"))]
fn pdfs() -> impl Iterator<Item = Route> {
    PDFS.into_iter().map(|(method, path)| Route::unserved(method, path, false))
}

#[cfg(feature = "websocket")]
fn web_sockets() -> [Route; 2] {
    use super::progress::{of_pipeline, of_task};

    [Route::socket("/ws/pipeline/progress", of_pipeline), Route::socket("/ws/progress/{track_id}", of_task)]
}

#[cfg(not(feature = "websocket"))]
fn web_sockets() -> [Route; 2] {
    ["/ws/pipeline/progress", "/ws/progress/{track_id}"].map(|path| Route::unserved(Method::GET, path, false))
}

fn unserved() -> impl Iterator<Item = Route> {
    UNSERVED.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        let (method, path, access) = (columns.next()?, columns.next()?, columns.next()?);
        Some(Route::unserved(method.parse::<Method>().ok()?, path, access == "public"))
    })
}

#[cfg(test)]
mod tests;
