//! Searches the [`Index`] of a workspace: its chunks, its graph, or both.

use std::collections::BTreeSet;
use std::sync::Arc;

use edgequake_types::DocumentId;
use edgequake_types::query::QueryMode;

use super::graph::Matched;
use super::index::{Hit, Index};
use super::words::words;

/// The maximum number of entities, and of relationships, that a search uses.
const MAX_FROM_GRAPH: usize = 5;

/// The maximum number of chunks that are named for an entity.
const MAX_CHUNKS: usize = 5;

/// The ways to search, of which a mode combines some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arms {
    /// All chunks that match.
    pub(crate) naive: bool,
    /// Entities that match, and the chunks that name them.
    pub(crate) local: bool,
    /// Relationships of these entities, and the chunks that state them.
    pub(crate) global: bool,
}

impl Arms {
    pub(crate) fn of(mode: &QueryMode) -> Self {
        let (naive, local, global) = match mode {
            QueryMode::Naive => (true, false, false),
            QueryMode::Local => (false, true, false),
            QueryMode::Global => (false, false, true),
            QueryMode::Hybrid => (false, true, true),
            QueryMode::Bypass => (false, false, false),
            _ => (true, true, true),
        };
        Self { naive, local, global }
    }
}

/// What to search for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) query: &'a str,
    /// The maximum number of chunks.
    pub(crate) limit: usize,
    pub(crate) arms: Arms,
}

/// An entity that matches.
#[derive(Debug, Clone)]
pub(crate) struct EntityHit {
    pub(crate) name: Arc<str>,
    pub(crate) score: f32,
    /// How many relationships it has.
    pub(crate) degree: usize,
    /// Some of the chunks that name it; at least one.
    pub(crate) chunks: Vec<Hit>,
}

/// A relationship of an entity that matches.
#[derive(Debug, Clone)]
pub(crate) struct RelationHit {
    pub(crate) from: Arc<str>,
    pub(crate) to: Arc<str>,
    pub(crate) score: f32,
    /// The first chunk that states it.
    pub(crate) chunk: Hit,
}

/// The outcome of a search, each list best first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// Of equal ones, the older first.
    pub(crate) hits: Vec<Hit>,
    pub(crate) entities: Vec<EntityHit>,
    pub(crate) relations: Vec<RelationHit>,
}

/// Searches the documents that `keep` selects.
pub(crate) fn search(
    index: &Index,
    request: Request<'_>,
    mut keep: impl FnMut(&DocumentId) -> bool,
) -> Found {
    let Request { query, limit, arms } = request;
    let mut found = Found::default();
    // The chunks that the graph leads to.
    let mut reached: BTreeSet<u64> = BTreeSet::new();
    let mut kept = |chunk: u64| index.document_of(chunk).is_some_and(&mut keep);
    if arms.local || arms.global {
        let graph = index.graph();
        let mut matched = graph.matching(&words(query));
        matched.retain(|entity| entity.chunks.iter().any(|chunk| kept(*chunk)));
        matched.truncate(MAX_FROM_GRAPH);
        if arms.local {
            for Matched { name, score, degree, chunks } in &matched {
                let named = chunks.iter().filter(|chunk| kept(**chunk)).take(MAX_CHUNKS);
                let chunks_found = named.filter_map(|chunk| index.hit(*chunk, *score)).collect();
                reached.extend(*chunks);
                let name = Arc::clone(name);
                found.entities.push(EntityHit { name, score: *score, degree: *degree, chunks: chunks_found });
            }
        }
        if arms.global {
            let mut related = graph.relating(&matched);
            related.retain(|related| related.chunks.iter().any(|chunk| kept(*chunk)));
            for related in related.into_iter().take(MAX_FROM_GRAPH) {
                let first = related.chunks.iter().find(|chunk| kept(**chunk));
                reached.extend(related.chunks);
                let Some(chunk) = first.and_then(|chunk| index.hit(*chunk, related.score)) else { continue };
                let (from, to) = (Arc::clone(related.from), Arc::clone(related.to));
                found.relations.push(RelationHit { from, to, score: related.score, chunk });
            }
        }
    }
    if arms.naive || !reached.is_empty() {
        let mut ranked: Vec<(u64, f32)> = index.scores(query).into_iter().collect();
        ranked.retain(|(chunk, _)| arms.naive || reached.contains(chunk));
        ranked.sort_by(|(a, one), (b, other)| other.total_cmp(one).then_with(|| a.cmp(b)));
        let hits = ranked.into_iter().filter(|(chunk, _)| kept(*chunk));
        found.hits = hits.filter_map(|(chunk, score)| index.hit(chunk, score)).take(limit).collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::chunk::chunks;
    use super::super::index::PreparedChunks;
    use super::*;

    fn index() -> Index {
        let mut index = Index::default();
        for (id, text) in [
            ("bridge", "The Harbour Bridge was opened by Ada Berg. It is made of steel."),
            ("tower", "The old tower near Harbour Bridge is closed."),
            ("talk", "Nobody may fish from a bridge of the harbour."),
        ] {
            let prepared = PreparedChunks::new(chunks(text, || false).unwrap(), || false).unwrap();
            index.insert(&DocumentId::new(id), prepared);
        }
        index
    }

    /// The documents of the chunks, the entities, and the relationships.
    fn found(mode: QueryMode, query: &str, keep: impl Fn(&str) -> bool) -> [Vec<String>; 3] {
        let request = Request { query, limit: 5, arms: Arms::of(&mode) };
        let found = search(&index(), request, |id| keep(id.as_str()));
        let relation = |hit: &RelationHit| format!("{}->{} in {}", hit.from, hit.to, hit.chunk.document_id);
        [
            found.hits.iter().map(|hit| hit.document_id.to_string()).collect(),
            found.entities.iter().map(|hit| format!("{} {}", hit.name, hit.degree)).collect(),
            found.relations.iter().map(relation).collect(),
        ]
    }

    #[test]
    fn each_mode_uses_a_context_of_its_own() {
        let query = "Is the harbour bridge closed?";
        let (all, named, related) =
            (&["tower", "talk", "bridge"][..], &["tower", "bridge"][..], &["bridge"][..]);
        let (none, entities, relations) =
            (&[][..], &["HARBOUR_BRIDGE 1"][..], &["ADA_BERG->HARBOUR_BRIDGE in bridge"][..]);
        for (mode, expected) in [
            (QueryMode::Naive, [all, none, none]),
            (QueryMode::Local, [named, entities, none]),
            (QueryMode::Global, [related, none, relations]),
            (QueryMode::Hybrid, [named, entities, relations]),
            (QueryMode::Mix, [all, entities, relations]),
            (QueryMode::Bypass, [none, none, none]),
        ] {
            assert_eq!(found(mode.clone(), query, |_| true), expected, "{mode}");
        }
    }

    #[test]
    fn what_the_filter_excludes_is_in_no_part_of_the_context() {
        let query = "Is the harbour bridge closed?";
        let without_bridge = found(QueryMode::Mix, query, |id| id != "bridge");
        assert_eq!(without_bridge, [vec!["tower", "talk"], vec!["HARBOUR_BRIDGE 1"], vec![]]);
        assert_eq!(found(QueryMode::Mix, query, |id| id == "talk"), [vec!["talk"], vec![], vec![]]);
        assert_eq!(found(QueryMode::Local, "Who may fish?", |_| true), [vec![""; 0], vec![], vec![]]);
    }
}
