//! PDF files as Markdown, at once and as jobs.

use std::time::Duration;

use edgequake_types::documents::ListDocuments;
use edgequake_types::parse::{GetParseBackends, GetParseJob, ParseAnswer, ParseJob, ParsePdf, ParseStatus};
use http::Method;

use crate::documents::default_workspace;
use crate::pdf_file::PdfFile;
use crate::support::{Answer, Api, READER, Transcript, redact, with_users};

/// A file of so many pages, each with its number.
fn pages(count: usize) -> Vec<u8> {
    let lines: Vec<String> = (1..=count).map(|number| format!("Page {number}")).collect();
    let lines: Vec<[&str; 1]> = lines.iter().map(|line| [line.as_str()]).collect();
    PdfFile::of_lines(&lines.iter().map(|line| &line[..]).collect::<Vec<_>>()).bytes()
}

fn parse(count: usize) -> ParsePdf {
    ParsePdf::from_bytes("pages.pdf", pages(count))
}

/// Waits for the end of a job.
async fn ended(api: &Api, answer: Answer) -> ParseJob {
    assert_eq!(answer.status, 202);
    let ParseAnswer::Accepted(job) = answer.model::<ParsePdf>() else { panic!("no job") };
    for _ in 0..10_000 {
        let job = api.ok(&GetParseJob::new(&job.job_id)).await;
        if job.status.is_terminal() {
            return job;
        }
    }
    panic!("the job never ends");
}

