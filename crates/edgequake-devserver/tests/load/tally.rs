//! What the clients have seen.

use std::collections::BTreeMap;
use std::fmt;

use crate::orders::Seen;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) sent: u64,
    pub(crate) right: u64,
    pub(crate) ordered: BTreeMap<Seen, u64>,
    /// Answers that are neither; the first few of each client.
    pub(crate) wrong: Vec<String>,
    /// Executed uploads, deletions and queries, also those whose answer was lost.
    pub(crate) uploads: u64,
    pub(crate) deletions: u64,
    pub(crate) queries: u64,
    /// A word, and the document that has it, which is still there.
    pub(crate) kept: Option<(String, String)>,
}

impl Tally {
    pub(crate) fn see(&mut self, seen: Seen) {
        *self.ordered.entry(seen).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.right += other.right;
        for (seen, count) in other.ordered {
            *self.ordered.entry(seen).or_default() += count;
        }
        self.wrong.extend(other.wrong);
        self.uploads += other.uploads;
        self.deletions += other.deletions;
        self.queries += other.queries;
        self.kept = self.kept.take().or(other.kept);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ordered: u64 = self.ordered.values().sum();
        let share = 100.0 * ordered as f64 / self.sent.max(1) as f64;
        writeln!(
            f,
            "  {} requests: {} right answers, {ordered} ordered ones ({share:.1} %), {} wrong ones",
            self.sent,
            self.right,
            self.wrong.len()
        )?;
        write!(
            f,
            "  executed: {} uploads, {} deletions, {} queries; seen: {:?}",
            self.uploads, self.deletions, self.queries, self.ordered
        )
    }
}
