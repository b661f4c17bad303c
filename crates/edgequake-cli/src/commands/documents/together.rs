//! [`Together`]: many documents that are waited for together, each told as it ends.

use std::collections::{HashMap, VecDeque};

use edgequake_client::resources::{Uploaded, WaitAll, Waited};
use edgequake_types::documents::DocumentSummary;

use crate::context::Context;
use crate::failure::Failure;

/// Uploads that are waited for, each with the name that people know it by.
pub(super) struct Together {
    waits: WaitAll,
    left: usize,
    /// By what the upload is known by.
    names: HashMap<String, VecDeque<String>>,
}

/// How waiting for one document ended.
pub(super) struct Ended {
    pub(super) name: String,
    pub(super) upload: Uploaded,
    pub(super) result: Result<DocumentSummary, Failure>,
}

impl Together {
    pub(super) fn new(cx: &Context, uploads: impl IntoIterator<Item = (String, Uploaded)>) -> Self {
        let mut names: HashMap<String, VecDeque<String>> = HashMap::new();
        let mut all = Vec::new();
        for (name, upload) in uploads {
            names.entry(key(&upload)).or_default().push_back(name);
            all.push(upload);
        }
        let left = all.len();
        let waits = cx.client.documents().wait_all(all);
        let waits = match cx.timeout {
            Some(limit) => waits.timeout(None).total_timeout(limit),
            None => waits,
        };
        Self { waits, left, names }
    }

    /// How many have not ended.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// The next one that has ended, or whose time is over.
    pub(super) async fn next(&mut self) -> Option<Ended> {
        let Waited { upload, result, .. } = self.waits.next().await?;
        self.left = self.left.saturating_sub(1);
        let name = self.names.get_mut(&key(&upload)).and_then(VecDeque::pop_front);
        Some(Ended { name: name.unwrap_or_default(), upload, result: result.map_err(Failure::from) })
    }
}

/// What an upload is known by from its beginning to its end: of a PDF, the document is named only later.
fn key(upload: &Uploaded) -> String {
    let named = upload.pdf_id().map(ToString::to_string);
    let named = named.or_else(|| upload.task_id().map(ToString::to_string));
    named.or_else(|| upload.document_id().map(ToString::to_string)).unwrap_or_default()
}
