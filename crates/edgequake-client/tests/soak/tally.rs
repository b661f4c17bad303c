//! [`Tally`]: what the workers have seen.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use edgequake_client::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    List,
    UploadText,
    UploadFile,
    Query,
    Stream,
    Me,
}

const OPERATIONS: usize = 6;

#[derive(Debug, Default)]
struct Count {
    right: u64,
    errors: u64,
    slowest: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: BTreeMap<Operation, Count>,
    errors: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn count(&mut self, operation: Operation, took: Duration, error: Option<&Error>) {
        let count = self.counts.entry(operation).or_default();
        count.slowest = count.slowest.max(took);
        match error {
            None => count.right += 1,
            Some(error) => {
                count.errors += 1;
                let of_session = if error.credentials().is_some() { " of the session" } else { "" };
                *self.errors.entry(format!("{:?}{of_session}", error.kind())).or_default() += 1;
            }
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (operation, Count { right, errors, slowest }) in other.counts {
            let count = self.counts.entry(operation).or_default();
            count.right += right;
            count.errors += errors;
            count.slowest = count.slowest.max(slowest);
        }
        for (kind, count) in other.errors {
            *self.errors.entry(kind).or_default() += count;
        }
    }

    /// How many right answers there were.
    pub(crate) fn right(&self) -> u64 {
        self.counts.values().map(|count| count.right).sum()
    }

    /// How many right errors there were.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.values().sum()
    }

    pub(crate) fn every_operation_was_answered(&self) -> bool {
        self.counts.values().filter(|count| count.right > 0).count() == OPERATIONS
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (right, errors) = (self.right(), self.errors());
        writeln!(f, "  {} calls: {right} right answers, {errors} right errors", right + errors)?;
        for (operation, Count { right, errors, slowest }) in &self.counts {
            let slowest = slowest.as_millis();
            writeln!(f, "    {operation:?}: {right} right, {errors} errors, the slowest in {slowest} ms")?;
        }
        let errors: Vec<String> = self.errors.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        write!(f, "  errors: {}", errors.join(", "))
    }
}
