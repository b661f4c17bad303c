//! What the server is processing, how long its queue is, and what processing costs.

use std::time::Duration;

use edgequake_types::TrackId;
use edgequake_types::pipeline::{
    ActiveDocument, ActiveTask, CancelPipeline, CancelledPipeline, EstimateCost, EstimatedCost,
    GetModelPricing, GetPipelineActivity, GetPipelineStatus, GetQueueMetrics, ModelPrice, ModelPricing,
    PipelineActivity, PipelineStatus, QueueMetrics, QueuePressure,
};
use edgequake_types::tasks::{Task, TaskStatus, TaskType};

use crate::cancelling;
use crate::clock::rfc3339;
use crate::config::{Config, Era};
use crate::error::Refusal;
use crate::processing;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::document::StoredDocument;
use crate::state::tasks::{StoredTask, statistics};

pub(super) async fn status(call: Call, request: GetPipelineStatus) -> Result<Reply<PipelineStatus>, Refusal> {
    let place = call.named_place(request.tenant_id.as_ref(), request.workspace_id.as_ref())?;
    let Some(space) = place.and_then(|place| call.app.spaces.get(&place)) else {
        return Ok(Reply::new(PipelineStatus::new(false)));
    };
    let contents = space.contents();
    let tasks = statistics(contents.tasks.newest_first().map(|stored| &stored.task));
    let is_busy = tasks.pending + tasks.processing > 0;
    let mut status = PipelineStatus::new(is_busy);
    let activity = contents.documents.activity();
    let is_ingesting = contents.documents.in_flight().next().is_some();
    if is_busy {
        let mut running = contents.tasks.newest_first().map(|stored| &stored.task);
        let is_deleting = running.all(|task| task.status.is_terminal() || is_deletion(task));
        let job = if is_deleting { "Deleting documents" } else { "Processing documents" };
        status.job_name = Some(job.to_owned());
    }
    if let Some(run) = activity.run() {
        status.job_start = is_ingesting.then(|| rfc3339(run.started_at));
        (status.total_documents, status.processed_documents) = (run.total, run.done);
    }
    // A run is one batch.
    (status.current_batch, status.total_batches) = (u64::from(is_ingesting), u64::from(is_ingesting));
    status.history_messages = activity.messages();
    status.latest_message = status.history_messages.last().map(|message| message.message.clone());
    status.cancellation_requested = activity.is_cancelled();
    (status.pending_tasks, status.processing_tasks) = (tasks.pending, tasks.processing);
    (status.completed_tasks, status.failed_tasks) = (tasks.indexed, tasks.failed);
    Ok(Reply::new(status))
}

fn is_deletion(task: &Task) -> bool {
    let deletions = [TaskType::Deletion, TaskType::BatchDeletion, TaskType::WorkspaceWipe];
    task.task_type.as_ref().is_some_and(|kind| deletions.contains(kind))
}

pub(super) async fn activity(call: Call, _: GetPipelineActivity) -> Result<Reply<PipelineActivity>, Refusal> {
    let space = call.scope.named_place().and_then(|place| call.app.spaces.get(place));
    let Some(space) = space else { return Ok(Reply::new(PipelineActivity::new(false))) };
    let contents = space.contents();
    let (queued, working): (Vec<&StoredDocument>, Vec<&StoredDocument>) =
        contents.documents.in_flight().partition(|document| document.is_waiting());
    let running = contents.tasks.newest_first().filter(|stored| stored.task.status == TaskStatus::Processing);
    let tasks: Vec<ActiveTask> = running.map(active_task).collect();
    let mut activity = PipelineActivity::new(!(queued.is_empty() && working.is_empty() && tasks.is_empty()));
    let newest = contents.documents.newest_first().map(|document| document.updated_at).max();
    activity.updated_at = Some(rfc3339(newest.unwrap_or(call.now)));
    activity.queued = queued.into_iter().map(active_document).collect();
    activity.working = working.into_iter().map(active_document).collect();
    activity.tasks = tasks;
    Ok(Reply::new(activity))
}

fn active_document(document: &StoredDocument) -> ActiveDocument {
    let mut active = ActiveDocument::new(document.id.clone());
    active.file_name = Some(document.name().to_owned());
    active.stage = Some(document.stage.to_owned());
    active.track_id = Some(document.track_id.clone());
    active.message = document.stage_message();
    active
}

fn active_task(stored: &StoredTask) -> ActiveTask {
    let mut active = ActiveTask::new(stored.task.track_id.clone());
    active.kind = stored.task.task_type.as_ref().map(ToString::to_string);
    active.document_id.clone_from(&stored.document);
    active
}

pub(super) async fn cancel(call: Call, _: CancelPipeline) -> Result<Reply<CancelledPipeline>, Refusal> {
    let place = call.workspace(Refusal::bad_request)?;
    let cancelled = call.app.spaces.get(&place).map_or(0, |space| {
        let documents = processing::cancel_all(&call.app, &space);
        // Files that are converted, and injected texts.
        let tasks: Vec<TrackId> = {
            let contents = space.contents();
            let running = contents.tasks.newest_first().filter(|stored| !stored.task.status.is_terminal());
            running.map(|stored| stored.task.track_id.clone()).collect()
        };
        let others = tasks.iter().filter_map(|task| cancelling::cancel_task(&call.app, &space, task));
        documents + others.count()
    });
    let (status, message) = match cancelled {
        0 => ("not_busy", "Nothing is being processed".to_owned()),
        count => ("cancellation_requested", format!("Tasks that are cancelled: {count}")),
    };
    let mut cancelled = CancelledPipeline::new(status);
    cancelled.message = Some(message);
    Ok(Reply::new(cancelled))
}

