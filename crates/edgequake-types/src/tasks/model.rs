//! [`Task`]: one piece of background work.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::TaskStatus;
use crate::answer::json_answers;
use crate::open_enum::open_enum;
use crate::{TenantId, Timestamp, TrackId, WorkspaceId, tolerant};

open_enum! {
    /// What a task does.
    pub enum TaskType {
        /// Takes in an uploaded file.
        Upload = "upload",
        /// Takes in a text.
        Insert = "insert",
        /// Looks through a directory of the server.
        Scan = "scan",
        /// Takes a document in again.
        Reindex = "reindex",
        /// Reads a PDF.
        PdfProcessing = "pdf_processing",
        /// Takes in knowledge that was injected.
        KnowledgeInjection = "knowledge_injection",
        /// Deletes a document.
        Deletion = "deletion",
        /// Deletes several documents.
        BatchDeletion = "batch_deletion",
        /// Deletes all documents of a workspace.
        WorkspaceWipe = "workspace_wipe",
    }
}

/// One piece of background work. Its document, if it has one, is named in `metadata` or `result`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Task {
    /// Its id.
    pub track_id: TrackId,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_type: Option<TaskType>,
    /// How far it has come.
    pub status: TaskStatus,
    /// When it was queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// When work began.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// When work ended.
    #[serde(default)]
    pub completed_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(default)]
    pub error_message: Option<String>,
    /// Why it failed, in detail. A plain text is read as its message.
    #[serde(default, deserialize_with = "task_error", skip_serializing_if = "Option::is_none")]
    pub error: Option<TaskError>,
    /// How often it was tried again.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub retry_count: u64,
    /// How often it may be tried again.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub max_retries: u64,
    /// How far it has come, in a form of the task's own.
    #[serde(default)]
    pub progress: Option<Value>,
    /// What came out of it.
    #[serde(default)]
    pub result: Option<Value>,
    /// What it was started with.
    #[serde(default)]
    pub metadata: Option<Value>,
    /// The tenant that it belongs to; newer servers only.
    #[serde(default, deserialize_with = "tolerant::if_readable", skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// The workspace that it belongs to; newer servers only.
    #[serde(default, deserialize_with = "tolerant::if_readable", skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
}

impl Task {
    /// A task of which only id, kind and state are known.
    pub fn new(track_id: impl Into<TrackId>, task_type: TaskType, status: TaskStatus) -> Self {
        Self {
            track_id: track_id.into(),
            task_type: Some(task_type),
            status,
            created_at: None,
            updated_at: None,
            started_at: None,
            completed_at: None,
            error_message: None,
            error: None,
            retry_count: 0,
            max_retries: 0,
            progress: None,
            result: None,
            metadata: None,
            tenant_id: None,
            workspace_id: None,
        }
    }

    /// Why it failed, wherever the server says it.
    pub fn failure(&self) -> Option<&str> {
        let message = self.error.as_ref().and_then(|error| error.message.as_deref());
        self.error_message.as_deref().or(message)
    }
}

json_answers!(Task);

/// Why a task failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TaskError {
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The step that failed, such as `extraction`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The cause, such as `quota`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// Whether another try may help.
    #[serde(deserialize_with = "tolerant::flag")]
    pub retryable: bool,
}

impl TaskError {
    /// An error with this message and nothing else.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::default() }
    }
}

fn task_error<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TaskError>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok((!text.is_empty()).then(|| TaskError::new(text))),
        other => tolerant::nested(&other).map(Some),
    }
}
