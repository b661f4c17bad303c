//! The chunks of one workspace, ranked by BM25, and the graph of what they say.

mod stated;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;
use std::sync::Arc;

use bm25::{Embedder, EmbedderBuilder, Embedding, TokenEmbedder};
use edgequake_types::DocumentId;

pub(crate) use self::stated::Stated;
use super::chunk::Chunk;
use super::entities::{Facts, Pair, facts};
use super::graph::{Graph, GraphSize};
use super::postings::Postings;
use super::words::Words;
use crate::removed::{Impact, Removed};
use crate::shrink::shrink;

/// The usual number of words in a chunk, without stop words: the average length for BM25.
const CHUNK_WORDS: f32 = 80.0;

/// The number of a word. 64 bits of a good hash, so that no two words of a server have the same: the 32 bits that are usual put words that
/// differ in few characters together.
#[derive(Debug)]
struct WordNumber;

impl TokenEmbedder for WordNumber {
    type EmbeddingSpace = u64;

    fn embed(word: &str) -> u64 {
        // With the same keys each time.
        let mut hasher = DefaultHasher::new();
        hasher.write(word.as_bytes());
        hasher.finish()
    }
}

/// Turns [`Words`] into numbers.
fn embedder() -> Embedder<WordNumber, Words> {
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
pub(crate) struct PreparedChunks {
    chunks: Vec<(Arc<Chunk>, Embedding<u64>, Facts)>,
    /// What the document says.
    size: GraphSize,
}

impl PreparedChunks {
    /// `None` once `stopped` says so.
    pub(crate) fn new(chunks: Vec<Chunk>, stopped: impl Fn() -> bool) -> Option<Self> {
        let embedder = embedder();
        let facts = facts(&chunks, &stopped)?;
        let size = graph_size(facts.iter());
        let embed = |(chunk, facts): (Chunk, Facts)| {
            let embedding = embedder.embed(&chunk.text);
            (!stopped()).then(|| (Arc::new(chunk), embedding, facts))
        };
        let chunks = chunks.into_iter().zip(facts).map(embed).collect::<Option<_>>()?;
        Some(Self { chunks, size })
    }

    pub(crate) fn len(&self) -> usize {
        self.chunks.len()
    }

    /// How many entities and relationships the document has.
    pub(crate) fn graph_size(&self) -> GraphSize {
        self.size
    }

    /// The same without the entities of the chunks with these numbers.
    pub(crate) fn without_graph_of(mut self, left_out: impl Fn(usize) -> bool) -> Self {
        let left_out = self.chunks.iter_mut().enumerate().filter(|(number, _)| left_out(*number));
        let mut is_less = false;
        for (_, (_, _, facts)) in left_out {
            (*facts, is_less) = (Facts::default(), true);
        }
        if is_less {
            self.size = graph_size(self.chunks.iter().map(|(_, _, facts)| facts));
        }
        self
    }
}

/// How many entities and relationships chunks name together.
fn graph_size<'a>(facts: impl Iterator<Item = &'a Facts> + Clone) -> GraphSize {
    let names: BTreeSet<&String> = facts.clone().flat_map(|facts| &facts.names).collect();
    let pairs: BTreeSet<&Pair> = facts.flat_map(|facts| &facts.pairs).collect();
    GraphSize { entities: names.len() as u64, relationships: pairs.len() as u64 }
}

/// A chunk in the index, and its words.
struct Entry {
    document_id: DocumentId,
    number: usize,
    chunk: Arc<Chunk>,
    words: Box<[u64]>,
    facts: Facts,
}

/// The chunks of one workspace. What it takes follows what is in it: nothing is left of a chunk that was removed.
pub(crate) struct Index {
    embedder: Embedder<WordNumber, Words>,
    chunks: HashMap<u64, Entry>,
    /// For each word the chunks that have it.
    postings: HashMap<u64, Postings>,
    documents: HashMap<DocumentId, Vec<u64>>,
    graph: Graph,
    next_key: u64,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            embedder: embedder(),
            chunks: HashMap::new(),
            postings: HashMap::new(),
            documents: HashMap::new(),
            graph: Graph::default(),
            next_key: 0,
        }
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("documents", &self.documents.len()).finish_non_exhaustive()
    }
}

