//! How the cost of an operation grows with the documents of its workspace, and with those of others.
//!
//! What is counted is the processor time of the server, which other work on the machine changes little.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::result::{Limit, Results};
use super::http::Connection;
use super::memory::{until, upload};
use super::process::Server;
use crate::failure::{Failure, Result};

const FEW: usize = 1_000;
const MANY: usize = 10_000;

/// How many other workspaces are filled, and with how many documents each.
const OTHERS: usize = 2;

/// How much processor time an operation is repeated for, and how often that is done. The cheapest counts, since other work
/// on the machine only adds.
const ENOUGH: Duration = Duration::from_millis(200);
const REPEATS: usize = 4;

/// How many documents come and go at once.
const BATCH: usize = 100;

/// How an operation's cost may grow.
#[derive(Clone, Copy)]
enum Growth {
    /// It does not depend on how much there is. What is allowed for is the error of the measurement.
    None,
    /// It looks at everything that fits, once.
    Linear,
}

/// An operation: what it is, how it may grow with its workspace, and one round of it with the number of operations in it.
struct Operation {
    name: &'static str,
    growth: Growth,
    round: fn(&mut Connection, usize) -> Result<usize>,
}

static OPERATIONS: [Operation; 6] = [
    Operation {
        name: "listing a page",
        growth: Growth::None,
        round: |connection, _| get(connection, "/api/v1/documents?page_size=20"),
    },
    Operation {
        name: "listing the documents in a state",
        growth: Growth::None,
        round: |connection, _| get(connection, "/api/v1/documents?page_size=20&status=completed"),
    },
    Operation {
        name: "a query that few documents match",
        growth: Growth::None,
        round: |connection, _| query(connection, "Where is p77x?"),
    },
    Operation {
        name: "a query that all documents match",
        growth: Growth::Linear,
        round: |connection, _| query(connection, "Which bridge is that?"),
    },
    Operation { name: "uploading and deleting", growth: Growth::None, round: upload_and_delete },
    Operation {
        name: "statistics of the workspace",
        growth: Growth::None,
        round: |connection, _| {
            get(connection, "/api/v1/workspaces/00000000-0000-0000-0000-000000000003/stats")
        },
    },
];

pub(super) fn measure(program: &Path, results: &mut Results) -> Result<()> {
    let mut few = Filled::start(program, FEW, 0)?;
    let mut many = Filled::start(program, MANY, 0)?;
    let mut crowded = Filled::start(program, MANY, OTHERS)?;
    wipe(&many.server, &mut many.connection, results)?;
    for operation in &OPERATIONS {
        let mut costs = [f64::MAX; 3];
        // In turn, so that what else the machine does meets all of them.
        for _ in 0..REPEATS {
            for (filled, least) in [&mut few, &mut many, &mut crowded].into_iter().zip(&mut costs) {
                *least = least.min(filled.cost(operation)?);
            }
        }
        let ([few, many, crowded], name) = (costs, operation.name);
        // Sorting what matches adds a logarithm, and what no cache holds costs more; the square would be a hundred.
        let limit = match operation.growth {
            Growth::None => 3.0,
            Growth::Linear => MANY as f64 / FEW as f64 * 2.0,
        };
        let what = format!("dev server: {name}, {MANY} documents ({:.0} us) over {FEW}", many * 1e6);
        results.budget(what, many / few, Limit::AtMost(limit), "x");
        let what = format!("dev server: {name}, other workspaces full, over empty");
        results.budget(what, crowded / many, Limit::AtMost(1.5), "x");
    }
    Ok(())
}

/// A server with documents in its default workspace, and in others.
struct Filled {
    server: Server,
    connection: Connection,
    rounds: usize,
}

impl Filled {
    fn start(program: &Path, documents: usize, others: usize) -> Result<Self> {
        let server = Server::start(program, &["--no-auth"])?;
        let mut connection = server.connect()?;
        seed(&mut connection, 0..documents, None)?;
        for number in 0..others {
            let other = new_workspace(&mut connection, number)?;
            seed(&mut connection, 0..MANY, Some(&other))?;
        }
        Ok(Self { server, connection, rounds: 0 })
    }

