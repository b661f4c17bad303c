//! Events as objects, as far as they are told apart and read by their type.

use super::*;

/// What the frequent events are made of, and what tells the others apart.
#[model]
pub(super) struct Head {
    #[field(rename = "type", lenient)]
    pub kind: Option<String>,
    pub content: Option<Value>,
    pub chunk: Option<Value>,
    pub token: Option<Value>,
    pub error: Option<Value>,
}

#[model]
pub(super) struct Context {
    pub sources: Vec<Source>,
    pub query_mode: Option<QueryMode>,
    pub retrieval_time_ms: Option<u64>,
    pub subgraph: Option<Subgraph>,
    pub bundle: Option<Box<ContextBundle>>,
}

#[model]
pub(super) struct Done {
    pub stats: Option<Box<QueryStats>>,
    pub llm_provider: Option<String>,
    pub llm_model: Option<String>,
    pub answer: Option<String>,
}
