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
    #[arg(value_parser = method)]
    pub(crate) method: Method,
    /// The path below the base URL, percent-encoded, with the query if there is one: /api/v1/...
    #[arg(value_parser = path)]
    pub(crate) path: String,
    /// The body, sent as JSON: text, @file, or - for stdin
    #[arg(long, value_name = "DATA")]
    pub(crate) data: Option<String>,
}

/// Servers know none in lower case.
fn method(text: &str) -> Result<Method, &'static str> {
    let text = text.to_ascii_uppercase();
    Method::from_bytes(text.as_bytes()).map_err(|_| "it must be a method, such as GET")
}

fn path(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_graphic() && !"\"#<>\\^`{|}".contains(c);
    match text.chars().find(|c| !is_plain(*c)) {
        _ if !text.starts_with('/') => Err("it must begin with a slash".to_owned()),
        Some(odd) => Err(format!("`{}` must be percent-encoded", odd.escape_debug())),
        None => Ok(text.to_owned()),
    }
}
