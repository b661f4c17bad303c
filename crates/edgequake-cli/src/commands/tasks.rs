//! `tasks`: the server's background tasks.

use std::time::Duration;

use edgequake_client::{Client, Error};
use edgequake_types::tasks::{ListTasks, Task};
use edgequake_types::{Retry as Again, TrackId};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::each::{about, each, failed, once};
use super::{Listing, list, or_empty};
use crate::args::tasks::{Cancel, Command, List, Retry, Wait};
use crate::context::Context;
use crate::failure::{Exit, Exits, Failure};
use crate::output::{Table, time};

/// How long tasks are waited for, where nobody says it.
const LIMIT: Duration = Duration::from_secs(600);

/// The pauses between two questions for a task: at first, and at last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

pub(super) async fn run(cx: &mut Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(options) => list_tasks(cx, options).await,
        Command::Get(get) => {
            let task = cx.client.tasks().get(&get.track_id).await.map_err(about(get.track_id))?;
            show(cx, &task)
        }
        Command::Wait(options) => wait(cx, options).await,
        Command::Cancel(options) => cancel(cx, options).await,
        Command::Retry(options) => retry(cx, options).await,
    }
}

async fn list_tasks(cx: &mut Context, options: List) -> Result<(), Failure> {
    let mut request = ListTasks::new();
    request.page_size = options.paging.all.then_some(100);
    let (status, task_type) = (options.status, options.task_type);
    (request.status, request.task_type) = (status.clone(), task_type.clone());
    let terminal = cx.out.is_terminal();
    // Servers ignore a word that they do not know.
    let shown = |task: &Task| {
        let shown = status.as_ref().is_none_or(|wanted| *wanted == task.status)
            && (task_type.is_none() || task.task_type == task_type);
        shown.then(|| row(task, terminal))
    };
    let header = &["ID", "STATUS", "TYPE", "CREATED", "FAILURE"];
    let listing = Listing { header, optional: &["CREATED", "TYPE"], row: &shown, all: options.paging.all };
    list(cx, request, listing).await.map(drop)
}

fn row(task: &Task, terminal: bool) -> Vec<String> {
    vec![
        task.track_id.to_string(),
        task.status.to_string(),
        or_empty(task.task_type.as_ref()),
        time(task.created_at.as_ref(), terminal),
        or_empty(task.failure().as_ref()),
    ]
}

fn show(cx: &mut Context, task: &Task) -> Result<(), Failure> {
    if cx.out.is_json() {
        return cx.out.json(task);
    }
    cx.out.fields(&[
        ("task", task.track_id.to_string()),
        ("type", or_empty(task.task_type.as_ref())),
        ("status", task.status.to_string()),
        ("created", or_empty(task.created_at.as_ref())),
        ("started", or_empty(task.started_at.as_ref())),
        ("completed", or_empty(task.completed_at.as_ref())),
        ("failure", or_empty(task.failure().as_ref())),
    ])
}

async fn wait(cx: &mut Context, options: Wait) -> Result<(), Failure> {
    let limit = cx.timeout.unwrap_or(LIMIT);
    let client = cx.client.clone();
    let mut waits: FuturesUnordered<_> = once(options.track_ids)
        .into_iter()
        .map(|id| {
            let client = client.clone();
            async move {
                let mut answer = None;
                let ended = tokio::time::timeout(limit, until_ended(&client, &id, &mut answer)).await;
                (id, ended.map_err(|_| answer))
            }
        })
        .collect();
    let count = waits.len();
    let mut exits = Exits::default();
    let mut table = Table::new(&["ID", "STATUS", "TYPE", "FAILURE"]).optional(&["TYPE"]);
    loop {
        cx.notes.progress(format!("{} of {count} tasks have ended", count - waits.len()));
        let Some((id, ended)) = waits.next().await else { break };
        cx.notes.clear_progress();
        match ended {
            Ok(Ok(task)) => {
                exits.add_if(!task.status.is_success(), Exit::Failed);
                if cx.out.is_json() {
                    cx.out.json_line(&task)?;
                } else {
                    let cells = [task.status.to_string(), or_empty(task.task_type.as_ref())];
                    let [status, task_type] = cells;
                    table.row(vec![id.to_string(), status, task_type, or_empty(task.failure().as_ref())]);
                    table.write(&mut cx.out)?;
                    cx.out.flush()?;
                }
            }
            Ok(Err(error)) => exits.add(failed(cx, "track_id", &id, error.into())?),
            Err(answer) => exits.add(failed(cx, "track_id", &id, late(&id, limit, answer))?),
        }
    }
    cx.notes.clear_progress();
    exits.result()
}

/// What came of the last question, if any came to an end.
type LastAnswer = Option<Result<(), Error>>;

/// A task of which the end was not seen in time, and why.
fn late(id: &TrackId, limit: Duration, answer: LastAnswer) -> Failure {
    let text = format!("task {id} has not ended after {} s", limit.as_secs_f64());
    let (text, source) = match answer {
        Some(Ok(())) => (text, None),
        Some(Err(error)) => (format!("{text}: the last status request failed: {error}"), Some(error.into())),
        None => (format!("{text}: no status request was answered"), None),
    };
    Failure::Other { text, source, exit: Exit::Unavailable }
}

/// Asks again and again. A server that cannot be asked for a while does not end the wait.
async fn until_ended(client: &Client, id: &TrackId, answer: &mut LastAnswer) -> Result<Task, Error> {
    let (mut pause, longest) = PAUSES;
    loop {
        match client.tasks().get(id.clone()).retry(Again::Never).await {
            Ok(task) if task.status.is_terminal() => return Ok(task),
            Ok(_) => *answer = Some(Ok(())),
            Err(error) if error.is_retryable() => {
                pause = pause.max(error.retry_after().unwrap_or_default());
                *answer = Some(Err(error));
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(pause).await;
        pause = (pause.saturating_mul(3) / 2).min(longest);
    }
}

async fn cancel(cx: &mut Context, options: Cancel) -> Result<(), Failure> {
    let call =
        |client: Client, id: TrackId| async move { client.tasks().cancel(id).await.map_err(Failure::from) };
    let told = |cx: &mut Context, id: &TrackId, task| tell(cx, id, task, "is cancelled");
    each(cx, "track_id", options.track_ids, call, told).await
}

async fn retry(cx: &mut Context, options: Retry) -> Result<(), Failure> {
    let call =
        |client: Client, id: TrackId| async move { client.tasks().retry(id).await.map_err(Failure::from) };
    let told = |cx: &mut Context, id: &TrackId, task| tell(cx, id, task, "is started again");
    each(cx, "track_id", options.track_ids, call, told).await
}

/// What has become of a task; some servers do not say it.
fn tell(cx: &mut Context, id: &TrackId, task: Option<Task>, what: &str) -> Result<(), Failure> {
    match task {
        Some(task) if cx.out.is_json() => cx.out.json_line(&task),
        None if cx.out.is_json() => cx.out.json_line(&serde_json::json!({ "track_id": id })),
        _ => {
            cx.notes.say(format!("task {id} {what}"));
            Ok(())
        }
    }
}
