//! [`Space`]: the documents and the tasks of one workspace, with a lock of their own, so that the work in one workspace
//! does not grow with what is in others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use edgequake_types::documents::{Document, DocumentStatus, DocumentSummary};
use edgequake_types::tasks::TaskStatus;
use edgequake_types::{DocumentId, InjectionId, PdfId};
use tokio::sync::watch;

use super::document::StoredDocument;
use super::documents::Documents;
use super::injections::{Injections, StoredInjection};
use super::pdf::{METHOD, StoredPdf};
use super::pdfs::Pdfs;
use super::tasks::Tasks;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::place::Place;
use crate::retrieval::graph::GraphSize;
use crate::retrieval::index::Index;

/// The maximum size of all documents of a server, in bytes.
const CAPACITY: usize = if cfg!(test) { 256 * 1024 } else { 256 * 1024 * 1024 };

/// How much all workspaces hold together.
#[derive(Debug, Default)]
pub(crate) struct Usage(AtomicUsize);

impl Usage {
    /// Takes room; false if there is not so much.
    pub(crate) fn reserve(&self, bytes: usize) -> bool {
        let reserved = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|used| *used <= CAPACITY)
        });
        reserved.is_ok()
    }

    pub(crate) fn release(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes more room or less for something that is there.
    pub(crate) fn exchange(&self, before: usize, after: usize) {
        self.0.fetch_add(after, Ordering::Relaxed);
        self.release(before);
    }
}

/// What is in a workspace.
#[derive(Debug)]
pub(crate) struct Contents {
    /// What the index knows at the moment.
    pub(crate) graph: GraphSize,
    pub(crate) documents: Documents,
    pub(crate) pdfs: Pdfs,
    pub(crate) injections: Injections,
    pub(crate) tasks: Tasks,
}

impl Contents {
    /// Removes a document and the file that it was made from, and releases its task. One that is being processed is cancelled, and
    /// so is its task.
    pub(crate) fn remove(&mut self, id: &DocumentId, now: Timestamp) -> Option<StoredDocument> {
        let mut document = self.documents.remove(id)?;
        if document.is_in_flight() {
            self.tasks.finish(&document.task_id, TaskStatus::Cancelled, None, now);
            document.status = DocumentStatus::Cancelled;
            document.stage = "cancelled";
            document.updated_at = now;
        }
        self.tasks.release(&document.task_id);
        if let Some(pdf) = self.pdfs.of_document(id).map(|pdf| pdf.id.clone()) {
            self.remove_pdf(&pdf);
        }
        Some(document)
    }

    /// Removes a file, stops its conversion, and releases its task.
    pub(crate) fn remove_pdf(&mut self, id: &PdfId) -> Option<StoredPdf> {
        let pdf = self.pdfs.remove(id)?;
        self.tasks.release(&pdf.task_id);
        Some(pdf)
    }

    /// Removes an injected text, stops its processing, and releases its task.
    pub(crate) fn remove_injection(&mut self, id: &InjectionId) -> Option<StoredInjection> {
        let injection = self.injections.remove(id)?;
        self.tasks.release(&injection.task_id);
        Some(injection)
    }

    /// A document as lists show it, with the file that it was made from.
    pub(crate) fn summary(&self, document: &StoredDocument, config: &Config) -> DocumentSummary {
        let mut summary = document.summary(config.era);
        summary.status = config.completed_status.shown(&document.status);
        summary.pdf_id = self.pdfs.of_document(&document.id).map(|pdf| pdf.id.clone());
        summary
    }

    /// A document in full, with the file that it was made from.
    pub(crate) fn detail(&self, document: &StoredDocument, place: &Place, config: &Config) -> Document {
        let mut detail = document.detail(place, config.era);
        detail.status = config.completed_status.shown(&document.status);
        if let Some(pdf) = self.pdfs.of_document(&document.id) {
            detail.pdf_id = Some(pdf.id.clone());
            detail.file_size = Some(pdf.bytes.len() as u64);
            detail.mime_type = Some("application/pdf".to_owned());
            if let Some(lineage) = &mut detail.lineage {
                lineage.pdf_extraction_method = Some(METHOD.to_owned());
            }
        }
        detail
    }

