//! Blocking work (files, keyrings) on the runtime's threads for it.

use tokio::runtime::Handle;

use crate::error::{CredentialsError, CredentialsErrorKind};

/// The runtime this is called on.
///
/// # Errors
///
/// [`Invalid`](CredentialsErrorKind::Invalid) outside of a runtime.
pub(crate) fn runtime() -> Result<Handle, CredentialsError> {
    Handle::try_current().map_err(|none| {
        CredentialsError::new(CredentialsErrorKind::Invalid, "credentials need a Tokio runtime")
            .with_source(none)
    })
}

/// Runs `work` on a blocking thread. `what` names it in the error.
///
/// # Errors
///
/// [`Interrupted`](CredentialsErrorKind::Interrupted) when the runtime shuts down or `work` panics.
pub(crate) async fn run<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CredentialsError> {
    runtime()?.spawn_blocking(work).await.map_err(|lost| {
        CredentialsError::new(CredentialsErrorKind::Interrupted, format!("{what} was interrupted"))
            .with_source(lost)
    })
}
