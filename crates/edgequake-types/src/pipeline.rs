//! The pipeline: what the server is processing, how long its queue is, and what processing costs (`/api/v1/pipeline/...`).
//!
//! For what newer servers are, see [server versions](crate#server-versions).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::pipeline::{GetPipelineStatus, PipelineStatus};
//!
//! assert_eq!(GetPipelineStatus::new().to_request()?.uri(), "/api/v1/pipeline/status");
//!
//! let status = PipelineStatus::from_body(
//!     r#"{"is_busy":true,"processed_documents":1,"total_documents":4,"history_messages":[{"level":"info","message":"Begun"}]}"#,
//! )?;
//! assert_eq!(status.history_messages[0].message, "Begun");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::prelude::*;

mod words;

pub use words::*;

operations! {
    "pipeline":
    GetPipelineStatus, GetPipelineActivity, CancelPipeline, GetQueueMetrics, GetModelPricing, EstimateCost,
}

/// Reads what the server is processing.
#[operation(GET "/api/v1/pipeline/status" -> PipelineStatus, Required, Safe, Query, new(), eq)]
pub struct GetPipelineStatus {
    /// That of this tenant, in place of the one in the headers.
    pub tenant_id: Option<TenantId>,
    /// That of this workspace, in place of the one in the headers.
    pub workspace_id: Option<WorkspaceId>,
}

/// The answer to [`GetPipelineStatus`].
#[model(answer, new(is_busy), eq)]
pub struct PipelineStatus {
    /// Whether anything is being processed.
    #[field(required)]
    pub is_busy: bool,
    /// What is being done.
    pub job_name: Option<String>,
    /// When that began.
    pub job_start: Option<Timestamp>,
    /// How many documents there are to do.
    pub total_documents: u64,
    /// How many of them are done.
    pub processed_documents: u64,
    /// The batch that is being processed.
    pub current_batch: u64,
    /// How many batches there are.
    pub total_batches: u64,
    /// The last message.
    pub latest_message: Option<String>,
    /// The messages so far. A plain text is read as a message alone.
    #[field(read = words::history)]
    pub history_messages: Vec<PipelineMessage>,
    /// Whether it was asked to stop.
    pub cancellation_requested: bool,
    /// How many tasks wait.
    pub pending_tasks: u64,
    /// How many tasks are being processed.
    pub processing_tasks: u64,
    /// How many tasks are done.
    pub completed_tasks: u64,
    /// How many tasks failed.
    pub failed_tasks: u64,
}

/// A message of the pipeline.
#[model(new(message), eq)]
pub struct PipelineMessage {
    /// When it was written.
    pub timestamp: Option<Timestamp>,
    /// How important it is: `info`, `warn`, `error`; an open set.
    pub level: Option<String>,
    /// The message.
    pub message: String,
}

/// Reads which documents are being processed and which wait; newer servers only.
#[operation(GET "/api/v1/pipeline/activity" -> PipelineActivity, Required, Safe, None, new(), eq)]
pub struct GetPipelineActivity {}

/// The answer to [`GetPipelineActivity`].
#[model(answer, new(busy), eq)]
pub struct PipelineActivity {
    /// Whether anything is being processed.
    #[field(required)]
    pub busy: bool,
    /// The documents that are being processed.
    pub working: Vec<ActiveDocument>,
    /// The documents that wait.
    pub queued: Vec<ActiveDocument>,
    /// The tasks that are being processed.
    pub tasks: Vec<ActiveTask>,
    /// When this last changed.
    pub updated_at: Option<Timestamp>,
}

/// A document on its way.
#[model(new(document_id), eq)]
pub struct ActiveDocument {
    /// The document.
    pub document_id: DocumentId,
    /// The name of the file.
    #[field(rename = "filename")]
    pub file_name: Option<String>,
    /// The stage of processing.
    pub stage: Option<String>,
    /// The track that it is on.
    pub track_id: Option<TrackId>,
    /// A sentence about it.
    pub message: Option<String>,
}

/// A task on its way.
#[model(new(id), eq)]
pub struct ActiveTask {
    /// The task, for [`GetTask`](crate::tasks::GetTask).
    pub id: TrackId,
    /// What it does.
    pub kind: Option<String>,
    /// Its document.
    pub document_id: Option<DocumentId>,
}

/// Asks the server to stop what it is processing. Also a success if it processes nothing.
#[operation(POST "/api/v1/pipeline/cancel" -> CancelledPipeline, Required, Refused, Json, new(), eq)]
pub struct CancelPipeline {}

/// The answer to [`CancelPipeline`].
#[model(answer, new(status), eq)]
pub struct CancelledPipeline {
    /// What became of it; an open set.
    pub status: String,
    /// A sentence about it.
    pub message: Option<String>,
}

/// Reads how long the queue is, and how fast it moves.
#[operation(GET "/api/v1/pipeline/queue-metrics" -> QueueMetrics, Required, Safe, None, new(), eq)]
pub struct GetQueueMetrics {}

