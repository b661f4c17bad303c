//! PDFs as Markdown, without storing anything (`/api/v1/parse/...`); newer servers only.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::parse::{ParseAnswer, ParsePdf};
//!
//! let parse = ParsePdf::from_bytes("bridge.pdf", "%PDF-1.7").backend("edgeparse").pages("1-3");
//! assert_eq!(parse.to_request()?.uri(), "/api/v1/parse");
//!
//! let answer = ParseAnswer::from_body(r##"{"markdown":"# Bridge","page_count":3,"request_id":"r-1"}"##)?;
//! assert_eq!(answer.result().unwrap().markdown, "# Bridge");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod form;
mod words;

pub use self::{answer::*, words::*};

use crate::multipart::Content;
use crate::prelude::*;

operations! { "parse": ParsePdf, GetParseJob, GetParseBackends }

/// Makes Markdown of a PDF, at once or as a job.
///
/// A file above the server's limits for an answer at once (see [`GetParseBackends`]) becomes a job in any case. Errors: 400
/// `parse.invalid_request`; 413 `parse.too_large`; 415 `parse.unsupported_media_type`; 422 `parse.document_unreadable`; 502
/// `parse.backend_unavailable`; 504 `parse.timeout`.
#[operation(POST "/api/v1/parse" -> ParseAnswer, Required, Refused, Multipart, new(file_name, content))]
pub struct ParsePdf {
    /// The name of the file. Only its last component is sent.
    pub file_name: String,
    /// What is in it.
    pub content: Content,
    /// How it is done.
    #[field(flatten)]
    pub options: ParseOptions,
}

/// How a PDF is parsed. What is `None` is the server's choice.
#[model(new(), also(ParsePdf.options))]
pub struct ParseOptions {
    /// What reads the pages: `vision`, `edgeparse`, on some servers `edgeparse-ocr`; an open set.
    pub backend: Option<String>,
    /// The provider of the model that looks at the pages.
    pub provider: Option<String>,
    /// That model.
    pub model: Option<String>,
    /// At how many dots per inch pages are rendered, 72 to 400.
    pub dpi: Option<u64>,
    /// How many pages are read at once, 1 to 16.
    pub concurrency: Option<u64>,
    /// The pages, such as `1-3,9`. By default all.
    pub pages: Option<String>,
    /// How tables are found.
    pub table_method: Option<String>,
    /// Whether pictures are given as well.
    pub emit_assets: Option<bool>,
    /// Whether another backend may be taken if this one is not available.
    pub allow_fallback: Option<bool>,
    /// Whether the answer tells how long each page took.
    pub include_page_timings: Option<bool>,
    /// Whether it becomes a job. Default false.
    #[field(rename = "async")]
    pub run_async: Option<bool>,
}

/// Markdown made of a PDF.
#[model(new(markdown, request_id))]
pub struct ParseResult {
    /// The text.
    pub markdown: String,
    /// What was asked to read the pages.
    pub backend: Option<String>,
    /// What read them.
    pub backend_effective: Option<String>,
    /// Whether that was another one.
    pub fallback_applied: bool,
    /// How many pages there are.
    pub page_count: u64,
    /// How long each page took, where that was asked for.
    pub page_timings: Option<Vec<PageTiming>>,
    /// How long it took and what it used.
    pub metrics: Option<ParseMetrics>,
    /// Problems that did not make it fail.
    #[field(omit_default)]
    pub warnings: Vec<String>,
    /// The id of the request, for the server's log.
    pub request_id: Option<String>,
}

/// How long a page took.
#[model(default)]
pub struct PageTiming {
    /// Its number, from 1.
    pub page: u64,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// How many characters it has.
    pub chars: u64,
}

/// How long a PDF took and what it used.
#[model(default)]
pub struct ParseMetrics {
    /// All of it, in milliseconds.
    pub total_ms: f64,
    /// Rendering, in milliseconds.
    pub render_ms: Option<f64>,
    /// Reading, in milliseconds.
    pub ocr_ms: Option<f64>,
    /// Putting the pages together, in milliseconds.
    pub assemble_ms: Option<f64>,
    /// How fast it was.
    pub pages_per_second: Option<f64>,
    /// Tokens sent to the model.
    pub prompt_tokens: Option<u64>,
    /// Tokens that the model wrote.
    pub completion_tokens: Option<u64>,
    /// What that cost, in US dollars.
    pub estimated_cost_usd: Option<f64>,
}

/// Reads a parse job. The server forgets jobs after an hour or so, and when it restarts.
///
/// Errors: 404 `parse.job_not_found`.
#[operation(GET "/api/v1/parse/jobs/{job_id}" -> ParseJob, Required, Safe, None, new(job_id), eq)]
pub struct GetParseJob {
    /// The job, from the answer to [`ParsePdf`].
    pub job_id: ParseJobId,
}

/// A parse job.
#[model(answer, new(job_id, status))]
pub struct ParseJob {
    /// Its id.
    pub job_id: ParseJobId,
    /// How far it has come.
    pub status: ParseStatus,
    /// The result of one that is completed.
    pub result: Option<ParseResult>,
    /// Why it failed.
    pub error: Option<ParseError>,
    /// The id of the request, for the server's log.
    pub request_id: Option<String>,
}

/// Why a parse job failed.
#[model(default, eq)]
pub struct ParseError {
    /// A code, such as `parse.timeout`; an open set.
    pub code: Option<String>,
    /// What went wrong.
    pub message: Option<String>,
}

/// Lists what can read PDFs, and the limits.
#[operation(GET "/api/v1/parse/backends" -> ParseBackends, Required, Safe, None, new(), eq)]
pub struct GetParseBackends {}

/// The answer to [`GetParseBackends`].
#[model(answer, new(default_backend, backends), eq)]
pub struct ParseBackends {
    /// The one that is taken by default.
    pub default_backend: String,
    /// All of them.
    pub backends: Vec<ParseBackend>,
    /// The limits.
    #[field(default)]
    pub limits: ParseLimits,
}

/// Something that can read PDFs.
#[model(new(name, available), eq)]
pub struct ParseBackend {
    /// Its name.
    pub name: String,
    /// Whether it works.
    pub available: bool,
    /// The providers of models that it can use.
    pub providers: Option<Vec<ParseProvider>>,
}

/// A provider of models that look at pages.
#[model(new(name, available), eq)]
pub struct ParseProvider {
    /// Its name.
    pub name: String,
    /// Whether it works.
    pub available: bool,
    /// Its models.
    pub models: Option<Vec<String>>,
}

/// The limits of parsing.
#[model(default, eq)]
#[derive(Copy)]
pub struct ParseLimits {
    /// How many pages are parsed at once at most.
    pub sync_max_pages: Option<u64>,
    /// How many bytes are parsed at once at most.
    pub sync_max_bytes: Option<u64>,
    /// How many pages a job may have.
    pub async_max_pages: Option<u64>,
    /// How many bytes a job may have.
    pub async_max_bytes: Option<u64>,
    /// The smallest resolution, in dots per inch.
    pub dpi_min: Option<u64>,
    /// The largest.
    pub dpi_max: Option<u64>,
    /// How many pages are read at once at most.
    pub max_concurrency: Option<u64>,
}

#[cfg(test)]
mod tests;
