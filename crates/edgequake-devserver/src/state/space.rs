//! [`Space`]: the documents and the tasks of one workspace, with a lock of their own, so that the work in one workspace
//! does not grow with what is in others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use edgequake_types::DocumentId;

use super::document::StoredDocument;
use super::documents::Documents;
use super::tasks::Tasks;
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
}

/// What is in a workspace.
#[derive(Debug)]
pub(crate) struct Contents {
    /// What the index knows at the moment.
    pub(crate) graph: GraphSize,
    pub(crate) documents: Documents,
    pub(crate) tasks: Tasks,
}

impl Contents {
    /// Removes a document, stops its processing, and releases its task.
    pub(crate) fn remove(&mut self, id: &DocumentId) -> Option<StoredDocument> {
        let document = self.documents.remove(id)?;
        self.tasks.release(&document.task_id);
        Some(document)
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
    /// What is in a workspace; `None` while there is nothing.
    pub(crate) fn get(&self, place: &Place) -> Option<Arc<Space>> {
        self.by_place.read().unwrap_or_else(PoisonError::into_inner).get(place).cloned()
    }

    /// The contents of a workspace that exists, to add something.
    pub(crate) fn open(&self, place: &Place) -> Arc<Space> {
        if let Some(space) = self.get(place) {
            return space;
        }
        let mut by_place = self.by_place.write().unwrap_or_else(PoisonError::into_inner);
        let space = by_place.entry(place.clone()).or_insert_with(|| {
            let documents = Documents::new(Arc::clone(&self.usage));
            let contents =
                Mutex::new(Contents { graph: GraphSize::default(), documents, tasks: Tasks::default() });
            Arc::new(Space { place: place.clone(), index: SharedIndex::default(), contents })
        });
        Arc::clone(space)
    }

    /// Removes a workspace with everything in it, and stops what is being processed.
    pub(crate) fn remove(&self, place: &Place) {
        let removed = self.by_place.write().unwrap_or_else(PoisonError::into_inner).remove(place);
        if let Some(space) = removed {
            space.contents().documents.clear();
        }
    }

    /// Removes all workspaces.
    pub(crate) fn clear(&self) {
        let removed = std::mem::take(&mut *self.by_place.write().unwrap_or_else(PoisonError::into_inner));
        for space in removed.into_values() {
            space.contents().documents.clear();
        }
    }
}

#[cfg(test)]
impl Usage {
    pub(crate) fn is_unused(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}
