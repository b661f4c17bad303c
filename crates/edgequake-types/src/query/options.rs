//! What a query can be told: how to search, where, and what to show.

use serde::{Deserialize, Serialize};

use crate::endpoint::setters;
use crate::open_enum::open_enum;
use crate::{DocumentId, Timestamp};

open_enum! {
    /// How the knowledge graph is searched. Servers replace a word that they do not know by their default.
    pub enum QueryMode {
        /// By similarity of chunks alone.
        Naive = "naive",
        /// From the entities that the question names.
        Local = "local",
        /// From the relationships that the question is about.
        Global = "global",
        /// Local and global together.
        Hybrid = "hybrid",
        /// Local, global and naive together.
        Mix = "mix",
        /// Not at all: the model answers from what it knows.
        Bypass = "bypass",
    }
}

open_enum! {
    /// How much of a source is shown.
    pub enum ContentGranularity {
        /// A snippet of about 200 characters.
        Citation = "citation",
        /// What an agent needs.
        Agent = "agent",
        /// Everything; needs a privileged role.
        Debug = "debug",
    }
}

open_enum! {
    /// Who said something in a conversation.
    pub enum HistoryRole {
        /// The user.
        User = "user",
        /// The model.
        Assistant = "assistant",
    }
}

open_enum! {
    /// The form of a stream. Servers read another word as `v2`; the first ones know `v1` only.
    pub enum StreamFormat {
        /// The text of the answer and nothing else.
        V1 = "v1",
        /// Events in JSON; the default.
        V2 = "v2",
        /// Events in JSON, whose context carries a bundle instead of a subgraph.
        V3 = "v3",
    }
}

/// One earlier message of the conversation that a question belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HistoryMessage {
    /// Who said it.
    pub role: HistoryRole,
    /// What was said.
    pub content: String,
}

impl HistoryMessage {
    /// Something that the user said.
    pub fn user(content: impl Into<String>) -> Self {
        Self { role: HistoryRole::User, content: content.into() }
    }

    /// Something that the model said.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self { role: HistoryRole::Assistant, content: content.into() }
    }
}

/// Which documents are searched. Dates are combined with "and"; ids and pattern with "or".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DocumentFilter {
    /// Documents from this time on, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_from: Option<Timestamp>,
    /// Documents up to this time, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_to: Option<Timestamp>,
    /// Parts of titles, separated by commas; one of them must occur. Case plays no part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_pattern: Option<String>,
    /// These documents; an empty list is no restriction. Newer servers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_ids: Option<Vec<DocumentId>>,
}

impl DocumentFilter {
    /// No restriction.
    pub fn new() -> Self {
        Self::default()
    }
}

setters! {
    DocumentFilter {
        date_from: Timestamp,
        date_to: Timestamp,
        document_pattern: String,
        document_ids: Vec<DocumentId>,
    }
}

/// How much each kind of search counts in [`QueryMode::Mix`]. By default the server weighs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MixWeights {
    /// Weight of the local search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<f64>,
    /// Weight of the global search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global: Option<f64>,
    /// Weight of the naive search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub naive: Option<f64>,
}

impl MixWeights {
    /// The server's weights.
    pub fn new() -> Self {
        Self::default()
    }
}

setters! {
    MixWeights { local: f64, global: f64, naive: f64 }
}
