//! The jobs that make Markdown of PDF files, as long as they are remembered.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use edgequake_types::ParseJobId;
use edgequake_types::parse::{ParseError, ParseJob, ParseResult, ParseStatus};

use super::space::Usage;
use crate::clock::Timestamp;
use crate::place::Place;
use crate::stop::Stop;

/// The maximum number of jobs; the oldest are forgotten.
const CAPACITY: usize = 1_000;

/// How long a job is remembered.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// What a job takes besides its file or its result, in bytes.
const OVERHEAD: usize = 1024;

/// What a page of a result takes besides its text, in bytes.
const PAGE: usize = 64;

#[derive(Debug)]
struct Stored {
    place: Place,
    job: ParseJob,
    expires: Timestamp,
    /// The room that it has.
    size: usize,
    /// Stops it once it is forgotten.
    stop: Stop,
}

#[derive(Debug, Default)]
struct Table {
    by_id: HashMap<ParseJobId, Stored>,
    /// In the order of arrival.
    order: VecDeque<ParseJobId>,
}

/// The parse jobs of a server.
#[derive(Debug)]
pub(crate) struct ParseJobs {
    table: Mutex<Table>,
    usage: Arc<Usage>,
}

impl ParseJobs {
    pub(crate) fn new(usage: Arc<Usage>) -> Self {
        Self { table: Mutex::default(), usage }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget_first(&self, table: &mut Table) {
        if let Some(stored) = table.order.pop_front().and_then(|id| table.by_id.remove(&id)) {
            self.usage.release(stored.size);
            stored.stop.stop();
        }
    }

    fn forget_expired(&self, table: &mut Table, now: Timestamp) {
        // They expire in the order of their arrival.
        while table
            .order
            .front()
            .is_some_and(|id| table.by_id.get(id).is_none_or(|first| first.expires <= now))
        {
            self.forget_first(table);
        }
    }

    /// Takes room for a file of this size until its job is over; false if there is not so much.
    pub(crate) fn insert(
        &self,
        place: &Place,
        job: ParseJob,
        (file, stop): (usize, Stop),
        now: Timestamp,
    ) -> bool {
        let mut table = self.table();
        self.forget_expired(&mut table, now);
        let size = OVERHEAD + file;
        if !self.usage.reserve(size) {
            return false;
        }
        if table.by_id.len() >= CAPACITY {
            self.forget_first(&mut table);
        }
        let id = job.job_id.clone();
        let stored = Stored { place: place.clone(), job, expires: now.saturating_add(LIFETIME), size, stop };
        table.by_id.insert(id.clone(), stored);
        table.order.push_back(id);
        true
    }

    /// A job of a workspace.
    pub(crate) fn get(&self, place: &Place, id: &ParseJobId, now: Timestamp) -> Option<ParseJob> {
        let mut table = self.table();
        self.forget_expired(&mut table, now);
        table.by_id.get(id).filter(|stored| stored.place == *place).map(|stored| stored.job.clone())
    }

    /// Records that a job has begun.
    pub(crate) fn begin(&self, id: &ParseJobId) {
        if let Some(stored) = self.table().by_id.get_mut(id) {
            stored.job.status = ParseStatus::Processing;
        }
    }

    /// Records the end of a job, which keeps its result in the place of its file. One whose result finds no room fails.
    pub(crate) fn finish(&self, id: &ParseJobId, outcome: Result<ParseResult, ParseError>) {
        let mut table = self.table();
        let Some(stored) = table.by_id.get_mut(id) else { return };
        let result = outcome.as_ref().map_or(0, |result| {
            result.markdown.len() + result.page_timings.as_ref().map_or(0, Vec::len) * PAGE
        });
        let more = (OVERHEAD + result).saturating_sub(stored.size);
        let has_room = more == 0 || self.usage.reserve(more);
        let (outcome, size) =
            if has_room { (outcome, OVERHEAD + result) } else { (Err(no_room()), OVERHEAD) };
        // What it takes more is reserved already.
        self.usage.release((stored.size + if has_room { more } else { 0 }).saturating_sub(size));
        stored.size = size;
        match outcome {
            Ok(result) => (stored.job.status, stored.job.result) = (ParseStatus::Completed, Some(result)),
            Err(error) => (stored.job.status, stored.job.error) = (ParseStatus::Failed, Some(error)),
        }
    }

    /// Forgets all jobs.
    pub(crate) fn clear(&self) {
        let mut table = self.table();
        while !table.order.is_empty() {
            self.forget_first(&mut table);
        }
    }
}

/// Why a result is not kept.
fn no_room() -> ParseError {
    let mut error = ParseError::default();
    error.code = Some("parse.too_large".to_owned());
    error.message =
        Some("The server has no room for the result; results of jobs make room after an hour".to_owned());
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_forgotten_after_an_hour_and_when_there_are_too_many() {
        let usage = Arc::new(Usage::default());
        let jobs = ParseJobs::new(Arc::clone(&usage));
        let place = Place::server_default();
        let job = |id: &str| ParseJob::new(id, ParseStatus::Accepted);
        let start = Timestamp::UNIX_EPOCH;
        assert!(jobs.insert(&place, job("first"), (0, Stop::default()), start));
        // As much as a server of the tests holds.
        assert!(!jobs.insert(&place, job("large"), (256 * 1024, Stop::default()), start));
        let (later, stop) = (start.saturating_add(LIFETIME / 2), Stop::default());
        assert!(jobs.insert(&place, job("second"), (100_000, stop.clone()), later));
        assert!(jobs.get(&place, &"first".into(), later).is_some());
        let late = start.saturating_add(LIFETIME);
        assert!(jobs.get(&place, &"first".into(), late).is_none());
        jobs.finish(&"first".into(), Err(ParseError::default()));
        jobs.finish(&"second".into(), Ok(ParseResult::new("text", None)));
        assert!(jobs.get(&place, &"second".into(), late).unwrap().status.is_success());
        for number in 0..100 {
            assert!(jobs.insert(&place, job(&number.to_string()), (0, Stop::default()), late), "{number}");
        }
        assert!(!stop.is_stopped());
        jobs.clear();
        assert!(stop.is_stopped() && usage.is_unused());
    }

    #[test]
    fn a_result_that_finds_no_room_is_not_kept() {
        let usage = Arc::new(Usage::default());
        let jobs = ParseJobs::new(Arc::clone(&usage));
        let (place, start) = (Place::server_default(), Timestamp::UNIX_EPOCH);
        for (id, length, is_kept) in [("small", 10_000, true), ("large", 512 * 1024, false)] {
            let job = ParseJob::new(id, ParseStatus::Accepted);
            assert!(jobs.insert(&place, job, (20_000, Stop::default()), start));
            jobs.finish(&id.into(), Ok(ParseResult::new("x".repeat(length), None)));
            let job = jobs.get(&place, &id.into(), start).unwrap();
            assert_eq!((job.status.is_success(), job.result.is_some()), (is_kept, is_kept), "{id}");
            let code = job.error.and_then(|error| error.code);
            assert_eq!(code.as_deref(), (!is_kept).then_some("parse.too_large"));
        }
        jobs.clear();
        assert!(usage.is_unused());
    }
}
