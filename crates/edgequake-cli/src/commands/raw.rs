//! `raw`: any request, with the credential and the scope of every other command.

use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::input::Input;

/// Send any request, and print the body of the answer as it comes.
///
/// An answer that is no success is printed as well, and tells by the exit code. Only requests that
/// are harmless twice, by their method, are repeated after a failure.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Raw {
    /// The method, such as GET
    method: Method,
    /// The path below the base URL, percent-encoded, with a query if there is one: /api/v1/...
    #[arg(value_parser = path)]
    path: String,
    /// The body: text, @file, or - for stdin; it is sent as JSON
    #[arg(long, value_name = "DATA")]
    pub(crate) data: Option<String>,
}

fn path(text: &str) -> Result<String, String> {
    if text.starts_with('/') { Ok(text.to_owned()) } else { Err("it must begin with a slash".to_owned()) }
}

impl Raw {
    pub(crate) async fn run(self, cx: &mut Context, input: Input) -> Result<(), Failure> {
        let call = cx.client.request(self.method, &self.path);
        let call = match input.body {
            Some(body) => call.header(CONTENT_TYPE, "application/json").body(body),
            None => call,
        };
        let answer = call.await?;
        let status = answer.status();
        let mut body = answer.into_body();
        let mut last = b'\n';
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Failure::Other {
                text: format!("the answer was cut short: {error}"),
                source: Some(error),
                exit: Exit::Unavailable,
            })?;
            if let Some(bytes) = frame.data_ref() {
                last = bytes.last().copied().unwrap_or(last);
                cx.out.bytes(bytes)?;
                cx.out.flush()?;
            }
        }
        if cx.out.is_terminal() && last != b'\n' {
            // What the shell says next begins on a line of its own.
            cx.out.bytes(b"\n")?;
            cx.out.flush()?;
        }
        if status.is_success() {
            return Ok(());
        }
        Err(Failure::Other {
            text: format!("the server answered {status}"),
            source: None,
            exit: exit(status),
        })
    }
}

fn exit(status: StatusCode) -> Exit {
    match status.as_u16() {
        401 => Exit::Unauthorized,
        403 => Exit::Forbidden,
        404 | 410 => Exit::NotFound,
        423 | 429 => Exit::Limited,
        503 => Exit::Unavailable,
        _ => Exit::Failed,
    }
}
