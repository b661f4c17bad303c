//! What the server is processing, and what that costs.

use std::time::Duration;

use edgequake_devserver::{Era, Fault};
use edgequake_types::documents::{DocumentStatus, GetDocument, ListDocuments, UploadText};
use edgequake_types::health::GetReady;
use edgequake_types::pipeline::{
    CancelPipeline, EstimateCost, GetModelPricing, GetPipelineActivity, GetPipelineStatus, GetQueueMetrics,
    QueuePressure,
};
use edgequake_types::tasks::{GetTask, ListTasks, SortOrder, TaskStatus};
use edgequake_types::{Paginated, TenantId, WorkspaceId};
use http::Method;

use crate::documents::{default_workspace, ingest, wait_for_task};
use crate::support::{Api, READER, USER, with_users};

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn tasks_behind_a_task_stay_the_same_while_others_come() {
    let (_server, api) = default_workspace(with_users()).await;
    for number in 0..5 {
        ingest(&api, "Bridge", &format!("text {number}")).await;
    }
    for order in [SortOrder::Descending, SortOrder::Ascending] {
        let list = ListTasks::new().order(order.clone()).page_size(2);
        let all: Vec<_> = api.ok(&list.clone().page_size(100)).await.tasks;
        let mut seen = api.ok(&list).await.tasks;
        let first = seen.last().unwrap();
        let mut next =
            Some(list.after_track_id(&first.track_id).after_created_at(first.created_at.clone().unwrap()));
        while let Some(request) = next.filter(|_| seen.len() < all.len()) {
            ingest(&api, "Bridge", &format!("another text {} {}", order.as_str(), seen.len())).await;
            let page = api.ok(&request).await;
            assert!(page.pagination.total > 5);
            next = request.next(&page);
            seen.extend(page.tasks);
        }
        seen.truncate(all.len());
        assert_eq!(seen, all);
        // A task that is gone is known by its time.
        let gone = ListTasks::new().order(order.clone()).after_track_id("gone");
        let gone = gone.after_created_at(all[1].created_at.clone().unwrap());
        assert_eq!(api.ok(&gone).await.tasks[0], all[2]);
    }
}

#[tokio::test]
async fn an_idle_pipeline() {
    let (_server, api) = default_workspace(with_users()).await;
    let status = api.ok(&GetPipelineStatus::new()).await;
    assert!(!status.is_busy && status.history_messages.is_empty());
    assert!(!api.ok(&GetPipelineActivity::new()).await.busy);
    assert_eq!(api.ok(&CancelPipeline::new()).await.status, "not_busy");
    // No body is read.
    assert_eq!(api.raw(Method::POST, "/api/v1/pipeline/cancel", "", "").await.status, 200);
    let metrics = api.ok(&GetQueueMetrics::new()).await;
    assert_eq!(
        (metrics.pending_count, metrics.processing_count, metrics.active_workers),
        (Some(0), Some(0), Some(0))
    );
    assert_eq!((metrics.max_workers, metrics.pressure), (Some(1024), Some(QueuePressure::Normal)));

    ingest(&api, "Bridge", "text").await;
    let status = api.ok(&GetPipelineStatus::new()).await;
    assert_eq!((status.is_busy, status.total_documents, status.processed_documents), (false, 1, 1));
    assert_eq!((status.completed_tasks, status.job_name), (1, None));
    let told: Vec<_> = status
        .history_messages
        .iter()
        .map(|message| (message.level.as_deref().unwrap(), &*message.message))
        .collect();
    assert_eq!(told, [("info", "Queued: Bridge"), ("info", "Completed: Bridge")]);
    assert_eq!(status.latest_message.as_deref(), Some("Completed: Bridge"));
    assert!(status.history_messages.iter().all(|message| message.timestamp.is_some()));
}

