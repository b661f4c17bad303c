//! Retrieval without a language model: texts are split into [`chunk`]s, ranked in an [`index`], and quoted in an
//! [`answer`].

pub(crate) mod markdown;
pub(crate) mod sentence;
pub(crate) mod words;
pub(crate) mod chunk;
mod postings;
pub(crate) mod index;
pub(crate) mod answer;
