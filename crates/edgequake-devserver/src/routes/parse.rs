//! PDF files as Markdown, without storing them: at once, or as a job.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use edgequake_types::multipart::Form;
use edgequake_types::parse::{
    GetParseBackends, GetParseJob, PageTiming, ParseAnswer, ParseBackend, ParseBackends, ParseError,
    ParseJob, ParseLimits, ParseMetrics, ParseOptions, ParsePdf, ParseResult, ParseStatus,
};
use edgequake_types::{Multipart, ParseJobId};
use http::StatusCode;
use http::request::Parts;
use serde_json::{Map, Value};
use tokio::time::Instant;
use uuid::Uuid;

use super::page_ranges::PageRanges;
use super::upload::in_memory;
use crate::body::FORM_LIMIT;
use crate::error::{Refusal, undecodable};
use crate::pdf::{Job, MAX_PAGES, PdfText, Unreadable};
use crate::reply::Reply;
use crate::route::Call;
use crate::stop::{Stop, StopOnDrop};

/// What is answered at once.
const SYNC_PAGES: u64 = 15;
const SYNC_BYTES: usize = 20 * 1024 * 1024;

/// The bounds of options that change nothing here.
const DPI: std::ops::RangeInclusive<u64> = 72..=400;
const CONCURRENCY: std::ops::RangeInclusive<u64> = 1..=16;

/// What reads the text layer, and what real servers have besides.
const BACKEND: &str = "edgeparse";
const OTHERS: [&str; 2] = ["vision", "edgeparse-ocr"];

pub(super) const PARTS: &[&str] = &["file", "options"];

/// The media type of a file that comes without a form; its options are in the query then.
pub(super) const RAW: &str = "application/pdf";

