//! Probes, at the root and without a credential: `/health`, `/ready`, `/live`.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::health::{GetHealth, Health, HealthStatus};
//!
//! assert_eq!(GetHealth::new().to_request()?.uri(), "/health");
//!
//! let health = Health::decode(r#"{"status":"healthy","version":"0.32.2","capabilities":{"auth_enabled":true}}"#.into())?;
//! assert_eq!(health.status, HealthStatus::Healthy);
//! assert_eq!(health.extra["capabilities"]["auth_enabled"], true);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::json_answers;
use crate::endpoint::endpoint;
use crate::open_enum::open_enum;
use crate::tolerant;

open_enum! {
    /// How a server feels.
    pub enum HealthStatus {
        /// Everything works.
        Healthy = "healthy",
        /// It answers, but something is slow or missing.
        Degraded = "degraded",
    }
}

/// Declares a request without fields.
macro_rules! probe {
    ($(#[$docs:meta])* $request:ident) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct $request {}

        impl $request {
            /// The request; it has no fields.
            pub fn new() -> Self {
                Self {}
            }
        }
    };
}

probe! {
    /// `GET /health`: what the server is made of and how it feels; 200 also when degraded.
    GetHealth
}

probe! {
    /// `GET /ready`: whether the server takes requests. 503 is its regular "no", not a failure to be repeated.
    GetReady
}

probe! {
    /// `GET /live`: whether the server runs; the answer is the text `OK`.
    GetLive
}

endpoint! {
    GET "/health" => GetHealth, Health where Optional, Safe, None
}

endpoint! {
    GET "/ready" => GetReady, () where Optional, Never, None
}

endpoint! {
    GET "/live" => GetLive, String where Optional, Safe, None
}

/// The answer to [`GetHealth`]. What this version does not know is in [`extra`](Self::extra): servers add to it with every
/// release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Health {
    /// How the server feels.
    pub status: HealthStatus,
    /// Its version.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub version: String,
    /// Where it keeps its data: `memory`, `postgres`, `postgresql`; an open set.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub storage_mode: String,
    /// Its default workspace, not necessarily a UUID.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub workspace_id: String,
    /// Its parts, such as `graph_storage`, each with whether it works.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub components: Map<String, Value>,
    /// Everything else, such as `build_info`, `schema`, `providers`, `operational`, `capabilities`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Health {
    /// A healthy server of this version.
    pub fn new(version: impl Into<String>) -> Self {
        Self {
            status: HealthStatus::Healthy,
            version: version.into(),
            storage_mode: String::new(),
            workspace_id: String::new(),
            components: Map::new(),
            extra: Map::new(),
        }
    }
}

json_answers!(Health);

#[cfg(test)]
mod tests;