#[tokio::test]
async fn full_responses() {
    let (_server, api) = default_workspace(with_users()).await;
    let mut transcript = Transcript::default();
    transcript.note("backends", &api.send(&GetParseBackends::new()).await);
    transcript.note("at once", &api.send(&parse(2).include_page_timings(true)).await);
    let accepted = api.send(&parse(1).run_async(true)).await;
    transcript.note("as a job", &accepted);
    let job = ended(&api, accepted).await;
    transcript.note("the job", &api.send(&GetParseJob::new(&job.job_id)).await);
    transcript.note("unknown job", &api.send(&GetParseJob::new("x")).await);
    transcript.note(
        "no text layer",
        &api.send(&ParsePdf::from_bytes("a.pdf", PdfFile::of_contents(&[""]).bytes())).await,
    );
    let (_redacted, mut settings) = (redact(), insta::Settings::clone_current());
    settings.add_filter(r#""(total_ms|ms|pages_per_second)":[0-9.e+-]+"#, r#""$1":0"#);
    settings.bind(|| insta::assert_snapshot!("parse", transcript));
}

#[tokio::test]
async fn a_file_is_parsed_at_once_and_kept_nowhere() {
    let (_server, api) = default_workspace(with_users()).await;
    let answer = api.send(&parse(3)).await;
    let ParseAnswer::Parsed(result) = answer.model::<ParsePdf>() else { panic!("a job") };
    assert_eq!((result.markdown.as_str(), result.page_count), ("Page 1\n\nPage 2\n\nPage 3", 3));
    assert_eq!(result.request_id.as_deref(), Some(answer.header("x-request-id")));
    assert_eq!(api.ok(&ListDocuments::new()).await.total, 0);

    // As a body of its own, with its options in the query.
    let raw = async |query: &str| {
        let path = format!("/api/v1/parse{query}");
        api.raw(Method::POST, &path, "application/pdf", pages(3)).await
    };
    let answer = raw("?pages=2-3&include_page_timings=true&dpi=72&backend=vision&allow_fallback=true").await;
    let ParseAnswer::Parsed(result) = answer.model::<ParsePdf>() else { panic!("a job") };
    assert_eq!((result.markdown.as_str(), result.page_count), ("Page 2\n\nPage 3", 3));
    let timed: Vec<(u64, u64)> =
        result.page_timings.unwrap().iter().map(|page| (page.page, page.chars)).collect();
    assert_eq!(timed, [(2, 6), (3, 6)]);
    assert_eq!(
        (result.backend.as_deref(), result.backend_effective.as_deref()),
        (Some("vision"), Some("edgeparse"))
    );
    assert!(result.fallback_applied);
    assert_eq!(raw("?async=true").await.status, 202);
    assert_eq!(raw("?async=yes").await.cause(), "400 PARSE.INVALID_REQUEST");
    assert_eq!(raw("?dpi=many").await.cause(), "400 PARSE.INVALID_REQUEST");
}

#[tokio::test]
async fn a_job_is_made_by_order_and_for_many_pages() {
    let (server, api) = default_workspace(with_users()).await;
    let by_option = api.send(&parse(1).run_async(true)).await;
    let by_header = api.with("prefer", "wait=5, respond-async").send(&parse(1)).await;
    let by_pages = api.send(&parse(16)).await;
    for (answer, pages) in [(by_option, 1), (by_header, 1), (by_pages, 16)] {
        let request_id = answer.header("x-request-id").to_owned();
        let job = ended(&api, answer).await;
        assert_eq!((job.status, job.result.unwrap().page_count), (ParseStatus::Completed, pages));
        assert_eq!(job.request_id, Some(request_id));
    }
    assert_eq!(api.send(&parse(15)).await.status, 200);
    let failed = ended(&api, api.send(&ParsePdf::from_bytes("a.pdf", "%PDF-").run_async(true)).await).await;
    assert_eq!(failed.status, ParseStatus::Failed);
    assert_eq!(failed.error.unwrap().code.as_deref(), Some("parse.document_unreadable"));
    // They are remembered for an hour.
    let (kept, hour) =
        (ended(&api, api.send(&parse(1).run_async(true)).await).await, Duration::from_secs(3600));
    server.clock().advance(hour);
    assert_eq!(api.send(&GetParseJob::new(&kept.job_id)).await.cause(), "404 PARSE.JOB_NOT_FOUND");
}

#[tokio::test]
async fn what_is_refused() {
    let tenant = edgequake_types::TenantId::server_default();
    let other = edgequake_types::WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
    let server = with_users().master_key("master").workspace(tenant, other.clone()).start().await.unwrap();
    let api = Api::new(&server).bearer("master").in_default();
    for (request, cause) in [
        (parse(1).dpi(71), "400 PARSE.INVALID_REQUEST"),
        (parse(1).dpi(401), "400 PARSE.INVALID_REQUEST"),
        (parse(1).concurrency(0), "400 PARSE.INVALID_REQUEST"),
        (parse(1).concurrency(17), "400 PARSE.INVALID_REQUEST"),
        (parse(1).pages("3-1"), "400 PARSE.INVALID_REQUEST"),
        (parse(1).pages("2"), "400 PARSE.INVALID_REQUEST"),
        (parse(1).backend("guess"), "400 PARSE.INVALID_REQUEST"),
        (parse(1).backend("vision"), "502 PARSE.BACKEND_UNAVAILABLE"),
        (parse(1).backend("edgeparse-ocr").allow_fallback(false), "502 PARSE.BACKEND_UNAVAILABLE"),
        (ParsePdf::from_bytes("a.pdf", "text"), "422 PARSE.DOCUMENT_UNREADABLE"),
        (ParsePdf::from_bytes("a.pdf", ""), "422 PARSE.DOCUMENT_UNREADABLE"),
        (ParsePdf::from_bytes("a.pdf", pages(1001)), "413 PARSE.TOO_LARGE"),
        (ParsePdf::from_bytes("a.pdf", vec![b' '; 50 * 1024 * 1024]), "413 PARSE.TOO_LARGE"),
    ] {
        assert_eq!(api.send(&request).await.cause(), cause, "{:?}", request.options);
    }
    let form = "multipart/form-data; boundary=b";
    let options = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n\
                   --b\r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n{\r\n--b--";
    for (content_type, body, cause) in [
        ("text/plain", "x", "415 PARSE.UNSUPPORTED_MEDIA_TYPE"),
        ("", "", "415 PARSE.UNSUPPORTED_MEDIA_TYPE"),
        (form, "x", "400 PARSE.INVALID_REQUEST"),
        (form, "--b--", "400 PARSE.INVALID_REQUEST"),
        (form, options, "400 PARSE.INVALID_REQUEST"),
    ] {
        let answer = api.raw(Method::POST, "/api/v1/parse", content_type, body).await;
        assert_eq!(answer.cause(), cause, "{content_type} {body}");
    }
    // A job belongs to its workspace.
    let job = ended(&api, api.send(&parse(1).run_async(true)).await).await;
    let elsewhere = api.with("x-workspace-id", other.as_str());
    assert_eq!(elsewhere.send(&GetParseJob::new(&job.job_id)).await.cause(), "404 PARSE.JOB_NOT_FOUND");
    let reader = Api::new(&server).logged_in(READER).await.in_default();
    assert_eq!(reader.send(&parse(1)).await.cause(), "403 FORBIDDEN readonly_role");
    assert_eq!(reader.send(&GetParseJob::new(&job.job_id)).await.status, 200);
    assert_eq!(Api::new(&server).send(&parse(1)).await.status, 401);
}
