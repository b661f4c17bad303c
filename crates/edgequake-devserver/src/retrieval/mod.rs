//! Retrieval without a language model: texts are split into [`chunk`]s, ranked in an [`index`], and quoted in an
//! [`answer`].

pub(crate) mod answer;
pub(crate) mod chunk;
pub(crate) mod index;