/// The code of what is refused before it is parsed.
pub(super) fn code(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Some("parse.invalid_request"),
        StatusCode::PAYLOAD_TOO_LARGE => Some("parse.too_large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Some("parse.unsupported_media_type"),
        _ => None,
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::coded(StatusCode::BAD_REQUEST, "parse.invalid_request", message)
}

pub(super) fn decode(parts: &Parts, form: Form) -> Result<ParsePdf, Refusal> {
    let mut request = ParsePdf::from_form(form, &[]).map_err(|error| undecodable(&error, false))?;
    match parts.uri.query() {
        Some(query) if request.options == ParseOptions::new() => {
            let options = serde_json::from_value(of_query(query));
            let options = options.map_err(|error| invalid(format!("The options in the query: {error}")))?;
            request.options = options;
            Ok(request)
        }
        _ => Ok(request),
    }
}

/// Options as they are in a query. The words `true` and `false` are none but themselves.
fn of_query(query: &str) -> Value {
    let read = |name: &str, text: &str| match (name, text) {
        ("emit_assets" | "allow_fallback" | "include_page_timings" | "async", "true") => Value::Bool(true),
        ("emit_assets" | "allow_fallback" | "include_page_timings" | "async", "false") => Value::Bool(false),
        _ => Value::from(text),
    };
    let pairs = form_urlencoded::parse(query.as_bytes());
    Value::Object(pairs.map(|(name, text)| (name.to_string(), read(&name, &text))).collect::<Map<_, _>>())
}

/// What a file is parsed with.
#[derive(Clone)]
struct Plan {
    backend: String,
    is_fallback: bool,
    pages: Option<PageRanges>,
    has_timings: bool,
    warnings: Vec<String>,
    request_id: String,
}

impl Plan {
    /// # Errors
    ///
    /// 400 for an option that makes no sense, 502 for a backend that is not here.
    fn new(options: &ParseOptions, request_id: String) -> Result<Self, Refusal> {
        if options.dpi.is_some_and(|dpi| !DPI.contains(&dpi)) {
            return Err(invalid(format!("dpi must be from {} to {}", DPI.start(), DPI.end())));
        }
        if options.concurrency.is_some_and(|concurrency| !CONCURRENCY.contains(&concurrency)) {
            let (least, most) = (CONCURRENCY.start(), CONCURRENCY.end());
            return Err(invalid(format!("concurrency must be from {least} to {most}")));
        }
        let backend = options.backend.clone().unwrap_or_else(|| BACKEND.to_owned());
        let is_fallback = OTHERS.contains(&backend.as_str());
        if backend != BACKEND && !is_fallback {
            return Err(invalid(format!("backend must be one of {BACKEND}, {}", OTHERS.join(", "))));
        }
        if is_fallback && options.allow_fallback != Some(true) {
            let message =
                format!("The backend {backend} is not available here; use {BACKEND}, or allow_fallback");
            return Err(Refusal::coded(StatusCode::BAD_GATEWAY, "parse.backend_unavailable", message));
        }
        let pages = options.pages.as_deref().map(str::parse::<PageRanges>).transpose();
        let pages = pages.map_err(|error| invalid(error.to_string()))?;
        let mut warnings = Vec::new();
        if options.emit_assets == Some(true) {
            warnings.push("This server takes no pictures out of files".to_owned());
        }
        let has_timings = options.include_page_timings == Some(true);
        Ok(Self { backend, is_fallback, pages, has_timings, warnings, request_id })
    }

    fn result(self, text: &PdfText, times: &[f64], total_ms: f64) -> Result<ParseResult, Unparsed> {
        let count = text.pages.len() as u64;
        let selected = |number: u64| self.pages.as_ref().is_none_or(|pages| pages.contains(number));
        let pages: Vec<_> = text.pages.iter().zip(1..).filter(|(_, number)| selected(*number)).collect();
        if pages.is_empty() {
            return Err(Unparsed::NoSuchPage { count });
        }
        let texts = pages.iter().map(|(page, _)| page.text.trim()).filter(|text| !text.is_empty());
        let mut result = ParseResult::new(texts.collect::<Vec<_>>().join("\n\n"), Some(self.request_id));
        result.backend = Some(self.backend);
        result.backend_effective = Some(BACKEND.to_owned());
        result.fallback_applied = self.is_fallback;
        result.page_count = count;
        result.warnings = self.warnings;
        result.page_timings = self.has_timings.then(|| {
            let timing = |(page, number): &(&crate::pdf::PdfPage, u64)| {
                let mut timing = PageTiming::default();
                timing.page = *number;
                let at = usize::try_from(number - 1).unwrap_or(usize::MAX);
                timing.ms = times.get(at).copied().unwrap_or_default();
                timing.chars = page.text.chars().count() as u64;
                timing
            };
            pages.iter().map(timing).collect()
        });
        let mut metrics = ParseMetrics::default();
        // Whole milliseconds, as real servers have them.
        metrics.total_ms = total_ms.round();
        metrics.pages_per_second = (total_ms > 0.0).then(|| count as f64 * 1000.0 / total_ms);
        result.metrics = Some(metrics);
        Ok(result)
    }
}

/// Why there is no Markdown.
#[derive(Debug, thiserror::Error)]
enum Unparsed {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("pages selects none of the {count} pages")]
    NoSuchPage { count: u64 },
}

impl Unparsed {
    fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoSuchPage { .. } => (StatusCode::BAD_REQUEST, "parse.invalid_request"),
            Self::Unreadable(Unreadable::Pages { .. } | Unreadable::Text) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "parse.too_large")
            }
            Self::Unreadable(Unreadable::Time | Unreadable::Stopped) => {
                (StatusCode::GATEWAY_TIMEOUT, "parse.timeout")
            }
            Self::Unreadable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "parse.document_unreadable"),
        }
    }
}

impl From<Unparsed> for Refusal {
    fn from(error: Unparsed) -> Self {
        let (status, code) = error.status();
        Self::coded(status, code, error.to_string())
    }
}

async fn read(
    readers: &crate::pdf::Readers,
    bytes: Bytes,
    max_pages: u64,
    plan: Plan,
    stop: Stop,
) -> Result<ParseResult, Unparsed> {
    let started = Instant::now();
    let times = Arc::new(Mutex::new((started, Vec::new())));
    let on_page = {
        let times = Arc::clone(&times);
        Arc::new(move |_, _| {
            let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
            let last = std::mem::replace(&mut times.0, Instant::now());
            let took = times.0.saturating_duration_since(last).as_secs_f64() * 1000.0;
            times.1.push(took);
        })
    };
    let text = readers.read(Job { bytes, max_pages, stop, on_page }).await?;
    let times = std::mem::take(&mut times.lock().unwrap_or_else(PoisonError::into_inner).1);
    plan.result(&text, &times, started.elapsed().as_secs_f64() * 1000.0)
}

