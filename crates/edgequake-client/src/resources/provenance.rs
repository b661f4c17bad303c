//! [`Provenance`]: where entities come from.

use edgequake_types::provenance::GetEntityProvenance;

use super::resource;
use crate::call::Call;

resource! {
    /// Where entities come from: `/api/v1/entities/{entity_id}/provenance`.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// for source in client.provenance().entity("GOLDEN_GATE").await?.sources {
    ///     println!("{} {:?}", source.document_id, source.document_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Provenance, provenance
}

impl Provenance<'_> {
    /// `GET /api/v1/entities/{entity_id}/provenance`: which documents and chunks an entity was found in.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{} times", client.provenance().entity("GOLDEN_GATE").await?.total_extraction_count);
    /// # Ok(())
    /// # }
    /// ```
    pub fn entity(&self, entity: impl Into<String>) -> Call<GetEntityProvenance> {
        self.client.send(GetEntityProvenance::new(entity))
    }
}
