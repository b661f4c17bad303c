//! What a task says of its work, and how its parts are read in the forms that other servers give them.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Number;

use super::{Task, TaskError, TaskProgress};
use crate::documents::ProgressCounts;
use crate::prelude::*;

impl Task {
    /// Why it failed, wherever the server says it.
    pub fn failure(&self) -> Option<&str> {
        let message = self.error.as_ref().and_then(|error| error.message.as_deref());
        self.error_message.as_deref().or(message)
    }
}

impl TaskProgress {
    /// How much of the task is done, from 0 to 1: by its percentage, else by what is counted, else by the current step.
    pub fn fraction(&self) -> Option<f64> {
        let percentage = self.percent_complete.map(|percent| percent / 100.0).or(self.progress_01);
        let counted = || {
            let counts = self.counted()?;
            (counts.total > 0).then(|| counts.current as f64 / counts.total as f64)
        };
        let fraction = percentage.or_else(counted).or(self.stage_progress)?;
        fraction.is_finite().then(|| fraction.clamp(0.0, 1.0))
    }

    /// How far the current step has come, in numbers: its chunks, or whatever else the server counts.
    pub fn counted(&self) -> Option<ProgressCounts> {
        let chunks = || {
            let chunks = self.chunk_progress.as_ref()?;
            let (current, total) = chunks.processed_chunks.zip(chunks.total_chunks)?;
            let mut counts = ProgressCounts::default();
            (counts.current, counts.total) = (current.into(), total.into());
            counts.unit = Some("chunks".to_owned());
            Some(counts)
        };
        chunks().or_else(|| self.counts.clone())
    }

    /// The estimated time until the task, or its last chunk, is done.
    pub fn eta(&self) -> Option<Duration> {
        let of_chunks = self.chunk_progress.as_ref().and_then(|chunks| chunks.eta_seconds);
        self.eta_seconds.or(of_chunks).map(Duration::from_secs)
    }

    /// What the task, or its chunks, have cost so far, in US dollars.
    pub fn cost(&self) -> Option<f64> {
        self.cost_usd.or_else(|| self.chunk_progress.as_ref()?.cost_usd)
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