/// The answer to [`GetQueueMetrics`]. What a server leaves out is `None`, not 0.
#[model(answer, known, default, new())]
pub struct QueueMetrics {
    /// How many tasks wait.
    pub pending_count: Option<u64>,
    /// How many tasks are being processed.
    pub processing_count: Option<u64>,
    /// How many workers are busy.
    pub active_workers: Option<u64>,
    /// How many workers there are.
    pub max_workers: Option<u64>,
    /// How many of them are busy, from 0 to 100.
    pub worker_utilization: Option<f64>,
    /// How long tasks wait on average, in seconds.
    pub avg_wait_time_seconds: Option<f64>,
    /// How long the one that waits longest has waited, in seconds.
    pub max_wait_time_seconds: Option<f64>,
    /// How many tasks are done in a minute.
    pub throughput_per_minute: Option<f64>,
    /// How long the whole queue will probably take, in seconds.
    pub estimated_queue_time_seconds: Option<f64>,
    /// Whether a provider limits the rate.
    pub rate_limited: Option<bool>,
    /// When this was measured.
    pub timestamp: Option<Timestamp>,
    /// How long the queue is for this server; newer servers only. While it is critical, the server is not ready.
    pub pressure: Option<QueuePressure>,
    /// From how many waiting tasks on it is elevated; newer servers only.
    pub pending_warn_threshold: Option<u64>,
    /// From how many waiting tasks on it is critical; newer servers only.
    pub pending_critical_threshold: Option<u64>,
    /// What the operator should do; newer servers only.
    pub operator_action: Option<String>,
    /// How many tasks are being cancelled; newer servers only.
    #[field(lenient)]
    pub cancel_intent_count: Option<u64>,
    /// How many tasks were ever asked to be cancelled; newer servers only.
    #[field(lenient)]
    pub cancel_intent_total: Option<u64>,
    /// How many tasks of a tenant are processed at once; newer servers only.
    #[field(lenient)]
    pub max_tasks_per_tenant: Option<u64>,
    /// How many deletions and the like of a tenant are processed at once; newer servers only.
    #[field(lenient)]
    pub max_lifecycle_tasks_per_tenant: Option<u64>,
    /// How many tasks wait because their tenant has all it may have; newer servers only.
    #[field(lenient)]
    pub tenant_park_waiters: Option<u64>,
    /// Those of them that ingest.
    #[field(lenient)]
    pub tenant_park_waiters_ingest: Option<u64>,
    /// Those of them that delete and the like.
    #[field(lenient)]
    pub tenant_park_waiters_lifecycle: Option<u64>,
    /// How busy the database is; newer servers only.
    #[field(lenient)]
    pub store_contention: Option<StoreContention>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// How busy the database of a server is.
#[model(default)]
pub struct StoreContention {
    /// In one word.
    pub level: Option<QueuePressure>,
    /// How much of the pool of connections is in use.
    pub db_pool_utilization: Option<f64>,
    /// From which use on it is elevated.
    pub db_pool_util_warn: Option<f64>,
    /// From which use on it is critical.
    pub db_pool_util_critical: Option<f64>,
    /// How many failed writes wait to be undone.
    pub compensation_quarantine_total: Option<u64>,
    /// From how many on it is elevated.
    pub compensation_quarantine_warn: Option<u64>,
    /// From how many on it is critical.
    pub compensation_quarantine_critical: Option<u64>,
    /// What the operator should do.
    pub operator_action: Option<String>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// Lists what each model costs.
#[operation(GET "/api/v1/pipeline/costs/pricing" -> ModelPricing, Required, Safe, None, new(), eq)]
pub struct GetModelPricing {}

/// The answer to [`GetModelPricing`]. In no order.
#[model(answer, new(models))]
pub struct ModelPricing {
    /// The models.
    #[field(required)]
    pub models: Vec<ModelPrice>,
}

/// What a model costs.
#[model(new(model))]
pub struct ModelPrice {
    /// The model. Also read from `id`.
    #[field(alias = "id")]
    pub model: String,
    /// What 1,000 tokens to the model cost, in US dollars. Also read from `input_cost_per_1k_tokens`.
    #[field(alias = "input_cost_per_1k_tokens")]
    pub input_cost_per_1k: f64,
    /// What 1,000 tokens of the model cost, in US dollars. Also read from `output_cost_per_1k_tokens`.
    #[field(alias = "output_cost_per_1k_tokens")]
    pub output_cost_per_1k: f64,
    /// Its provider, where the server says it.
    pub provider: Option<String>,
}

/// Tells what so many tokens would cost. A model that is not known is priced like another.
#[operation(POST "/api/v1/pipeline/costs/estimate" -> EstimatedCost, Required, Refused, Json, new(model, input_tokens, output_tokens), eq)]
pub struct EstimateCost {
    /// The model.
    pub model: String,
    /// Tokens sent to the model.
    pub input_tokens: u64,
    /// Tokens that the model writes.
    pub output_tokens: u64,
}

/// The answer to [`EstimateCost`].
#[model(answer, new(model, estimated_cost_usd))]
pub struct EstimatedCost {
    /// The model.
    pub model: String,
    /// Tokens sent to the model.
    pub input_tokens: u64,
    /// Tokens that the model writes.
    pub output_tokens: u64,
    /// What they cost, in US dollars.
    #[field(required)]
    pub estimated_cost_usd: f64,
    /// The same as a text, such as `$0.0042`.
    pub formatted_cost: Option<String>,
}

#[cfg(test)]
mod tests;
