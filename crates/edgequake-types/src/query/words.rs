//! The words of queries, and short forms of what is often said.

use serde::{Deserialize, Deserializer};

use super::*;

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

    /// How much of a source is shown.
    pub enum ContentGranularity {
        /// A snippet of about 200 characters.
        Citation = "citation",
        /// What an agent needs.
        Agent = "agent",
        /// Everything; needs a privileged role.
        Debug = "debug",
    }

    /// Who said something in a conversation.
    pub enum HistoryRole {
        /// The user.
        User = "user",
        /// The model.
        Assistant = "assistant",
    }

    /// The form of a stream. Servers read another word as `v2`; the first ones know `v1` only.
    pub enum StreamFormat {
        /// The text of the answer and nothing else. Reading it, an answer that begins with a brace cannot be told from a broken event, and
        /// is an error.
        V1 = "v1",
        /// Events in JSON; the default.
        V2 = "v2",
        /// Events in JSON, whose context carries a bundle instead of a subgraph.
        V3 = "v3",
    }

    /// What kind of thing a source is.
    pub enum SourceType {
        /// A piece of a document.
        Chunk = "chunk",
        /// An entity of the graph.
        Entity = "entity",
        /// A relationship of the graph.
        Relationship = "relationship",
    }
}

/// A question alone, with the server's defaults.
impl<T: Into<String>> From<T> for Query {
    fn from(query: T) -> Self {
        Self::new(query)
    }
}

/// A question, alone or with its options.
impl<T: Into<Query>> From<T> for StreamQuery {
    fn from(query: T) -> Self {
        Self::new(query)
    }
}

impl HistoryMessage {
    /// Something that the user said.
    pub fn user(content: impl Into<String>) -> Self {
        Self::new(HistoryRole::User, content)
    }

    /// Something that the model said.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new(HistoryRole::Assistant, content)
    }
}

/// A text that has to be there, and may be `null`.
pub(super) fn text_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
