//! Probes, at the root and without a credential: `/health`, `/ready`, `/live`.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::health::{GetHealth, Health, HealthStatus};
//!
//! assert_eq!(GetHealth::new().to_request()?.uri(), "/health");
//!
//! let health = Health::from_body(r#"{"status":"healthy","version":"0.32.2","capabilities":{"auth_enabled":true}}"#)?;
//! assert_eq!(health.status, HealthStatus::Healthy);
//! assert_eq!(health.extra["capabilities"]["auth_enabled"], true);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use bytes::Bytes;
use http::Response;
use http::response::Parts;

use crate::endpoint::{Answer, Decode, Whole, json_answer};
use crate::prelude::*;

open_enum! {
    /// The state of a server.
    pub enum HealthStatus {
        /// Everything works.
        Healthy = "healthy",
        /// It answers, but something is slow or missing.
        Degraded = "degraded",
    }
}

/// Reads the state, the version and the parts of the server. A degraded server answers with 200, too.
#[doc(alias("ping", "version"))]
#[operation(GET "/health" -> Health, Optional, Safe, None, new(), eq)]
pub struct GetHealth {}

/// Tells whether the server takes requests: 200 if it does. 503 is its regular "no", not a failure to be retried.
#[doc(alias = "readiness")]
#[operation(GET "/ready" -> Readiness, Optional, Never, None, new(), eq)]
pub struct GetReady {}

/// Tells whether the server is running; the answer is the text `OK`.
#[doc(alias("liveness", "ping"))]
#[operation(GET "/live" -> String, Optional, Safe, None, new(), eq)]
pub struct GetLive {}

/// The answer to [`GetHealth`]. What this version does not know is in [`extra`](Self::extra): servers add to it with every
/// release.
#[model(answer, new(version, status = HealthStatus::Healthy))]
pub struct Health {
    /// The state of the server.
    pub status: HealthStatus,
    /// Its version.
    #[field(default)]
    pub version: String,
    /// Where it keeps its data: `memory`, `postgres`, `postgresql`; an open set.
    #[field(default)]
    pub storage_mode: String,
    /// Its default workspace, not necessarily a UUID.
    #[field(default)]
    pub workspace_id: String,
    /// Its parts, such as `graph_storage`, each with whether it works.
    pub components: Map<String, Value>,
    /// The provider of its language model.
    pub llm_provider_name: Option<String>,
    /// Whether it keeps the PDF files themselves.
    pub pdf_storage_enabled: Option<bool>,
    /// Everything else, such as `build_info`, `schema`, `providers`, `operational`, `capabilities`.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// The answer to [`GetReady`]. The status of the answer decides; its body only explains it, and is empty
/// before the newest servers.
#[model(new(), setters)]
pub struct Readiness {
    /// Whether the server takes requests.
    #[field(default = yes)]
    pub ready: bool,
    /// What keeps it from taking requests.
    pub blockers: Vec<Value>,
    /// What the operator should do.
    pub operator_action: Option<String>,
}

/// What a success means.
fn yes() -> bool {
    true
}

impl Answer for Readiness {
    const MEDIA_TYPE: &'static str = "application/json";
    type Form = Whole;
}

impl Decode for Readiness {
    /// A body that is empty, a text or of another form says nothing beyond the status.
    fn decode(_head: &Parts, body: Bytes) -> Result<Self, DecodeError> {
        Ok(from_json(&body).unwrap_or_default())
    }

    fn encode(&self) -> Result<Response<Bytes>, EncodeError> {
        json_answer(200, self)
    }
}

operations! { "health": GetHealth, GetReady, GetLive }

#[cfg(test)]
mod tests;
