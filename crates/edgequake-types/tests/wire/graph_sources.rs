use edgequake_types::chunks::{Chunk, ChunkLineage, GetChunk, GetChunkLineage};
use edgequake_types::lineage::{EntityLineage, GetEntityLineage, GetGraphLineage, GraphLineage};
use edgequake_types::provenance::{EntityProvenance, GetEntityProvenance};

use crate::table::Table;

#[test]
fn graph_sources() {
    Table::of("graph_sources", include_str!("graph_sources.txt"))
        .request("provenance", &GetEntityProvenance::new("GOLDEN GATE/BRIDGE"))
        .request("chunk", &GetChunk::new("6f0c-chunk-3"))
        .request("lineage of a chunk", &GetChunkLineage::new("a/b-chunk-3"))
        .request("lineage of a document", &GetGraphLineage::new("6f0c"))
        .request("lineage of an entity", &GetEntityLineage::new("Golden Gate"))
        .answer::<EntityProvenance>("provenance")
        .answer::<Chunk>("chunk")
        .answer_read::<Chunk>("chunk in other words")
        .answer::<ChunkLineage>("lineage of a chunk")
        .answer_read::<ChunkLineage>("lineage of a chunk in other words")
        .answer::<GraphLineage>("lineage of a document")
        .answer::<GraphLineage>("lineage of a document of a newer server")
        .answer_read::<GraphLineage>("lineage of a document with the least")
        .answer::<EntityLineage>("lineage of an entity")
        .finish();
}
