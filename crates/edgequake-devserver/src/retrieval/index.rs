//! The chunks of one workspace, ranked by BM25.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bm25::{Embedder, EmbedderBuilder, Embedding};
use edgequake_types::DocumentId;

use super::chunk::Chunk;
use super::postings::Postings;
use super::words::Words;
use crate::shrink::shrink;

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
    /// `None` once `stopped` says so.
    pub(crate) fn new(chunks: Vec<Chunk>, stopped: impl Fn() -> bool) -> Option<Self> {
        let embedder = embedder();
        let embed = |chunk: Chunk| {
            let embedding = embedder.embed(&chunk.text);
            (!stopped()).then(|| (Arc::new(chunk), embedding))
        };
        chunks.into_iter().map(embed).collect::<Option<_>>().map(Self)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// A chunk in the index, and its words.
struct Entry {
    document_id: DocumentId,
    number: usize,
    chunk: Arc<Chunk>,
    words: Box<[u32]>,
}

/// The chunks of one workspace. What it takes follows what is in it: nothing is left of a chunk that was removed.
pub(crate) struct Index {
    embedder: Embedder<u32, Words>,
    chunks: HashMap<u64, Entry>,
    /// For each word the chunks that have it.
    postings: HashMap<u32, Postings>,
    documents: HashMap<DocumentId, Vec<u64>>,
    next_key: u64,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            embedder: embedder(),
            chunks: HashMap::new(),
            postings: HashMap::new(),
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
            let key = self.next_key;
            self.next_key += 1;
            // A word that occurs twice counts as often in its value.
            let values: BTreeMap<u32, f32> =
                embedding.0.iter().map(|word| (word.index, word.value)).collect();
            for (word, value) in &values {
                let posting = (key, *value);
                let known = self.postings.entry(*word).and_modify(|known| known.push(posting));
                known.or_insert_with(|| Postings::new(posting));
            }
            let words = values.into_keys().collect();
            self.chunks.insert(key, Entry { document_id: document_id.clone(), number, chunk, words });
            keys.push(key);
        }
        self.documents.insert(document_id.clone(), keys);
    }

    /// Removes a document, and returns the number of its chunks.
    pub(crate) fn remove(&mut self, document_id: &DocumentId) -> usize {
        let keys = self.documents.remove(document_id).unwrap_or_default();
        let mut words = BTreeSet::new();
        for key in &keys {
            words.extend(self.chunks.remove(key).map(|entry| entry.words).unwrap_or_default());
        }
        // The keys of a document are consecutive.
        let removed = keys.first().copied().unwrap_or(0)..keys.last().map_or(0, |key| key + 1);
        for word in words {
            if self.postings.get_mut(&word).is_some_and(|chunks| !chunks.remove(&removed)) {
                self.postings.remove(&word);
            }
        }
        shrink(&mut self.chunks);
        shrink(&mut self.postings);
        shrink(&mut self.documents);
        keys.len()
    }

    /// The best chunks of the documents that `keep` selects, best first; of equal ones, the older first.
    pub(crate) fn search(
        &self,
        query: &str,
        limit: usize,
        mut keep: impl FnMut(&DocumentId) -> bool,
    ) -> Vec<Hit> {
        let mut scores: HashMap<u64, f32> = HashMap::new();
        for word in self.embedder.embed(query).indices() {
            let Some(chunks) = self.postings.get(word) else { continue };
            let rarity = self.rarity(chunks.len());
            for (key, value) in chunks.iter() {
                *scores.entry(*key).or_default() += rarity * value;
            }
        }
        let mut found: Vec<(u64, f32)> = scores.into_iter().collect();
        found.sort_by(|(a, one), (b, other)| other.total_cmp(one).then_with(|| a.cmp(b)));
        let hits = found.into_iter().filter_map(|(key, score)| {
            let Entry { document_id, number, chunk, .. } = self.chunks.get(&key)?;
            let hit =
                || Hit { document_id: document_id.clone(), number: *number, chunk: Arc::clone(chunk), score };
            keep(document_id).then(hit)
        });
        hits.take(limit).collect()
    }

    /// The inverse document frequency of a word that so many chunks have.
    #[expect(clippy::cast_precision_loss, reason = "there are fewer chunks than a float can count")]
    fn rarity(&self, chunks: usize) -> f32 {
        let (all, having) = (self.chunks.len() as f32, chunks as f32);
        (1.0 + (all - having + 0.5) / (having + 0.5)).ln()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::chunk::chunks;
    use super::*;

    fn prepared(text: &str) -> PreparedChunks {
        PreparedChunks::new(chunks(text, || false).unwrap(), || false).unwrap()
    }

    fn index(texts: &[(&str, &str)]) -> (Index, HashSet<DocumentId>) {
        let mut index = Index::default();
        for (id, text) in texts {
            index.insert(&DocumentId::new(*id), prepared(text));
        }
        (index, texts.iter().map(|(id, _)| DocumentId::new(*id)).collect())
    }

    fn found(index: &Index, query: &str, among: &HashSet<DocumentId>) -> Vec<String> {
        index
            .search(query, 5, |document| among.contains(document))
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
        index.insert(&DocumentId::new("rivers"), prepared("A canal."));
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

    #[test]
    fn nothing_is_left_of_what_was_removed() {
        let (mut index, _) = index(&TEXTS);
        for (id, _) in TEXTS {
            index.remove(&DocumentId::new(id));
        }
        for number in 0..500 {
            let id = DocumentId::new(format!("d{number}"));
            index.insert(&id, prepared(&format!("word{number} common")));
            index.remove(&DocumentId::new(format!("d{}", number - 5)));
        }
        assert_eq!((index.chunks.len(), index.documents.len()), (5, 5));
        assert_eq!(index.postings.len(), 6);
        assert!(index.postings.capacity() < 200 && index.chunks.capacity() < 200);
        let lengths = index.postings.values().map(Postings::len);
        assert_eq!(lengths.max(), Some(5));
    }
}