#[tokio::test]
async fn documents_wait_for_a_worker_and_are_cancelled_together() {
    let (server, api) = default_workspace(with_users().processing_delay(LONG).workers(1)).await;
    let mut tasks = Vec::new();
    for text in ["one", "two", "three"] {
        tasks.push(api.ok(&UploadText::new(text).title(text)).await.task_id.unwrap());
    }
    while api.ok(&GetTask::new(&tasks[0])).await.status == TaskStatus::Pending {
        tokio::task::yield_now().await;
    }
    server.clock().advance(Duration::from_secs(60));
    let activity = api.ok(&GetPipelineActivity::new()).await;
    assert!(activity.busy);
    let names = |documents: &[edgequake_types::pipeline::ActiveDocument]| -> Vec<String> {
        documents.iter().filter_map(|document| document.file_name.clone()).collect()
    };
    assert_eq!(
        (names(&activity.working), names(&activity.queued)),
        (vec!["one".to_owned()], vec!["three".to_owned(), "two".to_owned()])
    );
    assert_eq!(activity.working[0].stage.as_deref(), Some("preprocessing"));
    assert_eq!((&activity.tasks[0].id, activity.tasks[0].kind.as_deref()), (&tasks[0], Some("insert")));
    let status = api.ok(&GetPipelineStatus::new()).await;
    assert_eq!((status.is_busy, status.total_documents, status.processed_documents), (true, 3, 0));
    assert_eq!((status.pending_tasks, status.processing_tasks), (2, 1));
    assert_eq!((status.job_name.as_deref(), status.current_batch), (Some("Processing documents"), 1));
    assert!(status.job_start.is_some() && !status.cancellation_requested);
    let metrics = api.ok(&GetQueueMetrics::new()).await;
    assert_eq!((metrics.pending_count, metrics.processing_count), (Some(2), Some(1)));
    assert_eq!((metrics.active_workers, metrics.worker_utilization), (Some(1), Some(100.0)));
    assert!(metrics.max_wait_time_seconds.unwrap() >= 60.0 && metrics.avg_wait_time_seconds.unwrap() >= 60.0);
    assert_eq!(metrics.estimated_queue_time_seconds, Some(2.0 * 3600.0));
    // The queue is told where it is asked for.
    let listed = api.ok(&ListDocuments::new()).await.documents;
    let positions: Vec<_> =
        listed.iter().map(|document| (document.queue_position, document.eta_basis.as_deref())).collect();
    assert_eq!(positions, [(Some(2), Some("no_history")), (Some(1), Some("no_history")), (None, None)]);
    assert_eq!(api.ok(&GetTask::new(&tasks[2])).await.queue_position, Some(2));

    let reader = Api::new(&server).logged_in(READER).await.in_default();
    assert_eq!(reader.send(&CancelPipeline::new()).await.status, 403);
    let cancelled = api.ok(&CancelPipeline::new()).await;
    assert_eq!(
        (cancelled.status.as_str(), cancelled.message.as_deref()),
        ("cancellation_requested", Some("Tasks that are cancelled: 3"))
    );
    assert_eq!(api.ok(&ListDocuments::new()).await.status_counts.cancelled, 3);
    let status = api.ok(&GetPipelineStatus::new()).await;
    assert!(!status.is_busy && status.cancellation_requested);
    assert_eq!(status.processed_documents, 3);
    // The worker is free again.
    while api.ok(&GetQueueMetrics::new()).await.active_workers != Some(0) {
        tokio::task::yield_now().await;
    }
    assert_eq!(api.ok(&CancelPipeline::new()).await.status, "not_busy");
}

#[tokio::test]
async fn failures_are_in_the_history() {
    let (server, api) = default_workspace(with_users()).await;
    server.faults().add(Fault::fail_processing("embedding").times(1)).unwrap();
    let uploaded = api.ok(&UploadText::new("text").title("Bridge")).await;
    wait_for_task(&api, &uploaded.task_id.unwrap()).await;
    let status = api.ok(&GetPipelineStatus::new()).await;
    assert_eq!((status.failed_tasks, status.processed_documents), (1, 1));
    let last = status.history_messages.last().unwrap();
    assert_eq!((last.level.as_deref(), last.message.as_str()), (Some("error"), "Failed: Bridge"));
    let metrics = api.ok(&GetQueueMetrics::new()).await;
    assert_eq!(metrics.throughput_per_minute, Some(0.0));
    for number in 0..150 {
        ingest(&api, "Bridge", &format!("text {number}")).await;
    }
    let status = api.ok(&GetPipelineStatus::new()).await;
    assert_eq!(status.history_messages.len(), 100);
    assert_eq!(api.ok(&GetQueueMetrics::new()).await.throughput_per_minute, Some(150.0));
}

#[tokio::test]
async fn a_parameter_names_another_workspace() {
    let tenant = TenantId::new("00000000-0000-0000-0000-0000000000a1").unwrap();
    let workspace = WorkspaceId::new("00000000-0000-0000-0000-0000000000b1").unwrap();
    let (server, api) = default_workspace(with_users().workspace(tenant.clone(), workspace.clone())).await;
    ingest(&api, "Bridge", "text").await;
    let there = api.with("x-tenant-id", tenant.as_str()).with("x-workspace-id", workspace.as_str());
    assert_eq!(there.ok(&GetPipelineStatus::new()).await.completed_tasks, 0);
    assert_eq!(there.ok(&ListTasks::new()).await.pagination.total, 0);
    let (default_tenant, default_workspace) = (TenantId::server_default(), WorkspaceId::server_default());
    let asked = GetPipelineStatus::new().tenant_id(&default_tenant).workspace_id(&default_workspace);
    assert_eq!(there.ok(&asked).await.completed_tasks, 1);
    let asked = ListTasks::new().tenant_id(&default_tenant).workspace_id(&default_workspace);
    assert_eq!(there.ok(&asked).await.pagination.total, 1);
    let unknown = WorkspaceId::new("00000000-0000-0000-0000-0000000000ff").unwrap();
    assert_eq!(api.send(&GetPipelineStatus::new().workspace_id(&unknown)).await.status, 403);
    assert_eq!(api.send(&ListTasks::new().workspace_id(&unknown)).await.status, 403);
    // A session of the default workspace without headers has a scope of its own.
    let session = Api::new(&server).logged_in(USER).await;
    assert_eq!(session.ok(&GetPipelineStatus::new()).await.completed_tasks, 1);
}

