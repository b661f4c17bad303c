//! What stays in memory of documents that are gone.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::MIB;
use super::super::result::{Limit, Results};
use super::http::Connection;
use super::process::Server;
use crate::failure::{Failure, Result};

/// How many documents come and go before the beginning is measured: more than any table of the server keeps.
const WARM_UP: usize = 4_000;

/// How many come and go then.
const DOCUMENTS: usize = 8_000;

/// How many words a document has, each of them new.
const WORDS: usize = 200;

pub(super) fn measure(program: &Path, results: &mut Results) -> Result<()> {
    let server = Server::start(program, &["--no-auth"])?;
    let mut connection = server.connect()?;
    come_and_go(&mut connection, 0..WARM_UP)?;
    let before = server.resident()?;
    come_and_go(&mut connection, WARM_UP..WARM_UP + DOCUMENTS)?;
    let after = server.resident()?;
    let what = format!(
        "dev server: memory after {DOCUMENTS} documents came and went, over that before ({:.1} MiB)",
        before / MIB
    );
    results.budget(what, after / before, Limit::AtMost(1.25), "x");
    Ok(())
}

/// Uploads documents and deletes each once it is processed.
fn come_and_go(connection: &mut Connection, numbers: std::ops::Range<usize>) -> Result<()> {
    // Some at once, so that there is something to give back.
    for batch in numbers.collect::<Vec<_>>().chunks(100) {
        let mut ids = Vec::new();
        for number in batch {
            let text: String = (0..WORDS).map(|word| format!("w{number}x{word} ")).collect();
            ids.push(upload(connection, &text)?);
        }
        for id in &ids {
            let path = format!("/api/v1/documents/{id}");
            until(connection, &path, |status, body| status == 200 && body["status"] == "completed")?;
        }
        for id in &ids {
            connection.ask("DELETE", &format!("/api/v1/documents/{id}"), &Value::Null)?;
        }
        for id in &ids {
            until(connection, &format!("/api/v1/documents/{id}"), |status, _| status == 404)?;
        }
    }
    Ok(())
}

/// Uploads a text; its id.
pub(super) fn upload(connection: &mut Connection, text: &str) -> Result<String> {
    let body = json!({ "title": "A document", "content": text });
    let answer = connection.ask("POST", "/api/v1/documents", &body)?;
    let id = answer["document_id"].as_str().map(str::to_owned);
    id.ok_or_else(|| Failure::new(format!("an upload was answered with {answer}")))
}

/// Asks until the answer is the one that is waited for.
pub(super) fn until(
    connection: &mut Connection,
    path: &str,
    expected: impl Fn(u16, &Value) -> bool,
) -> Result<()> {
    for _ in 0..30_000 {
        let (status, body) = connection.call("GET", path, "")?;
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if expected(status, &body) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(Failure::new(format!("GET {path} is never answered as it should be")))
}
