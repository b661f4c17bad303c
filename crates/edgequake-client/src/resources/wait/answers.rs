//! [`Answers`]: whether the server answers the questions of a wait, for the error of one whose time is over.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, ProcessingFailure};
use crate::layers::timeout::{TimedOut, TimeoutScope};

/// Whether the server answers.
#[derive(Default)]
pub(in super::super) struct Answers {
    any: bool,
    /// Why the last question got no answer.
    failure: Option<Arc<Error>>,
}

impl Answers {
    /// There was an answer, if only a refusal.
    pub(in super::super) fn came(&mut self) {
        (self.any, self.failure) = (true, None);
    }

    /// There was none.
    pub(in super::super) fn failed(&mut self, error: Error) {
        self.failure = Some(Arc::new(error));
    }

    /// The error of a wait whose time is over, for a document of which the task may have failed.
    pub(in super::super) fn timed_out(&self, limit: Duration, task: Option<ProcessingFailure>) -> Error {
        let scope = TimeoutScope::Total;
        let error = Error::new(ErrorKind::Timeout(scope)).because(TimedOut { scope, limit });
        match (&self.failure, task) {
            (Some(failure), _) => {
                error.note(format!("the last status request failed: {failure}")).after(Arc::clone(failure))
            }
            (None, Some(task)) => error.note(format!(
                "the document is still being processed, and yet {}",
                Error::of_processing(task)
            )),
            (None, None) if self.any => error.note("the document is still being processed"),
            // It is still waited for.
            (None, None) => error.note("no status request was answered"),
        }
    }
}