/// What helps a queue that is too long.
pub(super) const PRESSURE_RELIEF: &str =
    "Wait until tasks have ended, cancel some, or start the server with more workers";

/// How long a queue is; older servers do not say it.
pub(super) fn pressure(config: &Config, pending: u64) -> Option<QueuePressure> {
    let (warn, critical) = config.queue_thresholds;
    (config.era == Era::C).then_some(match pending {
        pending if pending >= critical => QueuePressure::Critical,
        pending if pending >= warn => QueuePressure::Elevated,
        _ => QueuePressure::Normal,
    })
}

pub(super) async fn queue_metrics(call: Call, _: GetQueueMetrics) -> Result<Reply<QueueMetrics>, Refusal> {
    let mut metrics = QueueMetrics::new();
    let max_workers = call.app.config.workers;
    let active = max_workers.saturating_sub(call.app.workers.available_permits());
    metrics.active_workers = Some(active as u64);
    metrics.max_workers = Some(max_workers as u64);
    metrics.worker_utilization = Some(ratio(active as u64, max_workers as u64) * 100.0);
    metrics.rate_limited = Some(false);
    metrics.timestamp = Some(rfc3339(call.now));
    let space = call.scope.named_place().and_then(|place| call.app.spaces.get(place));
    let contents = space.as_ref().map(|space| space.contents());
    let tasks = contents.as_ref().map(|contents| contents.tasks.newest_first());
    let (mut pending, mut processing, mut done) = (0, 0, 0);
    let (mut waited, mut longest) = (Duration::ZERO, Duration::ZERO);
    for stored in tasks.into_iter().flatten() {
        match stored.task.status {
            TaskStatus::Pending => {
                pending += 1;
                let wait = call.now.since(stored.created);
                (waited, longest) = (waited + wait, longest.max(wait));
            }
            TaskStatus::Processing => processing += 1,
            TaskStatus::Indexed if is_recent(&call, stored) => done += 1,
            _ => {}
        }
    }
    metrics.pending_count = Some(pending);
    metrics.processing_count = Some(processing);
    metrics.avg_wait_time_seconds = Some(waited.as_secs_f64() / (pending.max(1)) as f64);
    metrics.max_wait_time_seconds = Some(longest.as_secs_f64());
    metrics.throughput_per_minute = Some(f64::from(done));
    let usual = contents.as_ref().and_then(|contents| contents.documents.activity().usual_time());
    let usual = usual.unwrap_or(call.app.config.processing_delay);
    metrics.estimated_queue_time_seconds =
        Some(usual.as_secs_f64() * ratio(pending, max_workers as u64).ceil());
    metrics.pressure = pressure(&call.app.config, pending);
    if let Some(pressure) = &metrics.pressure {
        let (warn, critical) = call.app.config.queue_thresholds;
        (metrics.pending_warn_threshold, metrics.pending_critical_threshold) = (Some(warn), Some(critical));
        metrics.operator_action = (*pressure == QueuePressure::Critical).then(|| PRESSURE_RELIEF.to_owned());
    }
    Ok(Reply::new(metrics))
}

/// Whether a task has ended within the last minute.
fn is_recent(call: &Call, stored: &StoredTask) -> bool {
    stored.ended.is_some_and(|ended| call.now.since(ended) <= Duration::from_secs(60))
}

#[expect(clippy::cast_precision_loss, reason = "there are fewer than a float can count")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Prices for estimates: model, provider, and what 1,000 tokens to and of it cost, in US dollars. They are invented, and nobody
/// pays them. The first one is that of every model that is not among them.
const PRICES: [(&str, &str, f64, f64); 3] = [
    ("quotations", "devserver", 0.0005, 0.0015),
    ("quotations-large", "devserver", 0.005, 0.015),
    ("bm25", "devserver", 0.00002, 0.0),
];

pub(super) async fn pricing(_: Call, _: GetModelPricing) -> Result<Reply<ModelPricing>, Refusal> {
    let price = |(model, provider, input, output): (&str, &str, f64, f64)| {
        let mut price = ModelPrice::new(model);
        price.provider = Some(provider.to_owned());
        (price.input_cost_per_1k, price.output_cost_per_1k) = (input, output);
        price
    };
    Ok(Reply::new(ModelPricing::new(PRICES.map(price))))
}

pub(super) async fn estimate(_: Call, request: EstimateCost) -> Result<Reply<EstimatedCost>, Refusal> {
    let [first, ..] = PRICES;
    let known = PRICES.into_iter().find(|(model, ..)| *model == request.model);
    let (_, _, input, output) = known.unwrap_or(first);
    let cost = ratio(request.input_tokens, 1000) * input + ratio(request.output_tokens, 1000) * output;
    let mut estimated = EstimatedCost::new(request.model, cost);
    (estimated.input_tokens, estimated.output_tokens) = (request.input_tokens, request.output_tokens);
    estimated.formatted_cost = Some(format!("${cost:.4}"));
    Ok(Reply::new(estimated))
}
