//! Words as arguments, in any case. Servers silently ignore one that they do not know, or find nothing by it, so it is refused here.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::{TaskStatus, TaskType};
use edgequake_types::tenants::Plan;

/// The stages that newer servers have in the place of `processing`.
pub(crate) const STAGES: [&str; 6] =
    ["converting", "chunking", "extracting", "embedding", "indexing", "projecting"];

/// What a document of a list may have as its status. The first servers say `processed` or `indexed` for `completed`.
pub(super) fn document_status() -> impl TypedValueParser<Value = DocumentStatus> {
    let before = ["pending", "queued", "processing"].into_iter().chain(STAGES).map(PossibleValue::new);
    let completed = PossibleValue::new("completed").aliases(["processed", "indexed"]);
    let ended = ["partial_failure", "failed", "cancelled", "deleting", "delete_failed"];
    one_of(before.chain([completed]).chain(ended.map(PossibleValue::new)))
}

/// What a task may have as its status. Documents and some clients say `completed` for `indexed`.
pub(super) fn task_status() -> impl TypedValueParser<Value = TaskStatus> {
    let indexed = PossibleValue::new("indexed").alias("completed");
    let [pending, processing, failed, cancelled] =
        ["pending", "processing", "failed", "cancelled"].map(PossibleValue::new);
    one_of([pending, processing, indexed, failed, cancelled])
}

/// What a task may do.
pub(super) fn task_type() -> impl TypedValueParser<Value = TaskType> {
    let words = [
        "upload",
        "insert",
        "scan",
        "reindex",
        "pdf_processing",
        "knowledge_injection",
        "deletion",
        "batch_deletion",
        "workspace_wipe",
        "document_processing",
    ];
    one_of(words.map(PossibleValue::new))
}

/// What a tenant may pay for.
pub(super) fn plan() -> impl TypedValueParser<Value = Plan> {
    one_of(["free", "basic", "pro", "enterprise"].map(PossibleValue::new))
}

/// The argument has to have `ignore_case`.
fn one_of<T>(words: impl IntoIterator<Item = PossibleValue>) -> impl TypedValueParser<Value = T>
where
    T: for<'a> From<&'a str> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).map(|word| T::from(word.to_ascii_lowercase().as_str()))
}
