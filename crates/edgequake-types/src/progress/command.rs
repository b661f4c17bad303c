//! [`ProgressCommand`]: what a client says.

use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::id::TrackId;
use crate::json::from_json;

/// What a client says over a WebSocket. One about a single task understands [`Status`](Self::Status) and [`Cancel`](Self::Cancel) alone,
/// and so do older servers on the one about the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProgressCommand {
    /// Asks for a [`StatusSnapshot`](super::StatusSnapshot). A plain text on the wire.
    Status,
    /// Asks to be told of these tasks, 256 in all at most. Newer servers tell of no others. Answered by a
    /// [`SubscribedAck`](super::SubscribedAck).
    Subscribe {
        /// The tasks: `task_id` in the answer to an upload.
        track_ids: Vec<TrackId>,
    },
    /// Asks to be told of these tasks no longer.
    Unsubscribe {
        /// The tasks.
        track_ids: Vec<TrackId>,
    },
    /// Cancels a task.
    Cancel {
        /// The task.
        track_id: TrackId,
    },
    /// Asks for a [`Heartbeat`](super::Heartbeat).
    Ping,
}

impl ProgressCommand {
    /// Asks to be told of these tasks.
    pub fn subscribe(tasks: impl IntoIterator<Item = impl Into<TrackId>>) -> Self {
        Self::Subscribe { track_ids: tasks.into_iter().map(Into::into).collect() }
    }

    /// Asks to be told of these tasks no longer.
    pub fn unsubscribe(tasks: impl IntoIterator<Item = impl Into<TrackId>>) -> Self {
        Self::Unsubscribe { track_ids: tasks.into_iter().map(Into::into).collect() }
    }

    /// Cancels a task.
    pub fn cancel(task: impl Into<TrackId>) -> Self {
        Self::Cancel { track_id: task.into() }
    }

    /// The text of the frame.
    pub fn to_text(&self) -> String {
        match self {
            Self::Status => "status".to_owned(),
            // Names and ids alone: always written.
            other => serde_json::to_string(other).unwrap_or_default(),
        }
    }

    /// Reads the text of a frame, as a server does.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for anything that is no command.
    pub fn from_text(text: &str) -> Result<Self, DecodeError> {
        if text.trim() == "status" { Ok(Self::Status) } else { from_json(text.as_bytes()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_they_are_written() {
        for (command, text) in [
            (ProgressCommand::Status, "status"),
            (ProgressCommand::Ping, r#"{"type":"ping"}"#),
            (ProgressCommand::cancel("t-1"), r#"{"type":"cancel","track_id":"t-1"}"#),
            (ProgressCommand::subscribe(["t-1", "t-2"]), r#"{"type":"subscribe","track_ids":["t-1","t-2"]}"#),
            (ProgressCommand::unsubscribe(["t-1"]), r#"{"type":"unsubscribe","track_ids":["t-1"]}"#),
        ] {
            assert_eq!(command.to_text(), text);
            assert_eq!(ProgressCommand::from_text(text).unwrap(), command);
        }
        for odd in ["", "states", "{}", r#"{"type":"cancel"}"#, r#"{"type":"dance"}"#] {
            ProgressCommand::from_text(odd).unwrap_err();
        }
    }
}
