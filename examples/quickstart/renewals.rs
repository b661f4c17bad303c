//! [`Renewals`]: tells when the token of a login is renewed, as it happens.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use edgequake_client::auth::Jwt;
use edgequake_client::body::RequestBody;
use edgequake_client::stack::StackLayer;
use edgequake_client::types::Secret;
use http::Request;
use http::header::AUTHORIZATION;
use tower::util::MapRequestLayer;

use crate::screen::Screen;

/// Looks at the requests of a client as they go out, and prints a line when one carries another token than all before.
#[derive(Debug, Clone)]
pub struct Renewals {
    screen: Screen,
    session: Arc<OnceLock<Jwt>>,
    /// All tokens that were sent, in their order.
    tokens: Arc<Mutex<Vec<Token>>>,
}

#[derive(Debug)]
struct Token {
    text: Secret,
    expires: Option<Instant>,
}

impl Renewals {
    /// Prints to this screen.
    pub fn new(screen: &Screen) -> Self {
        Self { screen: screen.clone(), session: Arc::default(), tokens: Arc::default() }
    }

    /// The layer for the client that logs in: any tower layer fits around an attempt.
    pub fn layer(&self) -> impl StackLayer + use<> {
        let renewals = self.clone();
        MapRequestLayer::new(move |request: Request<RequestBody>| {
            renewals.look_at(&request);
            request
        })
    }

    /// The session, once there is one: it knows how long a token works.
    pub fn watch(&self, session: &Jwt) {
        // Whoever watches two sessions is told about the first.
        let _ = self.session.set(session.clone());
    }

    /// The first token, if another has taken its place.
    pub fn replaced_token(&self) -> Option<Secret> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.first().filter(|_| tokens.len() > 1).map(|token| token.text.clone())
    }

    fn look_at(&self, request: &Request<RequestBody>) {
        let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        let Some(token) = header.and_then(|header| header.strip_prefix("Bearer ")) else { return };
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.iter().any(|known| known.text.expose() == token) {
            return;
        }
        let now = Instant::now();
        if let Some(expires) = tokens.last().and_then(|before| before.expires) {
            let (early, late) =
                (expires.saturating_duration_since(now), now.saturating_duration_since(expires));
            let told = if early.is_zero() {
                let path = request.uri().path().trim_start_matches("/api/v1");
                let operation: String = path.split_inclusive('/').take(2).collect();
                let id = if operation.ends_with('/') { "..." } else { "" };
                let (method, late) = (request.method(), late.as_secs_f64());
                format!("{late:.1} s after it expired; else {method} {operation}{id} gets a 401")
            } else {
                let early = early.as_secs_f64();
                format!("{early:.1} s before it expires; else all calls after that get a 401")
            };
            // If there is no output any more, the next step ends for it.
            let _ = self.screen.text(&format!("token renewed {told}"));
        }
        let lifetime = self.session.get().and_then(Jwt::expires_in);
        tokens.push(Token { text: Secret::new(token), expires: lifetime.map(|lifetime| now + lifetime) });
    }
}
