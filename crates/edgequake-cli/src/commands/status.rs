//! `status`: the server's health, and which credential is in use. Works without any.

use std::time::{Duration, SystemTime};

use edgequake_types::health::Health;
use edgequake_types::setup::SetupStatus;
use serde_json::json;

use super::or_empty;
use crate::context::Context;
use crate::credential::CredentialSource;
use crate::failure::Failure;

/// If the server does not answer, shows what is known on this side, and fails.
pub(super) async fn run(cx: &mut Context) -> Result<(), Failure> {
    let health = cx.client.health().get().await;
    // Older servers do not have this endpoint.
    let setup = match &health {
        Ok(_) => cx.client.health().setup_status().await.ok(),
        Err(_) => None,
    };
    let known = health.as_ref().ok();
    if cx.out.is_json() {
        show_json(cx, known, setup.as_ref())?
    } else {
        show_text(cx, known, setup.as_ref())?
    }
    match health {
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn show_json(cx: &mut Context, health: Option<&Health>, setup: Option<&SetupStatus>) -> Result<(), Failure> {
    let value = json!({
        "base_url": cx.client.base_url().to_string(),
        "health": health,
        "setup": setup,
        "credential": {
            "source": cx.credential.name(),
            "user": cx.credential.user(),
            "expires_in": expires_in(&cx.credential).map(|left| left.as_secs()),
            "error": cx.credential.error().map(ToString::to_string),
        },
        "tenant_id": cx.tenant(),
        "workspace_id": cx.workspace(),
    });
    cx.out.json(&value)
}

fn show_text(cx: &mut Context, health: Option<&Health>, setup: Option<&SetupStatus>) -> Result<(), Failure> {
    let server = health.map_or("no answer".to_owned(), |health| match health.version.as_str() {
        "" => health.status.to_string(),
        version => format!("{}, version {version}", health.status),
    });
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let setup_done = setup.map(|setup| yes_or_no(!setup.needs_setup)).unwrap_or_default();
    let auth_required = setup.and_then(|setup| setup.auth_enabled).map(yes_or_no).unwrap_or_default();
    let credential = match &cx.credential {
        CredentialSource::None => "none".to_owned(),
        source => match source.error() {
            Some(error) => format!("{source}: {error}"),
            None => source.to_string(),
        },
    };
    let expiry = match expires_in(&cx.credential) {
        Some(Duration::ZERO) => "expired; the next command renews it".to_owned(),
        Some(left) => format!("valid for {}, then renewed", describe(left)),
        None => String::new(),
    };
    let fields = [
        ("base URL", cx.client.base_url().to_string()),
        ("server", server),
        ("set up", setup_done),
        ("requires a credential", auth_required),
        ("credential", credential),
        ("token", expiry),
        ("tenant", or_empty(cx.tenant().as_ref())),
        ("workspace", or_empty(cx.workspace().as_ref())),
    ];
    cx.out.fields(&fields)
}

/// How long the stored token still works; zero if it does not.
fn expires_in(source: &CredentialSource) -> Option<Duration> {
    let CredentialSource::StoredLogin(login) = source else { return None };
    Some(login.expires_at?.duration_since(SystemTime::now()).unwrap_or_default())
}

/// A duration in the largest unit of which there are at least two.
fn describe(time: Duration) -> String {
    let seconds = time.as_secs();
    let (number, unit) = match seconds {
        0..=119 => (seconds, "seconds"),
        120..=7_199 => (seconds / 60, "minutes"),
        7_200..=172_799 => (seconds / 3_600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_unit() {
        let described = [1, 119, 120, 7_199, 7_200, 86_400, 172_799, 172_800]
            .map(|seconds| describe(Duration::from_secs(seconds)));
        insta::assert_snapshot!(
            described.join("; "),
            @"1 seconds; 119 seconds; 2 minutes; 119 minutes; 2 hours; 24 hours; 47 hours; 2 days"
        );
    }
}
