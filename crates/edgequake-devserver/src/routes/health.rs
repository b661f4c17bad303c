//! Probes, which need no credential and are not rate-limited.

use edgequake_types::WorkspaceId;
use edgequake_types::health::{GetHealth, GetLive, GetReady, Health, Readiness};
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::reply::Reply;
use crate::route::Call;

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

pub(super) async fn ready(_: Call, _: GetReady) -> Result<Reply<Readiness>, Refusal> {
    Ok(Reply::new(Readiness::new()))
}

pub(super) async fn live(_: Call, _: GetLive) -> Result<Reply<String>, Refusal> {
    Ok(Reply::new("OK".to_owned()))
}
