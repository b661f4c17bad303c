//! `raw`: any request, with the credential and the scope of every other command.

use edgequake_client::ErrorKind;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;

use crate::args::Raw;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::input::Input;

pub(super) async fn run(cx: &mut Context, raw: Raw, input: Input) -> Result<(), Failure> {
    let call = cx.client.request(raw.method, &raw.path);
    let call = match input.body {
        Some(body) => call.header(CONTENT_TYPE, "application/json").body(body),
        None => call,
    };
    let answer = call.await.map_err(|error| match error.kind() {
        // All of it was given as arguments.
        ErrorKind::Request => Failure::usage(Failure::from(error).line()),
        _ => error.into(),
    })?;
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
        // The shell's next prompt begins on a line of its own.
        cx.out.bytes(b"\n")?;
        cx.out.flush()?;
    }
    if status.is_success() {
        return Ok(());
    }
    Err(Failure::Other { text: format!("the server answered {status}"), source: None, exit: exit(status) })
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
