//! How fast the server ends when it is told to, whatever it is doing.

use std::path::Path;

use serde_json::{Value, json};

use super::super::result::{Limit, Results};
use super::http::Connection;
use super::memory::{until, upload};
use super::process::Server;
use crate::failure::{Failure, Result};

/// Something that the server may be doing when the signal comes; what has to be kept meanwhile.
struct Busy {
    name: &'static str,
    begin: fn(&mut Connection) -> Result<()>,
}

const BUSY: [Busy; 7] = [
    Busy {
        name: "a connection that is open",
        begin: |connection| connection.call("GET", "/live", "").map(drop),
    },
    Busy {
        name: "a stream",
        begin: |connection| {
            let document = json!({ "title": "Bridge", "content": "The bridge was opened in 1931." });
            connection.ask("POST", "/__dev/seed", &document)?;
            begun(
                connection,
                "POST",
                "/api/v1/query/stream",
                &json!({ "query": "When was the bridge opened?" }),
            )
        },
    },
    Busy {
        name: "a body that arrives slowly",
        begin: |connection| {
            order(connection, &json!({ "slow_body": { "bytes": 1, "pause_ms": 60_000 } }))?;
            begun(connection, "GET", "/api/v1/documents", &Value::Null)
        },
    },
    Busy {
        name: "a connection that says nothing",
        begin: |connection| {
            order(connection, &json!("silence"))?;
            connection.send("GET", "/api/v1/documents", "")?;
            let mut another = connection.another()?;
            until(&mut another, "/__dev/faults", |_, body| body[0]["hits"] == 1)
        },
    },
    Busy {
        name: "processing that hangs",
        begin: |connection| {
            order(connection, &json!({ "hang_processing": { "stage": "embedding" } }))?;
            let id = upload(connection, "Some text.")?;
            let path = format!("/api/v1/documents/{id}");
            until(connection, &path, |_, body| body["display_status"] == "embedding")
        },
    },
    Busy {
        name: "processing of a large document",
        begin: |connection| {
            let text: String = (0..900_000).map(|number| format!("w{number} ")).collect();
            upload(connection, &text).map(drop)
        },
    },
    Busy {
        name: "a request that is half there",
        begin: |connection| connection.send_part("POST", "/api/v1/documents", "{\"content\":"),
    },
];

#[cfg(unix)]
pub(super) fn measure(program: &Path, results: &mut Results) -> Result<()> {
    use rustix::process::Signal;

    for Busy { name, begin } in BUSY {
        let mut slowest = 0_f64;
        for signal in [Signal::TERM, Signal::INT] {
            let server = Server::start(program, &["--no-auth", "--token-delay", "60000"])?;
            let mut connection = server.connect()?;
            begin(&mut connection)?;
            let (status, time) = server.end(signal)?;
            if !status.success() {
                return Err(Failure::new(format!("the dev server with {name} ended with {status}")));
            }
            slowest = slowest.max(time.as_secs_f64());
        }
        results.budget(
            format!("dev server: end after a signal, with {name}"),
            slowest,
            Limit::AtMost(1.0),
            "s",
        );
    }
    Ok(())
}

/// Signals are a matter of Unix.
#[cfg(not(unix))]
pub(super) fn measure(_: &Path, _: &mut Results) -> Result<()> {
    Err(Failure::new("how fast the dev server ends can only be measured where there are signals"))
}

/// Orders a fault that hits the next request of the API.
fn order(connection: &mut Connection, effect: &Value) -> Result<()> {
    connection.ask("POST", "/__dev/faults", &json!({ "effect": effect })).map(drop)
}

/// Sends a request and reads the beginning of its answer.
fn begun(connection: &mut Connection, method: &str, path: &str, body: &Value) -> Result<()> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    connection.send(method, path, &body)?;
    match connection.head()? {
        (200, _) => connection.byte(),
        (status, _) => Err(Failure::new(format!("{method} {path} was answered with {status}"))),
    }
}
