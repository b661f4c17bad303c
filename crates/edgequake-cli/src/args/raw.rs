//! The arguments of `raw`.

use http::Method;

/// Send any request and print the body of the answer unchanged.
///
/// The body of an error is printed as well, and the exit code tells the error. Only requests with
/// idempotent methods are repeated after a failure.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Raw {
    /// The method, such as GET
    pub(crate) method: Method,
    /// The path below the base URL, percent-encoded, with the query if there is one: /api/v1/...
    #[arg(value_parser = path)]
    pub(crate) path: String,
    /// The body, sent as JSON: text, @file, or - for stdin
    #[arg(long, value_name = "DATA")]
    pub(crate) data: Option<String>,
}

fn path(text: &str) -> Result<String, String> {
    if text.starts_with('/') { Ok(text.to_owned()) } else { Err("it must begin with a slash".to_owned()) }
}
