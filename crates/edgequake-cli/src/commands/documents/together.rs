//! [`Together`]: many documents that are waited for together, each told as it ends.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use edgequake_client::resources::{Uploaded, WaitAll, Waited};
use edgequake_types::documents::DocumentSummary;
use tokio::time::Instant;

use crate::context::Context;
use crate::failure::{Exit, Failure};

/// Uploads that are waited for, each with the name that people know it by.
pub(super) struct Together {
    waits: WaitAll,
    /// When the time is over, and how much that was.
    limit: Option<(Instant, Duration)>,
    left: BTreeMap<usize, (String, Uploaded)>,
    by_key: HashMap<String, VecDeque<usize>>,
}

/// How waiting for one document ended.
pub(super) struct Ended {
    pub(super) name: String,
    pub(super) upload: Uploaded,
    pub(super) result: Result<DocumentSummary, Failure>,
}

impl Together {
    pub(super) fn new(cx: &Context, uploads: impl IntoIterator<Item = (String, Uploaded)>) -> Self {
        let left: BTreeMap<_, _> = uploads.into_iter().enumerate().collect();
        let mut by_key: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (number, (_, upload)) in &left {
            by_key.entry(key(upload)).or_default().push_back(*number);
        }
        let waits = cx.client.documents().wait_all(left.values().map(|(_, upload)| upload));
        let (waits, limit) = match cx.timeout {
            Some(limit) => (waits.timeout(limit), Some((Instant::now() + limit, limit))),
            None => (waits, None),
        };
        Self { waits, limit, left, by_key }
    }

    /// How many have not ended.
    pub(super) fn left(&self) -> usize {
        self.left.len()
    }

    /// The next one that has ended, or whose time is over.
    pub(super) async fn next(&mut self) -> Option<Ended> {
        let waited = match self.limit {
            None => self.waits.next().await,
            Some((deadline, _)) => match tokio::time::timeout_at(deadline, self.waits.next()).await {
                Ok(waited) => waited,
                Err(_) => return self.late(),
            },
        };
        let Some(Waited { upload, result, .. }) = waited else { return self.late() };
        let number = self.by_key.get_mut(&key(&upload)).and_then(VecDeque::pop_front);
        let known = number.and_then(|number| self.left.remove(&number));
        let name = known.map(|(name, _)| name).unwrap_or_default();
        Some(Ended { name, upload, result: result.map_err(Failure::from) })
    }

    /// One whose time is over.
    fn late(&mut self) -> Option<Ended> {
        let (_, (name, upload)) = self.left.pop_first()?;
        let time = self.limit.map(|(_, limit)| format!(" after {} s", limit.as_secs_f64()));
        let text = format!("{name} is still being processed{}", time.unwrap_or_default());
        let result = Err(Failure::Other { text, source: None, exit: Exit::Unavailable });
        Some(Ended { name, upload, result })
    }
}

/// What an upload is known by from its beginning to its end: of a PDF, the document is named only later.
fn key(upload: &Uploaded) -> String {
    let named = upload.pdf_id().map(ToString::to_string);
    let named = named.or_else(|| upload.task_id().map(ToString::to_string));
    named.or_else(|| upload.document_id().map(ToString::to_string)).unwrap_or_default()
}
