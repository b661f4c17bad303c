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

use crate::prelude::*;

open_enum! {
    /// How a server feels.
    pub enum HealthStatus {
        /// Everything works.
        Healthy = "healthy",
        /// It answers, but something is slow or missing.
        Degraded = "degraded",
    }
}

/// Tells what the server is made of and how it feels; 200 also when degraded.
#[doc(alias("ping", "version"))]
#[operation(GET "/health" -> Health, Optional, Safe, None, new(), eq)]
pub struct GetHealth {}

/// Tells whether the server takes requests. 503 is its regular "no", not a failure to be repeated.
#[doc(alias = "readiness")]
#[operation(GET "/ready" -> (), Optional, Never, None, new(), status = 200, eq)]
pub struct GetReady {}

/// Tells whether the server runs; the answer is the text `OK`.
#[doc(alias("liveness", "ping"))]
#[operation(GET "/live" -> String, Optional, Safe, None, new(), eq)]
pub struct GetLive {}

/// The answer to [`GetHealth`]. What this version does not know is in [`extra`](Self::extra): servers add to it with every
/// release.
#[model(answer, new(version, status = HealthStatus::Healthy))]
pub struct Health {
    /// How the server feels.
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

operations! { "health": GetHealth, GetReady, GetLive }

#[cfg(test)]
mod tests;
