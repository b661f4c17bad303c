//! [`Notes`]: everything that is not data, on stderr. Failures to write it are ignored.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use crate::failure::Failure;
use crate::output::on_one_line;

/// Whether a hint on a failure was not told before: many may have one remedy.
fn is_new(advice: &str) -> bool {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(advice.to_owned())
}

/// Writes to stderr.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notes {
    verbose: bool,
    terminal: bool,
}

impl Notes {
    /// Shows the causes of failures, and such, if `verbose`.
    pub(crate) fn new(verbose: bool) -> Self {
        Self { verbose, terminal: std::io::stderr().is_terminal() }
    }

    /// Whether more is to be told than most people want to know.
    pub(crate) fn is_verbose(self) -> bool {
        self.verbose
    }

    fn write(self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let _ = stderr.write_all(text.as_bytes());
        let _ = stderr.flush();
    }

    /// Something worth knowing.
    pub(crate) fn say(self, text: impl AsRef<str>) {
        self.write(&format!("{}\n", on_one_line(text.as_ref())));
    }

    /// Something that went wrong without stopping anything.
    pub(crate) fn warn(self, text: impl AsRef<str>) {
        self.say(format!("warning: {}", text.as_ref()));
    }

    /// What can be done.
    pub(crate) fn hint(self, text: impl AsRef<str>) {
        self.say(format!("hint: {}", text.as_ref()));
    }

    /// How far something has come: one line of a terminal that is overwritten by the next; nothing elsewhere.
    pub(crate) fn progress(self, text: impl AsRef<str>) {
        if self.terminal {
            self.write(&format!("\r\x1b[K{}", on_one_line(text.as_ref())));
        }
    }

    /// Removes the line of [`progress`](Self::progress).
    pub(crate) fn clear_progress(self) {
        if self.terminal {
            self.write("\r\x1b[K");
        }
    }

    /// Why something failed: one line, a hint, and with `-v` the causes.
    pub(crate) fn failure(self, failure: &Failure, credential: &str) {
        if let Failure::Arguments(text) = failure {
            return self.write(text);
        }
        let line = failure.line();
        if line.is_empty() {
            return;
        }
        if self.terminal && matches!(failure, Failure::Interrupted(_)) {
            // Below what was being shown, and the terminal's own ^C.
            self.write("\n");
        }
        self.say(format!("error: {line}"));
        if let Some(advice) = failure.advice(credential).filter(|advice| is_new(advice)) {
            self.hint(advice);
        }
        if self.verbose {
            for cause in failure.causes() {
                self.say(format!("cause: {cause}"));
            }
        }
    }
}
