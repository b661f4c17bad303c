//! [`Chunks`]: the pieces that documents are cut into.

use edgequake_types::ChunkId;
use edgequake_types::chunks::{GetChunk, GetChunkLineage};

use super::resource;
use crate::call::Call;

resource! {
    /// The chunks of documents: `/api/v1/chunks`.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let chunk = client.chunks().get("6f0c-chunk-3").await?;
    /// println!("{}: {} entities", chunk.content, chunk.entities.len());
    /// # Ok(())
    /// # }
    /// ```
    Chunks, chunks
}

impl Chunks<'_> {
    /// `GET /api/v1/chunks/{chunk_id}`: a chunk, with what was found in it.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{}", client.chunks().get("6f0c-chunk-3").await?.content);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, chunk: impl Into<ChunkId>) -> Call<GetChunk> {
        self.client.send(GetChunk::new(chunk))
    }

    /// `GET /api/v1/chunks/{chunk_id}/lineage`: where a chunk comes from.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{:?}", client.chunks().lineage("6f0c-chunk-3").await?.document_name);
    /// # Ok(())
    /// # }
    /// ```
    pub fn lineage(&self, chunk: impl Into<ChunkId>) -> Call<GetChunkLineage> {
        self.client.send(GetChunkLineage::new(chunk))
    }
}
