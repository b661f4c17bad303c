//! The knowledge injected into a workspace: short texts beside its documents.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use edgequake_types::injections::{Injection, InjectionSource, InjectionStatus, InjectionSummary};
use edgequake_types::{DocumentId, InjectionId, TrackId};

use super::space::Usage;
use crate::clock::{Timestamp, rfc3339};
use crate::shrink::shrink;
use crate::stop::Stop;

/// What a text takes besides its name and content, in bytes: ids, its task.
const OVERHEAD: usize = 1024;

/// A text as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredInjection {
    pub(crate) id: InjectionId,
    pub(crate) name: String,
    pub(crate) content: Arc<String>,
    /// From 1.
    pub(crate) version: u64,
    pub(crate) source: InjectionSource,
    pub(crate) status: InjectionStatus,
    /// Why it failed.
    pub(crate) error: Option<String>,
    pub(crate) entity_count: u64,
    /// Processes the latest version.
    pub(crate) task_id: TrackId,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Stops the processing of the latest version.
    pub(crate) stop: Stop,
    /// The order of arrival.
    pub(crate) sequence: u64,
}

impl StoredInjection {
    /// Its id in the index.
    pub(crate) fn indexed(&self) -> DocumentId {
        DocumentId::new(self.id.as_str())
    }

    fn size(&self) -> usize {
        OVERHEAD + self.name.len() + self.content.len()
    }

    /// The text as lists show it.
    pub(crate) fn summary(&self) -> InjectionSummary {
        let mut summary = InjectionSummary::new(self.id.clone(), &self.name, self.status.clone());
        summary.entity_count = self.entity_count;
        summary.source_type = Some(self.source.clone());
        summary.error.clone_from(&self.error);
        summary.created_at = Some(rfc3339(self.created_at));
        summary.updated_at = Some(rfc3339(self.updated_at));
        summary
    }

    /// The text in full.
    pub(crate) fn detail(&self) -> Injection {
        let content = self.content.to_string();
        let mut injection = Injection::new(self.id.clone(), &self.name, content, self.status.clone());
        injection.version = self.version;
        injection.entity_count = self.entity_count;
        injection.source_type = Some(self.source.clone());
        injection.error.clone_from(&self.error);
        injection.created_at = Some(rfc3339(self.created_at));
        injection.updated_at = Some(rfc3339(self.updated_at));
        injection
    }
}

/// The injected texts of a workspace.
#[derive(Debug)]
pub(crate) struct Injections {
    by_id: HashMap<InjectionId, StoredInjection>,
    /// In the order of arrival.
    by_sequence: BTreeMap<u64, InjectionId>,
    /// The latest task of each.
    by_task: HashMap<TrackId, InjectionId>,
    usage: Arc<Usage>,
    sequence: u64,
}

impl Injections {
    pub(crate) fn new(usage: Arc<Usage>) -> Self {
        Self {
            by_id: HashMap::new(),
            by_sequence: BTreeMap::new(),
            by_task: HashMap::new(),
            usage,
            sequence: 0,
        }
    }

    /// Stores a new text; false if there is no room for it.
    pub(crate) fn insert(&mut self, mut injection: StoredInjection) -> bool {
        if !self.usage.reserve(injection.size()) {
            return false;
        }
        self.sequence += 1;
        injection.sequence = self.sequence;
        self.by_sequence.insert(injection.sequence, injection.id.clone());
        self.by_task.insert(injection.task_id.clone(), injection.id.clone());
        self.by_id.insert(injection.id.clone(), injection);
        true
    }

    /// Puts a changed text in the place of the one with its id; false if there is no room for it.
    pub(crate) fn replace(&mut self, injection: StoredInjection) -> bool {
        let Some(before) = self.by_id.get(&injection.id) else { return false };
        let (old, new) = (before.size(), injection.size());
        if new > old && !self.usage.reserve(new - old) {
            return false;
        }
        self.usage.release(old.saturating_sub(new));
        self.by_task.remove(&before.task_id);
        self.by_task.insert(injection.task_id.clone(), injection.id.clone());
        self.by_id.insert(injection.id.clone(), injection);
        true
    }

    /// Removes a text, and stops its processing.
    pub(crate) fn remove(&mut self, id: &InjectionId) -> Option<StoredInjection> {
        let injection = self.by_id.remove(id)?;
        injection.stop.stop();
        self.usage.release(injection.size());
        self.by_sequence.remove(&injection.sequence);
        self.by_task.remove(&injection.task_id);
        shrink(&mut self.by_id);
        shrink(&mut self.by_task);
        Some(injection)
    }

    pub(crate) fn get(&self, id: &InjectionId) -> Option<&StoredInjection> {
        self.by_id.get(id)
    }

    /// Changes how far the processing of a text has come, unless `change` returns `None`.
    pub(crate) fn update<T>(
        &mut self,
        id: &InjectionId,
        change: impl FnOnce(&mut StoredInjection) -> Option<T>,
    ) -> Option<T> {
        change(self.by_id.get_mut(id)?)
    }

    /// The text that this task processes, or has processed last.
    pub(crate) fn of_task(&self, task: &TrackId) -> Option<&StoredInjection> {
        self.by_id.get(self.by_task.get(task)?)
    }

    /// The text with this id in the index, if it can be searched.
    pub(crate) fn searchable(&self, indexed: &DocumentId) -> Option<&StoredInjection> {
        let injection = self.by_id.get(&InjectionId::new(indexed.as_str()))?;
        (injection.status == InjectionStatus::Completed).then_some(injection)
    }

    /// All texts, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &StoredInjection> {
        self.by_sequence.values().rev().filter_map(|id| self.by_id.get(id))
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Removes everything, and stops all processing.
    pub(crate) fn clear(&mut self) {
        let ids: Vec<InjectionId> = self.by_id.keys().cloned().collect();
        for id in ids {
            self.remove(&id);
        }
    }
}

impl Drop for Injections {
    fn drop(&mut self) {
        self.clear();
    }
}