    /// Removes everything, and stops all processing.
    fn clear(&mut self) {
        self.documents.clear();
        self.pdfs.clear();
        self.injections.clear();
    }
}

/// The index of a workspace. It has its own lock because searches and insertions take long; only threads that may block
/// take it. The lock of the contents may be taken while it is held, and never the other way round.
pub(crate) type SharedIndex = Arc<Mutex<Index>>;

/// A workspace.
#[derive(Debug)]
pub(crate) struct Space {
    pub(crate) place: Place,
    pub(crate) index: SharedIndex,
    contents: Mutex<Contents>,
    /// Sent to when a conversion has come further.
    pub(crate) conversions: watch::Sender<()>,
}

impl Space {
    /// The documents and tasks. Lock them briefly, and never across an await.
    pub(crate) fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the index, on a thread that may block. Waits for running searches.
    pub(crate) fn change_index<T>(&self, change: impl FnOnce(&mut Index) -> T) -> T {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut index);
        self.contents().graph = index.graph_size();
        changed
    }
}

/// The workspaces of a server that hold something.
#[derive(Debug, Default)]
pub(crate) struct Spaces {
    by_place: RwLock<HashMap<Place, Arc<Space>>>,
    usage: Arc<Usage>,
}

impl Spaces {
    /// How much there is, for what belongs to no workspace.
    #[cfg(feature = "pdf")]
    pub(crate) fn usage(&self) -> Arc<Usage> {
        Arc::clone(&self.usage)
    }

    /// What is in a workspace; `None` while there is nothing.
    pub(crate) fn get(&self, place: &Place) -> Option<Arc<Space>> {
        self.by_place.read().unwrap_or_else(PoisonError::into_inner).get(place).cloned()
    }

    /// All that hold something.
    pub(crate) fn all(&self) -> Vec<Arc<Space>> {
        self.by_place.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The contents of a workspace that exists, to add something.
    pub(crate) fn open(&self, place: &Place) -> Arc<Space> {
        if let Some(space) = self.get(place) {
            return space;
        }
        let mut by_place = self.by_place.write().unwrap_or_else(PoisonError::into_inner);
        let space = by_place.entry(place.clone()).or_insert_with(|| {
            let documents = Documents::new(Arc::clone(&self.usage));
            let contents = Contents {
                graph: GraphSize::default(),
                documents,
                pdfs: Pdfs::new(Arc::clone(&self.usage)),
                injections: Injections::new(Arc::clone(&self.usage)),
                tasks: Tasks::default(),
            };
            Arc::new(Space {
                place: place.clone(),
                index: SharedIndex::default(),
                contents: Mutex::new(contents),
                conversions: watch::Sender::default(),
            })
        });
        Arc::clone(space)
    }

    /// Removes a workspace with everything in it, and stops what is being processed.
    pub(crate) fn remove(&self, place: &Place) {
        let removed = self.by_place.write().unwrap_or_else(PoisonError::into_inner).remove(place);
        if let Some(space) = removed {
            space.contents().clear();
        }
    }

    /// Removes all workspaces.
    pub(crate) fn clear(&self) {
        let removed = std::mem::take(&mut *self.by_place.write().unwrap_or_else(PoisonError::into_inner));
        for space in removed.into_values() {
            space.contents().clear();
        }
    }
}

#[cfg(all(test, feature = "pdf"))]
impl Spaces {
    pub(crate) fn is_unused(&self) -> bool {
        self.usage.is_unused()
    }
}

#[cfg(test)]
impl Usage {
    pub(crate) fn is_unused(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}
