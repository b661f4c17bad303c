//! [`Counts`]: how many files became what.

use serde_json::{Map, Value};

/// How many files became what.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) uploaded: u64,
    pub(super) skipped: u64,
    pub(super) failed: u64,
    pub(super) not_tried: u64,
    pub(super) processed: u64,
    pub(super) not_processed: u64,
    /// Documents that were to be waited for, and were not to their end.
    pub(super) left: usize,
}

impl Counts {
    /// How many there are.
    pub(super) fn found(&self) -> u64 {
        self.uploaded + self.skipped + self.failed + self.not_tried
    }

    /// For people; with what was waited for, if that was wanted.
    pub(super) fn text(&self, waits: bool) -> String {
        let Self { uploaded, skipped, failed, not_tried, processed, not_processed, left } = self;
        let found = self.found();
        let mut text = format!("{found} files: {uploaded} uploaded, {skipped} skipped, {failed} failed");
        if *not_tried > 0 {
            text = format!("{text}, {not_tried} not tried");
        }
        if waits {
            text = format!("{text}; {processed} processed, {not_processed} not");
            if *left > 0 {
                text = format!("{text}, {left} not waited for");
            }
        }
        text
    }

    /// As the last line of JSON.
    pub(super) fn line(&self, waits: bool) -> Map<String, Value> {
        let mut line = Map::new();
        let mut set = |name: &str, value: Value| drop(line.insert(name.to_owned(), value));
        set("event", "finished".into());
        set("found", self.found().into());
        set("uploaded", self.uploaded.into());
        set("skipped", self.skipped.into());
        set("failed", self.failed.into());
        set("not_tried", self.not_tried.into());
        if waits {
            set("processed", self.processed.into());
            set("processing_failed", self.not_processed.into());
            set("not_waited_for", self.left.into());
        }
        line
    }
}
