//! [`Graph`]: the entities and relationships of one workspace, and the chunks that state them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::entities::{Facts, Pair};
use super::words::words;
use crate::removed::{Impact, Removed};
use crate::shrink::shrink;

type Name = Arc<str>;

/// How many entities and relationships there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct GraphSize {
    pub(crate) entities: u64,
    pub(crate) relationships: u64,
}

/// An entity, as long as a chunk names it.
#[derive(Debug)]
struct Entity {
    chunks: BTreeSet<u64>,
    neighbours: BTreeSet<Name>,
    /// The words of its name, as queries are split.
    words: BTreeSet<String>,
}

/// A relationship that fits a query: its names, how well, and the chunks that state it.
#[derive(Debug)]
pub(super) struct Related<'a> {
    pub(super) from: &'a Name,
    pub(super) to: &'a Name,
    pub(super) score: f32,
    pub(super) chunks: &'a BTreeSet<u64>,
}

/// An entity that fits a query.
#[derive(Debug)]
pub(super) struct Matched<'a> {
    pub(super) name: &'a Name,
    pub(super) score: f32,
    pub(super) degree: usize,
    pub(super) chunks: &'a BTreeSet<u64>,
}

/// The graph of a workspace. Nothing is left of chunks that were removed.
#[derive(Debug, Default)]
pub(super) struct Graph {
    entities: HashMap<Name, Entity>,
    relationships: HashMap<(Name, Name), BTreeSet<u64>>,
    /// The entities with a word in their names.
    by_word: HashMap<String, BTreeSet<Name>>,
}

impl Graph {
    pub(super) fn size(&self) -> GraphSize {
        GraphSize { entities: self.entities.len() as u64, relationships: self.relationships.len() as u64 }
    }

    /// Adds what a chunk says.
    pub(super) fn insert(&mut self, chunk: u64, facts: &Facts) {
        for name in &facts.names {
            let name = self.name(name);
            if let Some(entity) = self.entities.get_mut(&name) {
                entity.chunks.insert(chunk);
            }
        }
        for (from, to) in &facts.pairs {
            let (from, to) = (self.name(from), self.name(to));
            for (one, other) in [(&from, &to), (&to, &from)] {
                if let Some(entity) = self.entities.get_mut(one) {
                    entity.neighbours.insert(Arc::clone(other));
                }
            }
            self.relationships.entry((from, to)).or_default().insert(chunk);
        }
    }

    /// The one copy of a name, whose entity is there from then on.
    fn name(&mut self, name: &str) -> Name {
        if let Some((known, _)) = self.entities.get_key_value(name) {
            return Arc::clone(known);
        }
        let new: Name = name.into();
        let words = words(&name.replace('_', " "));
        for word in &words {
            self.by_word.entry(word.clone()).or_default().insert(Arc::clone(&new));
        }
        let entity = Entity { chunks: BTreeSet::new(), neighbours: BTreeSet::new(), words };
        self.entities.insert(Arc::clone(&new), entity);
        new
    }

    /// Removes what a chunk said.
    pub(super) fn remove(&mut self, chunk: u64, facts: &Facts) {
        for (from, to) in &facts.pairs {
            let pair = (Name::from(from.as_str()), Name::from(to.as_str()));
            let Some(chunks) = self.relationships.get_mut(&pair) else { continue };
            chunks.remove(&chunk);
            if !chunks.is_empty() {
                continue;
            }
            self.relationships.remove(&pair);
            for (one, other) in [(&pair.0, &pair.1), (&pair.1, &pair.0)] {
                if let Some(entity) = self.entities.get_mut(one) {
                    entity.neighbours.remove(other);
                }
            }
        }
        for name in &facts.names {
            let Some(entity) = self.entities.get_mut(name.as_str()) else { continue };
            entity.chunks.remove(&chunk);
            if !entity.chunks.is_empty() {
                continue;
            }
            for word in &entity.words {
                if let Some(names) = self.by_word.get_mut(word) {
                    names.remove(name.as_str());
                    if names.is_empty() {
                        self.by_word.remove(word);
                    }
                }
            }
            self.entities.remove(name.as_str());
        }
        shrink(&mut self.entities);
        shrink(&mut self.relationships);
        shrink(&mut self.by_word);
    }

