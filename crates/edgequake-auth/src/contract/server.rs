//! A server with single-use refresh tokens, which writes down what it is shown.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::boxed::BoxFuture;
use crate::transport::{TokenTransport, TransportError};

pub(super) const PASSWORD: &str = "correct horse";

/// Clones are one server, and its own transport.
#[derive(Debug, Clone, Default)]
pub(super) struct Server(Arc<State>);

#[derive(Debug, Default)]
struct State {
    sessions: Mutex<Sessions>,
    /// How many logouts there were.
    logouts: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Sessions {
    open: Vec<Session>,
    presented: Vec<String>,
    logins: usize,
}

#[derive(Debug, Default)]
struct Session {
    /// The number of the one refresh token that works.
    current: u64,
    over: bool,
}

impl Server {
    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session that began elsewhere; its refresh token.
    pub(super) fn open(&self) -> String {
        self.sessions().open()
    }

    /// The refresh tokens that it was shown, in their order.
    pub(super) fn presented(&self) -> Vec<String> {
        self.sessions().presented.clone()
    }

    /// How often it was shown a password.
    pub(super) fn logins(&self) -> usize {
        self.sessions().logins
    }

    /// Whether each session is over, in the order in which they began.
    pub(super) fn over(&self) -> Vec<bool> {
        self.sessions().open.iter().map(|session| session.over).collect()
    }

    /// Waits for so many logouts.
    pub(super) async fn logouts(&self, number: usize) {
        self.0.logouts.subscribe().wait_for(|seen| *seen >= number).await.ok();
    }

    fn answer(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let refused = (StatusCode::UNAUTHORIZED, json!({"code": "UNAUTHORIZED", "message": "Unauthorized"}));
        let mut sessions = self.sessions();
        let token = body["refresh_token"].as_str().unwrap_or_default();
        match path.rsplit('/').next() {
            Some("login") => {
                sessions.logins += 1;
                if body["password"] != PASSWORD {
                    return refused;
                }
                let refresh = sessions.open();
                (StatusCode::OK, tokens(&refresh))
            }
            Some("refresh") => {
                sessions.presented.push(token.to_owned());
                sessions.exchange(token).map_or(refused, |next| (StatusCode::OK, tokens(&next)))
            }
            Some("logout") => {
                if let Some((session, _)) = sessions.find(token) {
                    session.over = true;
                }
                self.0.logouts.send_modify(|seen| *seen += 1);
                (StatusCode::NO_CONTENT, Value::Null)
            }
            _ => (StatusCode::NOT_FOUND, Value::Null),
        }
    }
}

impl Sessions {
    fn open(&mut self) -> String {
        self.open.push(Session::default());
        name(self.open.len() - 1, 0)
    }

    fn find(&mut self, token: &str) -> Option<(&mut Session, (usize, u64))> {
        let (session, number) = token.strip_prefix('r')?.split_once('-')?;
        let (session, number) = (session.parse().ok()?, number.parse().ok()?);
        Some((self.open.get_mut(session)?, (session, number)))
    }

    /// The successor. A token that was used before ends its session.
    fn exchange(&mut self, token: &str) -> Option<String> {
        let (session, (which, number)) = self.find(token)?;
        session.over |= session.current != number;
        if session.over {
            return None;
        }
        session.current += 1;
        Some(name(which, session.current))
    }
}

fn name(session: usize, number: u64) -> String {
    format!("r{session}-{number}")
}

fn tokens(refresh: &str) -> Value {
    let access = refresh.replacen('r', "a", 1);
    json!({"access_token": access, "token_type": "Bearer", "expires_in": 3600, "refresh_token": refresh})
}

impl TokenTransport for Server {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>> {
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        let (status, answer) = self.answer(request.uri().path(), &body);
        let text = if answer.is_null() { String::new() } else { answer.to_string() };
        let mut response = Response::new(Bytes::from(text));
        *response.status_mut() = status;
        Box::pin(async move { Ok(response) })
    }
}