#[tokio::test]
async fn tokens_have_their_price() {
    let (_server, api) = default_workspace(with_users().era(Era::B)).await;
    let pricing = api.ok(&GetModelPricing::new()).await;
    let known = pricing.models.iter().find(|price| price.model == "quotations").unwrap();
    assert!(known.input_cost_per_1k > 0.0 && known.output_cost_per_1k > known.input_cost_per_1k);
    let estimated = api.ok(&EstimateCost::new("quotations", 2_000, 1_000)).await;
    assert_eq!((estimated.input_tokens, estimated.output_tokens), (2_000, 1_000));
    let cost = 2.0 * known.input_cost_per_1k + known.output_cost_per_1k;
    assert!((estimated.estimated_cost_usd - cost).abs() < 1e-12);
    assert_eq!(estimated.formatted_cost, Some(format!("${cost:.4}")));
    let unknown = api.ok(&EstimateCost::new("no such model", 2_000, 1_000)).await;
    assert_eq!((unknown.model.as_str(), unknown.estimated_cost_usd), ("no such model", cost));
    assert_eq!(api.post("/api/v1/pipeline/costs/estimate", r#"{"content_length": 5}"#).await.status, 422);
    assert_eq!(api.ok(&EstimateCost::new("bm25", 0, u64::MAX)).await.estimated_cost_usd, 0.0);
}

#[tokio::test]
async fn a_document_that_is_deleted_while_it_waits_leaves_the_pipeline() {
    let (server, api) = default_workspace(with_users().workers(1)).await;
    server.faults().add(Fault::hang_processing("chunking").times(1)).unwrap();
    let first = api.ok(&UploadText::new("one")).await.document_id.unwrap();
    let second = api.ok(&UploadText::new("two")).await;
    let deleted = api.ok(&edgequake_types::documents::DeleteDocument::new(second.document_id.unwrap())).await;
    wait_for_task(&api, &deleted.track_id.unwrap()).await;
    let activity = api.ok(&GetPipelineActivity::new()).await;
    assert_eq!((activity.working.len() + activity.queued.len(), activity.busy), (1, true));
    api.ok(&CancelPipeline::new()).await;
    assert_eq!(api.ok(&GetDocument::new(&first)).await.status, Some(DocumentStatus::Cancelled));
}

#[tokio::test]
async fn a_queue_that_is_too_long_is_told_and_the_server_is_not_ready() {
    let builder = || with_users().processing_delay(LONG).workers(1).queue_thresholds(1, 2);
    let (server, api) = default_workspace(builder()).await;
    let upload = async |text: &str| api.ok(&UploadText::new(text)).await.task_id.unwrap();
    let told = async || {
        let metrics = api.ok(&GetQueueMetrics::new()).await;
        assert_eq!((metrics.pending_warn_threshold, metrics.pending_critical_threshold), (Some(1), Some(2)));
        let ready = Api::new(&server).send(&GetReady::new()).await;
        let body: serde_json::Value = serde_json::from_slice(&ready.body).unwrap_or_default();
        assert_eq!(metrics.operator_action.as_deref(), body["operator_action"].as_str());
        (metrics.pressure.unwrap(), ready.status.as_u16(), body["blockers"][0].as_str().map(str::to_owned))
    };
    assert_eq!(told().await, (QueuePressure::Normal, 200, None));
    let first = upload("one").await;
    while api.ok(&GetTask::new(&first)).await.status == TaskStatus::Pending {
        tokio::task::yield_now().await;
    }
    upload("two").await;
    assert_eq!(told().await, (QueuePressure::Elevated, 200, None));
    upload("three").await;
    let blocker = Some("task_queue_critical".to_owned());
    assert_eq!(told().await, (QueuePressure::Critical, 503, blocker));
    api.ok(&CancelPipeline::new()).await;
    assert_eq!(told().await, (QueuePressure::Normal, 200, None));

    // Older servers say nothing about it.
    let (server, api) = default_workspace(builder().era(Era::B)).await;
    for text in ["one", "two", "three"] {
        api.ok(&UploadText::new(text)).await;
    }
    let metrics = api.ok(&GetQueueMetrics::new()).await;
    assert_eq!((metrics.pressure, metrics.pending_critical_threshold), (None, None));
    assert_eq!(Api::new(&server).send(&GetReady::new()).await.status, 200);
}