    /// What would become of the graph without these consecutive chunks, which say this.
    pub(super) fn impact<'a>(&self, chunks: &Range<u64>, facts: impl Iterator<Item = &'a Facts>) -> Impact {
        let (mut names, mut pairs): (BTreeSet<&str>, BTreeSet<&Pair>) = Default::default();
        for facts in facts {
            names.extend(facts.names.iter().map(String::as_str));
            pairs.extend(&facts.pairs);
        }
        let goes = |stated: &BTreeSet<u64>| stated.iter().all(|chunk| chunks.contains(chunk));
        let entities = names.into_iter().filter_map(|name| Some(&self.entities.get(name)?.chunks));
        let relationships = pairs
            .into_iter()
            .filter_map(|(from, to)| self.relationships.get(&(from.as_str().into(), to.as_str().into())));
        let (entities, shared): (Vec<_>, Vec<_>) = entities.partition(|stated| goes(stated));
        let (relationships, stated_elsewhere): (Vec<_>, Vec<_>) =
            relationships.partition(|stated| goes(stated));
        Impact {
            removed: Removed {
                chunks: chunks.end - chunks.start,
                entities: entities.len() as u64,
                relationships: relationships.len() as u64,
            },
            entities_updated: shared.len() as u64,
            relationships_updated: stated_elsewhere.len() as u64,
        }
    }

    /// The chunks that name an entity.
    pub(super) fn chunks_of(&self, name: &str) -> Option<&BTreeSet<u64>> {
        self.entities.get(name).map(|entity| &entity.chunks)
    }

    /// The entities that are related to one, each with the chunks that say so.
    pub(super) fn related_to(&self, name: &str) -> impl Iterator<Item = (&Name, &BTreeSet<u64>)> {
        let known = self.entities.get_key_value(name);
        known.into_iter().flat_map(move |(name, entity)| {
            entity.neighbours.iter().filter_map(move |other| {
                let (from, to) = if name < other { (name, other) } else { (other, name) };
                Some((other, self.relationships.get(&(Arc::clone(from), Arc::clone(to)))?))
            })
        })
    }

    /// The entities whose names share words with a query, best first: those whose names it says in full.
    pub(super) fn matching(&self, asked: &BTreeSet<String>) -> Vec<Matched<'_>> {
        let mut shared: BTreeMap<&Name, usize> = BTreeMap::new();
        for name in asked.iter().filter_map(|word| self.by_word.get(word)).flatten() {
            *shared.entry(name).or_default() += 1;
        }
        let matched = shared.into_iter().filter_map(|(name, shared)| {
            let Entity { chunks, neighbours, words } = self.entities.get(name)?;
            let score = ratio(shared, words.len());
            Some(Matched { name, score, degree: neighbours.len(), chunks })
        });
        let mut matched: Vec<Matched<'_>> = matched.collect();
        matched.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then(b.chunks.len().cmp(&a.chunks.len())).then(a.name.cmp(b.name))
        });
        matched
    }

    /// The relationships of entities, best first: those between two that match.
    pub(super) fn relating(&self, matched: &[Matched<'_>]) -> Vec<Related<'_>> {
        let scores: HashMap<&str, f32> =
            matched.iter().map(|entity| (&**entity.name, entity.score)).collect();
        let mut related: BTreeMap<(&Name, &Name), Related<'_>> = BTreeMap::new();
        for name in matched.iter().map(|entity| entity.name) {
            let neighbours = self.entities.get(name).map(|entity| &entity.neighbours).into_iter().flatten();
            for other in neighbours {
                let pair = if name < other { (name, other) } else { (other, name) };
                let stated = self.relationships.get_key_value(&(Arc::clone(pair.0), Arc::clone(pair.1)));
                let Some(((from, to), chunks)) = stated else { continue };
                let score = |name: &Name| scores.get(&**name).copied().unwrap_or(0.0) / 2.0;
                let score = score(from) + score(to);
                related.insert((from, to), Related { from, to, score, chunks });
            }
        }
        let mut related: Vec<Related<'_>> = related.into_values().collect();
        related.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.chunks.len().cmp(&a.chunks.len())));
        related
    }
}

#[expect(clippy::cast_precision_loss, reason = "names have few words")]
fn ratio(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}

#[cfg(test)]
mod tests;
