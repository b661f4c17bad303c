use edgequake_types::pipeline::{
    CancelPipeline, CancelledPipeline, EstimateCost, EstimatedCost, GetModelPricing, GetPipelineActivity,
    GetPipelineStatus, GetQueueMetrics, ModelPricing, PipelineActivity, PipelineStatus, QueueMetrics,
};
use edgequake_types::{TenantId, WorkspaceId};

use crate::table::Table;

#[test]
fn pipeline() {
    let elsewhere = GetPipelineStatus::new()
        .tenant_id(TenantId::new("default").unwrap())
        .workspace_id(WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap());
    Table::of("pipeline", include_str!("pipeline.txt"))
        .request("status", &GetPipelineStatus::new())
        .request("status with everything", &elsewhere)
        .request("activity", &GetPipelineActivity::new())
        .request("cancel", &CancelPipeline::new())
        .request("queue metrics", &GetQueueMetrics::new())
        .request("pricing", &GetModelPricing::new())
        .request("estimate", &EstimateCost::new("gpt-5-mini", 1000, 200))
        .answer::<PipelineStatus>("status")
        .answer_read::<PipelineStatus>("status with texts")
        .answer_read::<PipelineStatus>("status of an idle pipeline")
        .answer::<PipelineActivity>("activity")
        .answer::<CancelledPipeline>("cancelled")
        .answer::<QueueMetrics>("queue metrics")
        .answer::<QueueMetrics>("queue metrics of a newer server")
        .answer::<ModelPricing>("pricing")
        .answer_read::<ModelPricing>("pricing, in other words")
        .answer::<EstimatedCost>("estimated")
        .finish();
}
