//! [`Subgraph`]: the part of the knowledge graph that a query went through.

use serde::{Deserialize, Serialize};

use crate::{DocumentId, tolerant};

/// A part of the knowledge graph.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Subgraph {
    /// Its entities.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub entities: Vec<SubgraphEntity>,
    /// Its relationships.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub relationships: Vec<SubgraphRelationship>,
}

impl Subgraph {
    /// A graph of these entities and relationships.
    pub fn new(entities: Vec<SubgraphEntity>, relationships: Vec<SubgraphRelationship>) -> Self {
        Self { entities, relationships }
    }
}

/// An entity of a [`Subgraph`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SubgraphEntity {
    /// Its id; mostly its name.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub id: String,
    /// Its name.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub name: String,
    /// Its type.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub entity_type: String,
    /// What documents say about it.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub description: String,
    /// How well it fits the question; `None` where the server had no finite number.
    pub score: Option<f64>,
    /// How many relationships it has. Also read from `{"in", "out", "total"}`.
    #[serde(deserialize_with = "tolerant::optional_degree", skip_serializing_if = "Option::is_none")]
    pub degree: Option<u64>,
    /// Where it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lineage: Option<GraphLineage>,
}

impl SubgraphEntity {
    /// An entity of this name and type.
    pub fn new(name: impl Into<String>, entity_type: impl Into<String>) -> Self {
        let name = name.into();
        Self { id: name.clone(), name, entity_type: entity_type.into(), ..Self::default() }
    }
}

/// A relationship of a [`Subgraph`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SubgraphRelationship {
    /// Its id.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub id: String,
    /// The entity that it begins at.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub source: String,
    /// The entity that it leads to.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub target: String,
    /// Its type.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub relation_type: String,
    /// What documents say about it.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub description: String,
    /// How well it fits the question; `None` where the server had no finite number.
    pub score: Option<f64>,
    /// Where it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lineage: Option<GraphLineage>,
}

impl SubgraphRelationship {
    /// A relationship of this type from one entity to another.
    pub fn new(
        source: impl Into<String>,
        target: impl Into<String>,
        relation_type: impl Into<String>,
    ) -> Self {
        let (source, target) = (source.into(), target.into());
        let id = format!("{source}->{target}");
        Self { id, source, target, relation_type: relation_type.into(), ..Self::default() }
    }
}

/// Where a part of the graph was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct GraphLineage {
    /// The chunks that name the entity.
    #[serde(deserialize_with = "tolerant::or_default", skip_serializing_if = "Vec::is_empty")]
    pub source_chunk_ids: Vec<String>,
    /// The chunk that states the relationship.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_chunk_id: Option<String>,
    /// The document.
    #[serde(deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub source_document_id: Option<DocumentId>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_file_path: Option<String>,
}
