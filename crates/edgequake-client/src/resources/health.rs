//! [`Health`]: probes, and what the server is set up for.

use edgequake_types::health::{GetHealth, GetLive, GetReady};
use edgequake_types::setup::GetSetupStatus;
use http::StatusCode;

use super::resource;
use crate::call::Call;
use crate::error::Error;

resource! {
    /// Probes: `/health`, `/ready`, `/live`, and the setup status. They work without a credential.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let health = client.health().get().await?;
    /// println!("{} {}", health.status, health.version);
    /// assert!(client.health().is_ready().await?);
    /// # Ok(())
    /// # }
    /// ```
    Health, health
}

impl Health<'_> {
    /// `GET /health`: state and version of the server. A degraded server answers too.
    pub fn get(&self) -> Call<GetHealth> {
        self.client.send(GetHealth::new())
    }

    /// `GET /ready`: whether the server takes requests. 503 is the regular "no", so it is `Ok(false)` and not repeated.
    ///
    /// # Errors
    ///
    /// Any other answer, and none.
    #[inline]
    pub async fn is_ready(&self) -> Result<bool, Error> {
        match self.client.send(GetReady::new()).await {
            Ok(_) => Ok(true),
            Err(error) if error.status() == Some(StatusCode::SERVICE_UNAVAILABLE) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// `GET /live`: whether the process is alive; its answer is `OK`.
    pub fn live(&self) -> Call<GetLive> {
        self.client.send(GetLive::new())
    }

    /// `GET /api/v1/setup/status`: whether the server is set up, and whether it has authentication on.
    pub fn setup_status(&self) -> Call<GetSetupStatus> {
        self.client.send(GetSetupStatus::new())
    }
}
