//! The words of the pipeline, and its messages.

use serde::{Deserialize, Deserializer};

use super::PipelineMessage;
use crate::prelude::*;

open_enum! {
    /// How long a queue is, or how busy a part of the server.
    pub enum QueuePressure {
        /// As it should be.
        Normal = "normal",
        /// More than usual.
        Elevated = "elevated",
        /// Too much: the server says that it is not ready.
        Critical = "critical",
    }
}

/// Messages, each an object or a text.
pub(super) fn history<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PipelineMessage>, D::Error> {
    let messages = Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default();
    let read = |message: Value| match message {
        Value::String(text) => Ok(PipelineMessage::new(text)),
        other => tolerant::nested(&other),
    };
    messages.into_iter().map(read).collect()
}
