//! The PDF files of a workspace, with an index for each way to look for them.

#![cfg_attr(not(feature = "pdf"), allow(dead_code, reason = "nothing stores a file then"))]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use edgequake_types::pdf::PdfStatus;
use edgequake_types::{DocumentId, PdfId, TrackId};

use super::pdf::StoredPdf;
use super::queue::Waiting;
use super::space::Usage;
use crate::config::Config;
use crate::shrink::shrink;

/// The server holds as much as it may.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

/// The PDF files of a workspace.
#[derive(Debug)]
pub(crate) struct Pdfs {
    by_id: HashMap<PdfId, StoredPdf>,
    /// In the order of arrival.
    by_sequence: BTreeMap<u64, PdfId>,
    by_hash: HashMap<String, PdfId>,
    /// The latest conversion of each.
    by_task: HashMap<TrackId, PdfId>,
    by_document: HashMap<DocumentId, PdfId>,
    usage: Arc<Usage>,
    sequence: u64,
}

impl Pdfs {
    pub(crate) fn new(usage: Arc<Usage>) -> Self {
        Self {
            by_id: HashMap::new(),
            by_sequence: BTreeMap::new(),
            by_hash: HashMap::new(),
            by_task: HashMap::new(),
            by_document: HashMap::new(),
            usage,
            sequence: 0,
        }
    }

    /// Stores a file, and takes out the one with its id.
    pub(crate) fn insert(&mut self, mut pdf: StoredPdf) -> Result<Option<StoredPdf>, NoRoom> {
        if !self.usage.reserve(pdf.size()) {
            return Err(NoRoom);
        }
        let before = self.remove(&pdf.id);
        self.sequence += 1;
        pdf.sequence = self.sequence;
        self.by_sequence.insert(pdf.sequence, pdf.id.clone());
        self.by_hash.insert(pdf.hash.clone(), pdf.id.clone());
        self.by_task.insert(pdf.task_id.clone(), pdf.id.clone());
        if let Some(document) = &pdf.document {
            self.by_document.insert(document.clone(), pdf.id.clone());
        }
        self.by_id.insert(pdf.id.clone(), pdf);
        Ok(before)
    }

    /// Removes a file, and stops its conversion.
    pub(crate) fn remove(&mut self, id: &PdfId) -> Option<StoredPdf> {
        let pdf = self.by_id.remove(id)?;
        pdf.stop.stop();
        self.usage.release(pdf.size());
        self.by_sequence.remove(&pdf.sequence);
        self.by_hash.remove(&pdf.hash);
        self.by_task.remove(&pdf.task_id);
        if let Some(document) = &pdf.document {
            self.by_document.remove(document);
        }
        shrink(&mut self.by_id);
        shrink(&mut self.by_hash);
        shrink(&mut self.by_task);
        shrink(&mut self.by_document);
        Some(pdf)
    }

    /// The place of the last one that waits to be converted. How long that takes is not measured.
    pub(crate) fn last_place(&self, config: &Config) -> Waiting {
        let waiting = self.by_id.values().filter(|pdf| pdf.status == PdfStatus::Pending).count();
        Waiting::at(waiting, config.processing_delay, false, config.workers)
    }

    /// Changes a file, unless `change` returns `None`: how far it has come, its task, and what it became.
    pub(crate) fn update<T>(
        &mut self,
        id: &PdfId,
        change: impl FnOnce(&mut StoredPdf) -> Option<T>,
    ) -> Option<T> {
        let pdf = self.by_id.get_mut(id)?;
        let (size, task, document) = (pdf.size(), pdf.task_id.clone(), pdf.document.clone());
        let changed = change(pdf);
        // What is known of its pages is small: it may exceed the room, which is missing for the next file then.
        self.usage.exchange(size, pdf.size());
        if pdf.task_id != task {
            self.by_task.remove(&task);
            self.by_task.insert(pdf.task_id.clone(), id.clone());
        }
        if pdf.document != document {
            if let Some(before) = document {
                self.by_document.remove(&before);
            }
            if let Some(now) = &pdf.document {
                self.by_document.insert(now.clone(), id.clone());
            }
        }
        changed
    }

    pub(crate) fn get(&self, id: &PdfId) -> Option<&StoredPdf> {
        self.by_id.get(id)
    }

    /// The file with this content.
    pub(crate) fn with_hash(&self, hash: &str) -> Option<&StoredPdf> {
        self.by_id.get(self.by_hash.get(hash)?)
    }

    /// The file that this task converts, or has converted last.
    pub(crate) fn of_task(&self, task: &TrackId) -> Option<&StoredPdf> {
        self.by_id.get(self.by_task.get(task)?)
    }

    /// The file that a document was made from.
    pub(crate) fn of_document(&self, document: &DocumentId) -> Option<&StoredPdf> {
        self.by_id.get(self.by_document.get(document)?)
    }

    /// All files, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &StoredPdf> {
        self.by_sequence.values().rev().filter_map(|id| self.by_id.get(id))
    }

    /// Removes everything, and stops all conversions.
    pub(crate) fn clear(&mut self) {
        let ids: Vec<PdfId> = self.by_id.keys().cloned().collect();
        for id in ids {
            self.remove(&id);
        }
    }
}

impl Drop for Pdfs {
    fn drop(&mut self) {
        self.clear();
    }
}
