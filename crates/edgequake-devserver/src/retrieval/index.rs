//! The chunks of one workspace, ranked by BM25.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bm25::{Embedder, EmbedderBuilder, Embedding, Scorer};
use edgequake_types::DocumentId;

use super::chunk::Chunk;
use super::words::Words;

/// The usual number of words in a chunk, without stop words: the average length for BM25.
const CHUNK_WORDS: f32 = 80.0;

/// Turns [`Words`] into numbers.
fn embedder() -> Embedder<u32, Words> {
    EmbedderBuilder::with_avgdl(CHUNK_WORDS).build()
}

/// A chunk that matches a query.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) document_id: DocumentId,
    /// The number of the chunk in its document, from 0.
    pub(crate) number: usize,
    pub(crate) chunk: Arc<Chunk>,
    pub(crate) score: f32,
}

/// Chunks ready for insertion into an [`Index`]. Preparing them is slow, inserting them is fast.
#[derive(Debug)]
pub(crate) struct PreparedChunks(Vec<(Arc<Chunk>, Embedding)>);

impl PreparedChunks {
    pub(crate) fn new(chunks: Vec<Chunk>) -> Self {
        let embedder = embedder();
        let embed = |chunk: Chunk| {
            let embedding = embedder.embed(&chunk.text);
            (Arc::new(chunk), embedding)
        };
        Self(chunks.into_iter().map(embed).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The chunks of one workspace.
pub(crate) struct Index {
    embedder: Embedder<u32, Words>,
    scorer: Scorer<u64>,
    chunks: HashMap<u64, (DocumentId, usize, Arc<Chunk>)>,
    documents: HashMap<DocumentId, Vec<u64>>,
    next_key: u64,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            embedder: embedder(),
            scorer: Scorer::new(),
            chunks: HashMap::new(),
            documents: HashMap::new(),
            next_key: 0,
        }
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("documents", &self.documents.len()).finish_non_exhaustive()
    }
}

impl Index {
    /// Inserts the chunks of a document, replacing its previous ones.
    pub(crate) fn insert(&mut self, document_id: &DocumentId, chunks: PreparedChunks) {
        self.remove(document_id);
        let mut keys = Vec::with_capacity(chunks.len());
        for (number, (chunk, embedding)) in chunks.0.into_iter().enumerate() {
            self.scorer.upsert(&self.next_key, embedding);
            self.chunks.insert(self.next_key, (document_id.clone(), number, chunk));
            keys.push(self.next_key);
            self.next_key += 1;
        }
        self.documents.insert(document_id.clone(), keys);
    }

    /// Removes a document, and returns the number of its chunks.
    pub(crate) fn remove(&mut self, document_id: &DocumentId) -> usize {
        let keys = self.documents.remove(document_id).unwrap_or_default();
        for key in &keys {
            self.scorer.remove(key);
            self.chunks.remove(key);
        }
        keys.len()
    }

    /// The best chunks of the documents in `among`, best first; of equal ones, the older first.
    pub(crate) fn search(&self, query: &str, among: &HashSet<DocumentId>, limit: usize) -> Vec<Hit> {
        let mut matches = self.scorer.matches(&self.embedder.embed(query));
        matches.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        let hits = matches.into_iter().filter_map(|found| {
            let (document_id, number, chunk) = self.chunks.get(&found.id)?;
            let hit = Hit {
                document_id: document_id.clone(),
                number: *number,
                chunk: Arc::clone(chunk),
                score: found.score,
            };
            among.contains(document_id).then_some(hit)
        });
        hits.take(limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::chunk::chunks;
    use super::*;

    fn index(texts: &[(&str, &str)]) -> (Index, HashSet<DocumentId>) {
        let mut index = Index::default();
        for (id, text) in texts {
            index.insert(&DocumentId::new(*id), PreparedChunks::new(chunks(text)));
        }
        (index, texts.iter().map(|(id, _)| DocumentId::new(*id)).collect())
    }

    fn found(index: &Index, query: &str, among: &HashSet<DocumentId>) -> Vec<String> {
        index
            .search(query, among, 5)
            .iter()
            .map(|hit| format!("{}-chunk-{}", hit.document_id, hit.number))
            .collect()
    }

    const TEXTS: [(&str, &str); 3] = [
        ("cats", "# Cats\nCats sleep all day.\n\n# Food\nThey eat fish, and they love fishing."),
        ("bridges", "The bridge opened in 1931. It spans the river."),
        ("rivers", "A river carries fish."),
    ];

    #[test]
    fn the_best_chunk_comes_first_whatever_the_ending_of_its_words() {
        let (index, all) = index(&TEXTS);
        assert_eq!(found(&index, "Which fishes do cats eat?", &all)[0], "cats-chunk-1");
        assert_eq!(found(&index, "when did the BRIDGES open", &all), ["bridges-chunk-0"]);
        assert_eq!(found(&index, "river", &all).len(), 2);
        for nothing in ["", "what is the", "volcano", "\0"] {
            assert!(found(&index, nothing, &all).is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn only_the_wanted_documents_are_searched() {
        let (index, _) = index(&TEXTS);
        let rivers = HashSet::from([DocumentId::new("rivers")]);
        assert_eq!(found(&index, "fish", &rivers), ["rivers-chunk-0"]);
    }

    #[test]
    fn a_document_is_replaced_and_removed() {
        let (mut index, all) = index(&TEXTS);
        index.insert(&DocumentId::new("rivers"), PreparedChunks::new(chunks("A canal.")));
        assert_eq!(found(&index, "river", &all), ["bridges-chunk-0"]);
        assert_eq!(found(&index, "canal", &all), ["rivers-chunk-0"]);
        assert_eq!(index.remove(&DocumentId::new("cats")), 2);
        assert_eq!(index.remove(&DocumentId::new("cats")), 0);
        assert!(found(&index, "cats sleep", &all).is_empty());
    }

    #[test]
    fn equal_chunks_keep_their_order() {
        let (index, all) = index(&[("b", "same words"), ("a", "same words"), ("c", "same words")]);
        assert_eq!(found(&index, "same words", &all), ["b-chunk-0", "a-chunk-0", "c-chunk-0"]);
    }
}