/// The keys of a document, which are consecutive.
fn range(keys: &[u64]) -> Range<u64> {
    keys.first().copied().unwrap_or(0)..keys.last().map_or(0, |key| key + 1)
}

impl Index {
    /// Inserts the chunks of a document, replacing its previous ones.
    pub(crate) fn insert(&mut self, document_id: &DocumentId, chunks: PreparedChunks) {
        self.remove(document_id);
        let mut keys = Vec::with_capacity(chunks.len());
        for (number, (chunk, embedding, facts)) in chunks.chunks.into_iter().enumerate() {
            let key = self.next_key;
            self.next_key += 1;
            // A word that occurs twice counts as often in its value.
            let values: BTreeMap<u64, f32> =
                embedding.0.iter().map(|word| (word.index, word.value)).collect();
            for (word, value) in &values {
                let posting = (key, *value);
                let known = self.postings.entry(*word).and_modify(|known| known.push(posting));
                known.or_insert_with(|| Postings::new(posting));
            }
            self.graph.insert(key, &facts);
            let words = values.into_keys().collect();
            let entry = Entry { document_id: document_id.clone(), number, chunk, words, facts };
            self.chunks.insert(key, entry);
            keys.push(key);
        }
        self.documents.insert(document_id.clone(), keys);
    }

    /// Removes a document, and tells what went with it.
    pub(crate) fn remove(&mut self, document_id: &DocumentId) -> Removed {
        let before = self.graph.size();
        let keys = self.documents.remove(document_id).unwrap_or_default();
        let mut words = BTreeSet::new();
        for key in &keys {
            let Some(entry) = self.chunks.remove(key) else { continue };
            self.graph.remove(*key, &entry.facts);
            words.extend(entry.words);
        }
        let removed = range(&keys);
        for word in words {
            if self.postings.get_mut(&word).is_some_and(|chunks| !chunks.remove(&removed)) {
                self.postings.remove(&word);
            }
        }
        shrink(&mut self.chunks);
        shrink(&mut self.postings);
        shrink(&mut self.documents);
        let left = self.graph.size();
        Removed {
            chunks: keys.len() as u64,
            entities: before.entities - left.entities,
            relationships: before.relationships - left.relationships,
        }
    }

    /// What [`remove`](Self::remove) would take away.
    pub(crate) fn impact(&self, document_id: &DocumentId) -> Impact {
        let keys = self.documents.get(document_id).map(Vec::as_slice).unwrap_or_default();
        let facts = keys.iter().filter_map(|key| Some(&self.chunks.get(key)?.facts));
        self.graph.impact(&range(keys), facts)
    }

    /// How well each chunk matches a query, of those that match at all.
    pub(super) fn scores(&self, query: &str) -> HashMap<u64, f32> {
        let mut scores: HashMap<u64, f32> = HashMap::new();
        for word in self.embedder.embed(query).indices() {
            let Some(chunks) = self.postings.get(word) else { continue };
            let rarity = self.rarity(chunks.len());
            for (key, value) in chunks.iter() {
                *scores.entry(*key).or_default() += rarity * value;
            }
        }
        scores
    }

    /// The document of a chunk.
    pub(super) fn document_of(&self, chunk: u64) -> Option<&DocumentId> {
        self.chunks.get(&chunk).map(|entry| &entry.document_id)
    }

    pub(super) fn hit(&self, chunk: u64, score: f32) -> Option<Hit> {
        let Entry { document_id, number, chunk, .. } = self.chunks.get(&chunk)?;
        Some(Hit { document_id: document_id.clone(), number: *number, chunk: Arc::clone(chunk), score })
    }

    pub(super) fn graph(&self) -> &Graph {
        &self.graph
    }

    /// How many entities and relationships there are.
    pub(crate) fn graph_size(&self) -> GraphSize {
        self.graph.size()
    }

    /// The inverse document frequency of a word that so many chunks have.
    #[expect(clippy::cast_precision_loss, reason = "there are fewer chunks than a float can count")]
    fn rarity(&self, chunks: usize) -> f32 {
        let (all, having) = (self.chunks.len() as f32, chunks as f32);
        (1.0 + (all - having + 0.5) / (having + 0.5)).ln()
    }
}

#[cfg(test)]
mod tests;
