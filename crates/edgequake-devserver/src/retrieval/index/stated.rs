//! What a chunk states, by its document or by an entity.

use std::collections::BTreeSet;
use std::sync::Arc;

use edgequake_types::DocumentId;

use super::Index;
use crate::retrieval::chunk::Chunk;
use crate::retrieval::entities::Facts;

/// A chunk with what it says.
#[derive(Debug, Clone)]
pub(crate) struct Stated {
    pub(crate) document_id: DocumentId,
    /// The number of the chunk in its document, from 0.
    pub(crate) number: usize,
    pub(crate) chunk: Arc<Chunk>,
    pub(crate) facts: Facts,
}

impl Index {
    fn stated(&self, key: u64) -> Option<Stated> {
        let entry = self.chunks.get(&key)?;
        Some(Stated {
            document_id: entry.document_id.clone(),
            number: entry.number,
            chunk: Arc::clone(&entry.chunk),
            facts: entry.facts.clone(),
        })
    }

    /// The chunk of a document with this number.
    pub(crate) fn chunk_of(&self, document: &DocumentId, number: usize) -> Option<Stated> {
        self.stated(*self.documents.get(document)?.get(number)?)
    }

    /// All chunks of a document, in their order.
    pub(crate) fn chunks_of(&self, document: &DocumentId) -> Vec<Stated> {
        let keys = self.documents.get(document).into_iter().flatten();
        keys.filter_map(|key| self.stated(*key)).collect()
    }

    /// The chunks that name an entity, in the order of their arrival; none for an unknown one.
    pub(crate) fn chunks_naming(&self, entity: &str) -> Vec<Stated> {
        let keys = self.graph.chunks_of(entity).into_iter().flatten();
        keys.filter_map(|key| self.stated(*key)).collect()
    }

    /// Whether a document other than this one names an entity.
    pub(crate) fn is_shared(&self, entity: &str, document: &DocumentId) -> bool {
        let mut keys = self.graph.chunks_of(entity).into_iter().flatten();
        keys.any(|key| self.document_of(*key).is_some_and(|other| other != document))
    }

    /// The entities that are related to one, and in how many documents: the most often first.
    pub(crate) fn related(&self, entity: &str) -> Vec<(Arc<str>, usize)> {
        let documents = |chunks: &BTreeSet<u64>| {
            chunks.iter().filter_map(|key| self.document_of(*key)).collect::<BTreeSet<_>>().len()
        };
        let related = self.graph.related_to(entity);
        let mut related: Vec<(Arc<str>, usize)> =
            related.map(|(name, chunks)| (Arc::clone(name), documents(chunks))).collect();
        related.sort_by(|(a, one), (b, other)| other.cmp(one).then_with(|| a.cmp(b)));
        related
    }
}
