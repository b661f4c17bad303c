//! `pipeline`: what the server is processing, how long the queue is, and what it costs.

use edgequake_types::pipeline::{GetPipelineStatus, QueueMetrics};

use super::or_empty;
use crate::args::pipeline::{Command, Costs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Table;

pub(super) async fn run(cx: &mut Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Status => status(cx).await,
        Command::Activity => activity(cx).await,
        Command::Queue => queue(cx).await,
        Command::Cancel => cancel(cx).await,
        Command::Costs(options) => costs(cx, options).await,
    }
}

async fn status(cx: &mut Context) -> Result<(), Failure> {
    let status = cx.client.pipeline().status(GetPipelineStatus::new()).await?;
    if cx.out.is_json() {
        return cx.out.json(&status);
    }
    let of = |done: u64, all: u64| if all > 0 { format!("{done} of {all}") } else { String::new() };
    let tasks = format!(
        "{} waiting, {} processing, {} done, {} failed",
        status.pending_tasks, status.processing_tasks, status.completed_tasks, status.failed_tasks
    );
    let state = match (status.is_busy, status.cancellation_requested) {
        (true, true) => "stopping",
        (true, false) => "busy",
        (false, _) => "idle",
    };
    cx.out.fields(&[
        ("pipeline", state.to_owned()),
        ("job", or_empty(status.job_name.as_ref())),
        ("since", or_empty(status.job_start.as_ref())),
        ("documents", of(status.processed_documents, status.total_documents)),
        ("batches", of(status.current_batch, status.total_batches)),
        ("tasks", tasks),
        ("message", or_empty(status.latest_message.as_ref())),
    ])
}

async fn activity(cx: &mut Context) -> Result<(), Failure> {
    let activity = cx.client.pipeline().activity().await?;
    if cx.out.is_json() {
        return cx.out.json(&activity);
    }
    let mut table = Table::new(&["DOCUMENT", "STATE", "STAGE", "FILE"]);
    for (state, documents) in [("working", &activity.working), ("queued", &activity.queued)] {
        for document in documents {
            table.row(vec![
                document.document_id.to_string(),
                state.to_owned(),
                or_empty(document.stage.as_ref()),
                or_empty(document.file_name.as_ref()),
            ]);
        }
    }
    table.write(&mut cx.out)
}

async fn queue(cx: &mut Context) -> Result<(), Failure> {
    let metrics = cx.client.pipeline().queue_metrics().await?;
    if cx.out.is_json() { cx.out.json(&metrics) } else { cx.out.fields(&fields(&metrics)) }
}

/// What the server leaves out is empty, and not shown.
fn fields(metrics: &QueueMetrics) -> [(&'static str, String); 11] {
    let seconds = |time: Option<f64>| time.map(|time| format!("{time:.1} s")).unwrap_or_default();
    let workers = match (metrics.active_workers, metrics.max_workers) {
        (Some(active), Some(all)) => format!("{active} of {all} busy"),
        (active, _) => or_empty(active.as_ref()),
    };
    let per_minute = metrics.throughput_per_minute.map(|tasks| format!("{tasks:.1} per minute"));
    [
        ("waiting", or_empty(metrics.pending_count.as_ref())),
        ("processing", or_empty(metrics.processing_count.as_ref())),
        ("workers", workers),
        ("done", per_minute.unwrap_or_default()),
        ("average wait", seconds(metrics.avg_wait_time_seconds)),
        ("longest wait", seconds(metrics.max_wait_time_seconds)),
        ("time for the queue", seconds(metrics.estimated_queue_time_seconds)),
        (
            "rate limited",
            metrics.rate_limited.map_or("", |limited| if limited { "yes" } else { "no" }).to_owned(),
        ),
        ("pressure", or_empty(metrics.pressure.as_ref())),
        ("advice", or_empty(metrics.operator_action.as_ref())),
        ("measured", or_empty(metrics.timestamp.as_ref())),
    ]
}

async fn cancel(cx: &mut Context) -> Result<(), Failure> {
    let cancelled = cx.client.pipeline().cancel().await?;
    if cx.out.is_json() {
        return cx.out.json(&cancelled);
    }
    cx.notes.say(match cancelled.message {
        Some(message) => message,
        None => format!("pipeline: {}", cancelled.status),
    });
    Ok(())
}

async fn costs(cx: &mut Context, options: Costs) -> Result<(), Failure> {
    let Some(model) = options.model else { return prices(cx).await };
    let (input, output) = (options.input.unwrap_or(0), options.output.unwrap_or(0));
    let estimate = cx.client.pipeline().estimate_cost(model, input, output).await?;
    if cx.out.is_json() {
        return cx.out.json(&estimate);
    }
    cx.out.fields(&[
        ("model", estimate.model),
        ("input tokens", estimate.input_tokens.to_string()),
        ("output tokens", estimate.output_tokens.to_string()),
        ("US dollars", estimate.estimated_cost_usd.to_string()),
    ])
}

async fn prices(cx: &mut Context) -> Result<(), Failure> {
    let pricing = cx.client.pipeline().pricing().await?;
    if cx.out.is_json() {
        return cx.out.json(&pricing);
    }
    let mut models = pricing.models;
    models.sort_by(|a, b| a.model.cmp(&b.model));
    let mut table = Table::new(&["INPUT", "OUTPUT", "PROVIDER", "MODEL"]);
    for model in models {
        table.row(vec![
            model.input_cost_per_1k.to_string(),
            model.output_cost_per_1k.to_string(),
            or_empty(model.provider.as_ref()),
            model.model,
        ]);
    }
    table.write(&mut cx.out)?;
    cx.out.flush()?;
    cx.notes.say("US dollars for 1,000 tokens");
    Ok(())
}
