//! [`Pipeline`]: what the server is processing, and what that costs.

use edgequake_types::pipeline::{
    CancelPipeline, EstimateCost, GetModelPricing, GetPipelineActivity, GetPipelineStatus, GetQueueMetrics,
};

use super::resource;
use crate::call::Call;

resource! {
    /// The pipeline: `/api/v1/pipeline`.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let metrics = client.pipeline().queue_metrics().await?;
    /// println!("{:?} tasks wait, for {:?} s", metrics.pending_count, metrics.estimated_queue_time_seconds);
    /// # Ok(())
    /// # }
    /// ```
    Pipeline, pipeline
}

impl Pipeline<'_> {
    /// `GET /api/v1/pipeline/status`: what the server is processing.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::pipeline::GetPipelineStatus;
    ///
    /// let status = client.pipeline().status(GetPipelineStatus::new()).await?;
    /// println!("{} of {}", status.processed_documents, status.total_documents);
    /// # Ok(())
    /// # }
    /// ```
    pub fn status(&self, status: GetPipelineStatus) -> Call<GetPipelineStatus> {
        self.client.send(status)
    }

    /// `GET /api/v1/pipeline/activity`: which documents are being processed, and which wait.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// for document in client.pipeline().activity().await?.working {
    ///     println!("{} {:?}", document.document_id, document.stage);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn activity(&self) -> Call<GetPipelineActivity> {
        self.client.send(GetPipelineActivity::new())
    }

    /// `POST /api/v1/pipeline/cancel`: asks the server to stop what it is processing.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{}", client.pipeline().cancel().await?.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self) -> Call<CancelPipeline> {
        self.client.send(CancelPipeline::new())
    }

    /// `GET /api/v1/pipeline/queue-metrics`: how long the queue is, and how fast it moves.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{:?}", client.pipeline().queue_metrics().await?.pressure);
    /// # Ok(())
    /// # }
    /// ```
    pub fn queue_metrics(&self) -> Call<GetQueueMetrics> {
        self.client.send(GetQueueMetrics::new())
    }

    /// `GET /api/v1/pipeline/costs/pricing`: what each model costs.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// for price in client.pipeline().pricing().await?.models {
    ///     println!("{} {}", price.model, price.input_cost_per_1k);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pricing(&self) -> Call<GetModelPricing> {
        self.client.send(GetModelPricing::new())
    }

    /// `POST /api/v1/pipeline/costs/estimate`: what so many tokens of a model would cost.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{} USD", client.pipeline().estimate_cost("gpt-5-mini", 100_000, 20_000).await?.estimated_cost_usd);
    /// # Ok(())
    /// # }
    /// ```
    pub fn estimate_cost(
        &self,
        model: impl Into<String>,
        input_tokens: u64,
        output_tokens: u64,
    ) -> Call<EstimateCost> {
        self.client.send(EstimateCost::new(model, input_tokens, output_tokens))
    }
}
