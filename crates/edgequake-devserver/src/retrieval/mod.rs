//! Retrieval without a language model: texts are split into [`chunk`]s, whose [`entities`] make up a [`graph`]; they are ranked
//! in an [`index`], and quoted in an [`answer`].

pub(crate) mod markdown;
pub(crate) mod sentence;
pub(crate) mod words;
pub(crate) mod chunk;
pub(crate) mod entities;
mod postings;
pub(crate) mod graph;
pub(crate) mod index;
pub(crate) mod search;
pub(crate) mod follow_up;
pub(crate) mod answer;
