//! What answers and events are made of: figures, sources, and parts of the knowledge graph and of documents.

use super::*;

/// How long an answer took and what it used. Times are in milliseconds; what a server leaves out is `None`; what this
/// version does not know is in [`extra`](Self::extra).
#[model(default)]
pub struct QueryStats {
    /// Embedding the question.
    pub embedding_time_ms: Option<u64>,
    /// Finding its keywords.
    pub keyword_time_ms: Option<u64>,
    /// Searching.
    pub retrieval_time_ms: Option<u64>,
    /// Ranking a second time.
    pub rerank_time_ms: Option<u64>,
    /// Writing the answer.
    pub generation_time_ms: Option<u64>,
    /// All of it.
    pub total_time_ms: Option<u64>,
    /// Until the model wrote its first token.
    pub ttft_ms: Option<u64>,
    /// Until the first token was on its way to the user; streams only.
    pub ux_ttft_ms: Option<u64>,
    /// The local search.
    pub arm_local_ms: Option<u64>,
    /// The global search.
    pub arm_global_ms: Option<u64>,
    /// The naive search.
    pub arm_naive_ms: Option<u64>,
    /// How many sources were found.
    pub sources_retrieved: Option<u64>,
    /// How many chunks the local search found.
    pub arm_local_chunks: Option<u64>,
    /// How many chunks the global search found.
    pub arm_global_chunks: Option<u64>,
    /// How many chunks the naive search found.
    pub arm_naive_chunks: Option<u64>,
    /// The searches that were made, separated by commas.
    pub arms_run: Option<String>,
    /// Whether searches were left out.
    pub arms_gated: Option<bool>,
    /// What the server took the question for.
    pub query_intent: Option<String>,
    /// Whether the answer was taken from a cache. Default false.
    #[field(omit_default)]
    pub answer_cache_hit: bool,
    /// Whether the keywords were taken from a cache. Default false.
    #[field(omit_default)]
    pub keyword_cache_hit: bool,
    /// Whether nothing was found. Default false.
    #[field(omit_default)]
    pub context_empty: bool,
    /// Whether more was found than the model could be given. Default false.
    #[field(omit_default)]
    pub context_truncated: bool,
    /// How many tokens were used; an estimate in streams.
    pub tokens_used: Option<u64>,
    /// How fast the model wrote, in tokens a second.
    pub tokens_per_second: Option<f64>,
    /// The provider of the model.
    pub llm_provider: Option<String>,
    /// The model that wrote the answer.
    pub llm_model: Option<String>,
    /// How the graph was really searched; streams only.
    pub query_mode: Option<QueryMode>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// Something that an answer is based on. Chunks come first, then entities, then relationships.
#[model(new(source_type, id, score))]
pub struct Source {
    /// What it is.
    pub source_type: SourceType,
    /// Id of the chunk, name of the entity, or `A->B` for a relationship.
    #[field(default)]
    pub id: String,
    /// How well it fits the question; `None` where the server had no finite number.
    #[field(always)]
    pub score: Option<f64>,
    /// How well it fits after the second ranking.
    pub rerank_score: Option<f64>,
    /// A piece of its text.
    #[field(always)]
    pub snippet: Option<String>,
    /// The mark by which the answer cites it: a number, from some servers a text.
    pub reference_id: Option<Value>,
    /// The document that it comes from.
    pub document_id: Option<DocumentId>,
    /// The file that it comes from.
    pub file_path: Option<String>,
    /// First line in the document, from 1.
    pub start_line: Option<u64>,
    /// Last line in the document.
    pub end_line: Option<u64>,
    /// Place of the chunk in its document, from 0.
    pub chunk_index: Option<u64>,
    /// Type of the entity.
    pub entity_type: Option<String>,
    /// How many relationships the entity has. Also read from `{"in", "out", "total"}`.
    #[field(read = super::degree::read)]
    pub degree: Option<u64>,
    /// The chunks that name the entity.
    #[field(omit_default)]
    pub source_chunk_ids: Vec<String>,
    /// First page in the document, from 1.
    pub page_start: Option<u64>,
    /// Last page in the document.
    pub page_end: Option<u64>,
}

/// A part of the knowledge graph.
#[model(new(entities, relationships), default)]
pub struct Subgraph {
    /// Its entities.
    pub entities: Vec<SubgraphEntity>,
    /// Its relationships.
    pub relationships: Vec<SubgraphRelationship>,
}

/// An entity of a [`Subgraph`].
#[model(default, new(name, entity_type, id = name.clone()))]
pub struct SubgraphEntity {
    /// Its id; mostly its name.
    #[field(default)]
    pub id: String,
    /// Its name.
    #[field(default)]
    pub name: String,
    /// Its type.
    #[field(default)]
    pub entity_type: String,
    /// What documents say about it.
    #[field(default)]
    pub description: String,
    /// How well it fits the question; `None` where the server had no finite number.
    #[field(always)]
    pub score: Option<f64>,
    /// How many relationships it has. Also read from `{"in", "out", "total"}`.
    #[field(read = super::degree::read)]
    pub degree: Option<u64>,
    /// Where it was found.
    pub lineage: Option<GraphLineage>,
}

/// A relationship of a [`Subgraph`].
#[model(default, new(source, target, relation_type, id = format!("{source}->{target}")))]
pub struct SubgraphRelationship {
    /// Its id.
    #[field(default)]
    pub id: String,
    /// The entity that it begins at.
    #[field(default)]
    pub source: String,
    /// The entity that it leads to.
    #[field(default)]
    pub target: String,
    /// Its type.
    #[field(default)]
    pub relation_type: String,
    /// What documents say about it.
    #[field(default)]
    pub description: String,
    /// How well it fits the question; `None` where the server had no finite number.
    #[field(always)]
    pub score: Option<f64>,
    /// Where it was found.
    pub lineage: Option<GraphLineage>,
    /// The name of the entity that it begins at, for people to read; newer servers only.
    pub source_label: Option<String>,
    /// The name of the entity that it leads to, for people to read; newer servers only.
    pub target_label: Option<String>,
}

/// Where a part of the graph was found.
#[model(default, eq)]
pub struct GraphLineage {
    /// The chunks that name the entity.
    #[field(omit_default)]
    pub source_chunk_ids: Vec<String>,
    /// The chunk that states the relationship.
    pub source_chunk_id: Option<String>,
    /// The document.
    pub source_document_id: Option<DocumentId>,
    /// The file.
    pub source_file_path: Option<String>,
}

/// Everything that a search found, for agents; with [`StreamFormat::V3`](StreamFormat::V3) only.
#[model(new())]
pub struct ContextBundle {
    /// The part of the graph that was searched.
    #[field(default)]
    pub subgraph: Subgraph,
    /// The pieces of documents, best first.
    pub chunks: Vec<BundleChunk>,
    /// The documents that they come from.
    #[field(omit_default)]
    pub documents: Vec<BundleDocument>,
    /// The text that the model was given; needs a privileged role.
    pub context_string: Option<String>,
    /// Everything else that the server put into it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// A piece of a document in a [`ContextBundle`].
#[model(new(id, content))]
pub struct BundleChunk {
    /// Its id.
    pub id: String,
    /// Its text.
    #[field(default)]
    pub content: String,
    /// How well it fits the question; `None` where the server had no finite number.
    #[field(always)]
    pub score: Option<f64>,
    /// How well it fits after the second ranking.
    pub rerank_score: Option<f64>,
    /// How many tokens its text has.
    pub token_count: u64,
    /// The mark by which an answer cites it: a number, from some servers a text.
    pub reference_id: Option<Value>,
    /// Whether its text was cut. Default false.
    #[field(omit_default)]
    pub is_truncated: bool,
    /// Where it stands.
    pub lineage: Option<ChunkLineage>,
}

/// Where a piece of a document stands.
#[model(new(), eq)]
pub struct ChunkLineage {
    /// The document.
    pub document_id: Option<DocumentId>,
    /// The file.
    pub file_path: Option<String>,
    /// First line in the document, from 1.
    pub start_line: Option<u64>,
    /// Last line in the document.
    pub end_line: Option<u64>,
    /// Place of the chunk in its document, from 0.
    pub chunk_index: Option<u64>,
}

/// A document in a [`ContextBundle`].
#[model(new(document_id, title), eq)]
pub struct BundleDocument {
    /// Its id.
    pub document_id: DocumentId,
    /// Its title.
    #[field(default)]
    pub title: String,
    /// Its media type.
    pub mime_type: Option<String>,
    /// When it was added.
    pub created_at: Option<Timestamp>,
    /// How many of its chunks are in the bundle.
    pub chunk_count_in_bundle: u64,
    /// How many of its entities are in the bundle.
    pub entity_count_in_bundle: u64,
}

/// The relationships of an entity, by their direction: how some servers write its degree.
#[model]
pub(super) struct DegreeCounts {
    #[field(rename = "in")]
    pub(super) incoming: u64,
    #[field(rename = "out")]
    pub(super) outgoing: u64,
    pub(super) total: Option<u64>,
}
