//! What a task says of its work, and how its parts are read in the forms that other servers give them.

use serde::{Deserialize, Deserializer};
use serde_json::Number;

use super::{Task, TaskError, TaskProgress};
use crate::prelude::*;

impl Task {
    /// Why it failed, wherever the server says it.
    pub fn failure(&self) -> Option<&str> {
        let message = self.error.as_ref().and_then(|error| error.message.as_deref());
        self.error_message.as_deref().or(message)
    }
}

impl TaskProgress {
    /// How much of the task is done, from 0 to 1: by its percentage, else by its chunks.
    pub fn fraction(&self) -> Option<f64> {
        let (done, all) = match (self.percent_complete, &self.chunk_progress) {
            (Some(percent), _) => (percent, 100.0),
            (None, chunks) => {
                let (done, all) = chunks.as_ref().and_then(|it| it.processed_chunks.zip(it.total_chunks))?;
                (f64::from(done), f64::from(all))
            }
        };
        (all > 0.0).then(|| (done / all).clamp(0.0, 1.0))
    }
}

/// A whole percentage without a fraction: other clients read an integer.
pub(super) fn whole(percent: &Option<f64>) -> Option<Number> {
    let percent = (*percent)?;
    if percent.fract() == 0.0 && percent.abs() <= f64::from(u32::MAX) {
        // Whole and within the range: the conversion loses nothing.
        #[allow(clippy::cast_possible_truncation)]
        return Some(Number::from(percent as i64));
    }
    Number::from_f64(percent)
}

/// An object, or a text that is its message; an empty text is no error.
pub(super) fn error<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TaskError>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok((!text.is_empty()).then(|| TaskError::new(text))),
        other => tolerant::nested(&other).map(Some),
    }
}

/// An object of any form; one whose fields have another type than here is kept in `extra` as a whole.
pub(super) fn progress<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TaskProgress>, D::Error> {
    let raw = Value::deserialize(deserializer)?;
    let known = TaskProgress::deserialize(&raw).ok();
    Ok(known.or_else(|| Some(TaskProgress { extra: raw.as_object()?.clone(), ..TaskProgress::default() })))
}
