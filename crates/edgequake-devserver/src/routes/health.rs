//! Probes, which need no credential and are not rate-limited.

use std::sync::Arc;

use edgequake_types::WorkspaceId;
use edgequake_types::health::{GetHealth, GetLive, GetReady, Health, Readiness};
use edgequake_types::pipeline::QueuePressure;
use http::StatusCode;
use serde_json::{Value, json};

use super::pipeline::{PRESSURE_RELIEF, pressure};
use crate::error::Refusal;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::space::Space;
use crate::state::tasks::statistics;

pub(super) async fn health(call: Call, _: GetHealth) -> Result<Reply<Health>, Refusal> {
    let mut health = Health::new(env!("CARGO_PKG_VERSION"));
    health.storage_mode = "memory".to_owned();
    health.workspace_id = WorkspaceId::server_default().to_string();
    for component in ["kv_storage", "vector_storage", "graph_storage", "llm_provider"] {
        health.components.insert(component.to_owned(), Value::Bool(true));
    }
    health.llm_provider_name = Some("devserver".to_owned());
    let capabilities = json!({ "auth_enabled": call.app.config.auth, "dev_mode": false });
    health.extra.insert("capabilities".to_owned(), capabilities);
    Ok(Reply::new(health))
}

/// 503 while the queue of any workspace is too long, on era C servers.
pub(super) async fn ready(call: Call, _: GetReady) -> Result<Reply<Readiness>, Refusal> {
    let config = &call.app.config;
    let is_critical = |space: &Arc<Space>| {
        let pending = statistics(space.contents().tasks.newest_first().map(|stored| &stored.task)).pending;
        pressure(config, pending) == Some(QueuePressure::Critical)
    };
    if !call.app.spaces.all().iter().any(is_critical) {
        return Ok(Reply::new(Readiness::new()));
    }
    let mut readiness = Readiness::new().ready(false).operator_action(PRESSURE_RELIEF);
    readiness.blockers.push(Value::from("task_queue_critical"));
    Ok(Reply::new(readiness).status(StatusCode::SERVICE_UNAVAILABLE))
}

pub(super) async fn live(_: Call, _: GetLive) -> Result<Reply<String>, Refusal> {
    Ok(Reply::new("OK".to_owned()))
}
