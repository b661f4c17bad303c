//! Finding what a workspace's documents say, without a language model: texts are cut into [`chunk`]s, ranked in an
//! [`index`], and quoted in an [`answer`].

pub(crate) mod answer;
pub(crate) mod chunk;
pub(crate) mod index;
