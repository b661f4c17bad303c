//! The body of a failure that comes with 200, from a proxy or a handler that forgot its status, is never taken for an answer.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use edgequake_types::{Decode, Endpoint};
use edgequake_types::{
    chunks, documents, ingestion, injections, jobs, lineage, parse, pdf, pipeline, provenance, tasks,
    tenants, users, workspaces,
};

/// The bodies that servers, gateways and frameworks make of a failure.
const FAILURES: [&str; 4] = [
    r#"{"error":"x"}"#,
    r#"{"code":"INTERNAL_ERROR","details":null}"#,
    r#"{"detail":"x"}"#,
    r#"{"type":"about:blank","title":"x","instance":"/x"}"#,
];

fn check<E: Endpoint>()
where
    E::Response: Decode,
{
    for body in FAILURES {
        assert!(E::Response::from_body(body).is_err(), "{}: {body}", E::NAME);
    }
    for body in ["<html>", "\"x\"", "5", "[5]"] {
        assert!(E::Response::from_body(body).is_err(), "{}: {body}", E::NAME);
    }
}

macro_rules! check {
    ($($group:ident: $($request:ident),+;)+) => {
        $($(check::<$group::$request>();)+)+
    };
}

#[test]
fn a_failure_is_no_answer() {
    check! {
        documents:
            UploadText, UploadFile, ListDocuments, GetDocument, GetTrack, DeleteDocument, DeleteAllDocuments,
            UploadFiles, ScanDirectory, DeleteDocuments, GetDeletionImpact, SearchDocuments, ReprocessDocuments,
            RecoverStuckDocuments, ReanalyzeDocument, RetryChunks, GetFailedChunks, ListAssets, IncludePdfAssets,
            ListPages, GetPageLayout;
        pdf: UploadPdf, UploadPdfs, ListPdfs, GetPdf, RetryPdf, CancelPdf, GetPdfContent, GetPdfProgress;
        tasks: ListTasks, GetTask, CancelTask, RetryTask;
        pipeline: GetPipelineStatus, GetPipelineActivity, CancelPipeline, GetQueueMetrics, GetModelPricing, EstimateCost;
        ingestion: GetIngestionProgress, ListIngestionProgress;
        provenance: GetEntityProvenance;
        chunks: GetChunk, GetChunkLineage;
        lineage: GetGraphLineage, GetEntityLineage;
        injections: AddInjection, UploadInjection, ListInjections, GetInjection, UpdateInjection, DeleteInjection;
        parse: ParsePdf, GetParseJob, GetParseBackends;
        jobs: ListJobs, CreateJob, GetJobCatalog, GetJob, CancelJob;
        users: ListUsers;
        tenants: ListTenants;
        workspaces: ListWorkspaces;
    }
}