pub(super) async fn parse(call: Call, request: ParsePdf) -> Result<Reply<ParseAnswer>, Refusal> {
    let ParsePdf { content, options, .. } = request;
    let bytes = in_memory(content);
    let plan = Plan::new(&options, call.request_id.clone())?;
    let prefers = call.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let prefers = prefers.flat_map(|value| value.split(','));
    let mut prefers = prefers.map(|word| word.split(';').next().unwrap_or_default().trim());
    let is_job = options.run_async == Some(true)
        || prefers.any(|word| word.eq_ignore_ascii_case("respond-async"))
        || bytes.len() > SYNC_BYTES;
    if !is_job {
        let stop = Stop::default();
        // Nobody reads for a client that has left.
        let _guard = StopOnDrop(stop.clone());
        match read(&call.app.readers, bytes.clone(), SYNC_PAGES, plan.clone(), stop).await {
            Ok(result) => return Ok(Reply::new(ParseAnswer::Parsed(Box::new(result)))),
            Err(Unparsed::Unreadable(Unreadable::Pages { pages, .. })) if pages <= MAX_PAGES => {}
            // As a job it could have that many.
            Err(Unparsed::Unreadable(Unreadable::Pages { pages, .. })) => {
                return Err(Unparsed::from(Unreadable::Pages { pages, limit: MAX_PAGES }).into());
            }
            Err(error) => return Err(error.into()),
        }
    }
    let place = call.workspace(invalid)?;
    let id = ParseJobId::new(Uuid::new_v4().to_string());
    let mut job = ParseJob::new(id.clone(), ParseStatus::Accepted);
    job.request_id = Some(call.request_id.clone());
    let stop = Stop::default();
    if !call.app.parse_jobs.insert(&place, job.clone(), (bytes.len(), stop.clone()), call.now) {
        let message = "The server has no room for another file: delete documents, or wait for an hour until results are forgotten";
        return Err(Refusal::coded(StatusCode::PAYLOAD_TOO_LARGE, "parse.too_large", message));
    }
    let (weak, readers) = (Arc::downgrade(&call.app), call.app.readers.clone());
    call.app.spawn(async move {
        if let Some(app) = weak.upgrade() {
            app.parse_jobs.begin(&id);
        }
        let outcome = read(&readers, bytes, MAX_PAGES, plan, stop).await;
        let outcome = outcome.map_err(|error| {
            let mut told = ParseError::default();
            told.code = Some(error.status().1.to_owned());
            told.message = Some(error.to_string());
            told
        });
        if let Some(app) = weak.upgrade() {
            app.parse_jobs.finish(&id, outcome);
        }
    });
    Ok(Reply::new(ParseAnswer::Accepted(Box::new(job))))
}

pub(super) async fn job(call: Call, request: GetParseJob) -> Result<Reply<ParseJob>, Refusal> {
    let unknown = || {
        let message = format!("Not found: parse job {}", request.job_id);
        Refusal::coded(StatusCode::NOT_FOUND, "parse.job_not_found", message)
    };
    let place = call.scope.place().ok_or_else(unknown)?;
    call.app.parse_jobs.get(place, &request.job_id, call.now).map(Reply::new).ok_or_else(unknown)
}

pub(super) async fn backends(_: Call, _: GetParseBackends) -> Result<Reply<ParseBackends>, Refusal> {
    let known = std::iter::once((BACKEND, true)).chain(OTHERS.map(|name| (name, false)));
    let known = known.map(|(name, is_available)| ParseBackend::new(name, is_available));
    let mut backends = ParseBackends::new(BACKEND, known.collect::<Vec<_>>());
    let mut limits = ParseLimits::default();
    limits.sync_max_pages = Some(SYNC_PAGES);
    limits.sync_max_bytes = Some(SYNC_BYTES as u64);
    limits.async_max_pages = Some(MAX_PAGES);
    limits.async_max_bytes = Some(FORM_LIMIT as u64);
    (limits.dpi_min, limits.dpi_max) = (Some(*DPI.start()), Some(*DPI.end()));
    limits.max_concurrency = Some(*CONCURRENCY.end());
    backends.limits = limits;
    Ok(Reply::new(backends))
}