    /// What an operation costs, in seconds of processor time.
    fn cost(&mut self, operation: &Operation) -> Result<f64> {
        let before = self.server.processor_time()?;
        let (mut used, mut times) = (Duration::ZERO, 0);
        while used < ENOUGH {
            self.rounds += 1;
            times += (operation.round)(&mut self.connection, self.rounds)?;
            // Asking the system each time would cost more than a round.
            if self.rounds.is_multiple_of(16) || times >= BATCH {
                used = self.server.processor_time()?.saturating_sub(before);
            }
        }
        Ok(used.as_secs_f64() / times as f64)
    }
}

/// Deletes all documents of one workspace, and as many of ten.
fn wipe(server: &Server, connection: &mut Connection, results: &mut Results) -> Result<()> {
    let mut costs = Vec::new();
    let mut number = OTHERS;
    for size in [FEW, MANY] {
        let mut used = Duration::ZERO;
        for _ in 0..MANY / size {
            number += 1;
            let workspace = new_workspace(connection, number)?;
            seed(connection, 0..size, Some(&workspace))?;
            let mut connection = server.connect()?.in_workspace(&workspace);
            let before = server.processor_time()?;
            connection.ask("DELETE", "/api/v1/documents", &Value::Null)?;
            until(&mut connection, "/api/v1/documents", |_, body| body["total"] == 0)?;
            used += server.processor_time()?.saturating_sub(before);
        }
        costs.push(used.as_secs_f64() / MANY as f64);
    }
    let what =
        format!("dev server: deleting each of all {MANY} documents ({:.0} us) over {FEW}", costs[1] * 1e6);
    results.budget(what, costs[1] / costs[0], Limit::AtMost(2.0), "x");
    Ok(())
}

fn get(connection: &mut Connection, path: &str) -> Result<usize> {
    connection.ask("GET", path, &Value::Null).map(|_| 1)
}

fn query(connection: &mut Connection, question: &str) -> Result<usize> {
    let answer = connection.ask("POST", "/api/v1/query", &json!({ "query": question, "mode": "naive" }))?;
    if answer["sources"].as_array().is_some_and(|sources| !sources.is_empty()) {
        Ok(1)
    } else {
        Err(Failure::new(format!("a query was answered with {answer}")))
    }
}

fn upload_and_delete(connection: &mut Connection, round: usize) -> Result<usize> {
    let mut ids = Vec::new();
    for number in 0..BATCH {
        ids.push(upload(connection, &text(&format!("{round}new{number}")))?);
    }
    let path = |id: &str| format!("/api/v1/documents/{id}");
    for id in &ids {
        until(connection, &path(id), |_, body| body["status"] == "completed")?;
    }
    for id in &ids {
        connection.ask("DELETE", &path(id), &Value::Null)?;
    }
    for id in &ids {
        until(connection, &path(id), |status, _| status == 404)?;
    }
    Ok(BATCH)
}

/// A document: all have some words in common, and one is its own.
fn text(place: &str) -> String {
    format!(
        "The bridge at p{place}x crosses the river Elba. It was opened by Ada Berg, and is made of steel."
    )
}

/// Adds documents that are processed already.
fn seed(connection: &mut Connection, numbers: std::ops::Range<usize>, workspace: Option<&str>) -> Result<()> {
    for batch in numbers.collect::<Vec<_>>().chunks(500) {
        let documents = batch.iter().map(|number| {
            let mut document =
                json!({ "title": format!("Place {number}"), "content": text(&number.to_string()) });
            if let Some(workspace) = workspace {
                document["workspace_id"] = workspace.into();
            }
            document
        });
        connection.ask("POST", "/__dev/seed", &documents.collect())?;
    }
    Ok(())
}

fn new_workspace(connection: &mut Connection, number: usize) -> Result<String> {
    let path = "/api/v1/tenants/00000000-0000-0000-0000-000000000002/workspaces";
    let answer = connection.ask("POST", path, &json!({ "name": format!("Another {number}") }))?;
    let id = answer["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| Failure::new(format!("a new workspace is {answer}")))
}
