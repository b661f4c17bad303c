//! [`Lineage`]: which chunks the graph comes from.

use edgequake_types::DocumentId;
use edgequake_types::lineage::{GetEntityLineage, GetGraphLineage};

use super::resource;
use crate::call::Call;

resource! {
    /// Which chunks entities and relationships come from: `/api/v1/lineage`.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// for entity in client.lineage().document("6f0c").await?.entities {
    ///     println!("{:?}: {} chunks", entity.name, entity.source_chunks.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Lineage, lineage
}

impl Lineage<'_> {
    /// `GET /api/v1/lineage/documents/{document_id}`: which entities and relationships came from a document.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{:?} chunks", client.lineage().document("6f0c").await?.chunk_count);
    /// # Ok(())
    /// # }
    /// ```
    pub fn document(&self, document: impl Into<DocumentId>) -> Call<GetGraphLineage> {
        self.client.send(GetGraphLineage::new(document))
    }

    /// `GET /api/v1/lineage/entities/{entity_name}`: which documents an entity came from.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{} documents", client.lineage().entity("GOLDEN_GATE").await?.source_documents.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn entity(&self, entity: impl Into<String>) -> Call<GetEntityLineage> {
        self.client.send(GetEntityLineage::new(entity))
    }
}
