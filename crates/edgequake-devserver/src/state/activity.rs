//! [`Activity`]: what a workspace has been processing, as its pipeline tells it.

use std::collections::VecDeque;
use std::time::Duration;

use edgequake_types::documents::DocumentStatus;
use edgequake_types::pipeline::PipelineMessage;

use super::document::StoredDocument;
use crate::clock::{Timestamp, rfc3339};
use crate::retrieval::answer::snippet;

/// The maximum number of messages; the oldest are forgotten.
const MESSAGES: usize = 100;

/// How many documents an estimate is made from.
const MEASURED: usize = 20;

/// A run: from the first document that is to be processed to the last one that ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) started_at: Timestamp,
    /// How many documents it has.
    pub(crate) total: u64,
    /// How many of them have ended.
    pub(crate) done: u64,
}

/// What a workspace has been processing.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// The run that goes on, or the last one.
    run: Option<Run>,
    in_flight: u64,
    messages: VecDeque<(Timestamp, &'static str, String)>,
    /// How long the last documents took that succeeded.
    took: VecDeque<Duration>,
    cancelled: bool,
}

impl Activity {
    /// A document is to be processed.
    pub(super) fn begun(&mut self, document: &StoredDocument) {
        let now = document.updated_at;
        if self.in_flight == 0 {
            self.run = Some(Run { started_at: now, total: 0, done: 0 });
            self.cancelled = false;
        }
        self.in_flight += 1;
        if let Some(run) = &mut self.run {
            run.total += 1;
        }
        self.note(now, "info", format!("Queued: {}", snippet(&document.title)));
    }

    /// A document is no longer to be processed, whatever its end.
    pub(super) fn ended(&mut self, document: &StoredDocument) {
        let now = document.updated_at;
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(run) = &mut self.run {
            run.done += 1;
        }
        let (level, end) = match &document.status {
            DocumentStatus::Completed => ("info", "Completed"),
            DocumentStatus::PartialFailure => ("warn", "Completed in part"),
            DocumentStatus::Failed => ("error", "Failed"),
            DocumentStatus::Cancelled => ("warn", "Cancelled"),
            _ => ("info", "Deleted"),
        };
        if matches!(document.status, DocumentStatus::Completed | DocumentStatus::PartialFailure)
            && let Some(started_at) = document.work.started_at
        {
            push(&mut self.took, now.since(started_at), MEASURED);
        }
        self.note(now, level, format!("{end}: {}", snippet(&document.title)));
    }

    fn note(&mut self, now: Timestamp, level: &'static str, message: String) {
        push(&mut self.messages, (now, level, message), MESSAGES);
    }

    /// Everything is to be cancelled.
    pub(crate) fn cancel(&mut self, now: Timestamp) {
        self.cancelled = true;
        self.note(now, "warn", "Cancellation was requested".to_owned());
    }

    /// Whether everything was cancelled since the last run began.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// The run that goes on, or the last one.
    pub(crate) fn run(&self) -> Option<Run> {
        self.run
    }

    /// The last messages, oldest first.
    pub(crate) fn messages(&self) -> Vec<PipelineMessage> {
        let message = |(at, level, text): &(Timestamp, &'static str, String)| {
            let mut message = PipelineMessage::new(text.as_str());
            message.timestamp = Some(rfc3339(*at));
            message.level = Some((*level).to_owned());
            message
        };
        self.messages.iter().map(message).collect()
    }

    /// How long a document takes, as measured; `None` before the first one.
    pub(crate) fn usual_time(&self) -> Option<Duration> {
        let count = u32::try_from(self.took.len()).ok().filter(|count| *count > 0)?;
        Some(self.took.iter().sum::<Duration>() / count)
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T, limit: usize) {
    if queue.len() >= limit {
        queue.pop_front();
    }
    queue.push_back(item);
}
