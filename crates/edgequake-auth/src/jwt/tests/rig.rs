//! A server in memory behind a [`TokenTransport`], with single-use refresh tokens, and two clocks to be moved.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::clock::{Clock, Now};
use crate::{
    AuthContext, Authorization, BoxFuture, Jwt, JwtBuilder, TokenTransport, TransportError,
    TransportErrorKind,
};

pub(crate) const ORIGIN: &str = "https://api.example.com";
pub(crate) const USER: &str = "mona@corp.test";
pub(crate) const PASSWORD: &str = "s3cr3t-p";

/// What the server does instead of what it should.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    Transport(TransportErrorKind),
    Answer(u16, &'static str),
    RetryAfter(u16, &'static str),
    /// Accepts and never answers.
    Silence,
    Panic,
    /// Does its work, then the connection breaks.
    LostAnswer,
    /// Answers, but only once `release` is notified.
    Held,
}

#[derive(Debug, Default)]
pub(crate) struct Server {
    issued: u64,
    /// The refresh token that works, exactly once.
    refresh: Option<String>,
    access: Option<String>,
    faults: VecDeque<Fault>,
    /// Fields to put into every answer in place of the usual ones; `null` takes a field out.
    pub(crate) overrides: Value,
    pub(crate) requests: Vec<(String, Value, Option<String>)>,
}

/// The transport; clones are one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rig {
    pub(crate) server: Arc<Mutex<Server>>,
    pub(crate) release: Arc<Notify>,
    pub(crate) arrived: Arc<Notify>,
}

impl Rig {
    /// On the runtime of the test, if it is in one, for the sake of its paused time.
    pub(crate) fn builder(&self) -> JwtBuilder {
        let builder = Jwt::builder(ORIGIN.parse().unwrap(), self.clone());
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => builder.runtime(runtime),
            Err(_) => builder,
        }
    }

    pub(crate) fn with_login(&self) -> Jwt {
        self.builder().login(USER, PASSWORD).build().unwrap()
    }

    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.server.lock().unwrap().faults.extend(faults);
    }

    pub(crate) fn set(&self, overrides: Value) {
        self.server.lock().unwrap().overrides = overrides;
    }

    /// How many requests went to a path that ends so.
    pub(crate) fn count(&self, end: &str) -> usize {
        self.server.lock().unwrap().requests.iter().filter(|(path, ..)| path.ends_with(end)).count()
    }

    /// Waits until a request has come to a path that ends so, if it comes at all.
    pub(crate) async fn arrival(&self, end: &str) {
        let arrived = async {
            while self.count(end) == 0 {
                self.arrived.notified().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), arrived).await.expect("no request comes");
    }

    /// A session that began elsewhere: the refresh token that the server accepts.
    pub(crate) fn open(&self, refresh: &str) {
        self.server.lock().unwrap().refresh = Some(refresh.to_owned());
    }

    fn answer(server: &mut Server, path: &str, body: &Value, bearer: Option<&str>) -> (u16, Value) {
        match path {
            "/api/v1/auth/login" if body["username"] != USER || body["password"] != PASSWORD => {
                (401, json!({"code": "UNAUTHORIZED", "message": "Unauthorized"}))
            }
            "/api/v1/auth/login" => (200, server.issue()),
            "/api/v1/auth/refresh"
                if server.refresh.is_none()
                    || body["refresh_token"].as_str() != server.refresh.as_deref() =>
            {
                // Reuse revokes the session.
                server.refresh = None;
                let details = json!({"diagnostics": {"reason": "token_reuse"}});
                (401, json!({"code": "UNAUTHORIZED", "message": "Unauthorized", "details": details}))
            }
            "/api/v1/auth/refresh" => (200, server.issue()),
            // Not a public endpoint.
            "/api/v1/auth/logout" if bearer.is_none() => {
                (401, json!({"code": "UNAUTHORIZED", "message": "Unauthorized"}))
            }
            "/api/v1/auth/logout" => {
                server.refresh = None;
                server.access = None;
                (204, Value::Null)
            }
            _ => (404, Value::Null),
        }
    }
}

impl Server {
    pub(crate) fn clear_faults(&mut self) {
        self.faults.clear();
    }

    fn issue(&mut self) -> Value {
        self.issued += 1;
        let (access, refresh) = (format!("s3cr3t-a{}", self.issued), format!("s3cr3t-r{}", self.issued));
        let mut answer = json!({
            "access_token": access, "token_type": "Bearer", "expires_in": 3600, "refresh_token": refresh,
            "user": {"user_id": "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21", "username": "mona", "role": "user"},
        });
        if let (Some(answer), Some(overrides)) = (answer.as_object_mut(), self.overrides.as_object()) {
            for (field, value) in overrides {
                if value.is_null() {
                    drop(answer.remove(field))
                } else {
                    drop(answer.insert(field.clone(), value.clone()))
                }
            }
        }
        self.access = Some(access);
        if answer.get("refresh_token").is_some() {
            self.refresh = Some(refresh);
        }
        answer
    }
}

impl TokenTransport for Rig {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>> {
        let rig = self.clone();
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            let bearer =
                request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(request.headers()["content-type"], "application/json");
            let fault = {
                let mut server = rig.server.lock().unwrap();
                server.requests.push((path.clone(), body.clone(), bearer.clone()));
                server.faults.pop_front()
            };
            rig.arrived.notify_one();
            let respond = |status: u16, text: String| {
                let mut response = Response::new(Bytes::from(text));
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                Ok(response)
            };
            match fault {
                Some(Fault::Transport(kind)) => return Err(TransportError::new(kind)),
                Some(Fault::Answer(status, text)) => return respond(status, text.to_owned()),
                Some(Fault::RetryAfter(status, wait)) => {
                    let mut response = respond(status, String::new())?;
                    response.headers_mut().insert("retry-after", wait.parse().unwrap());
                    return Ok(response);
                }
                Some(Fault::Silence) => std::future::pending().await,
                Some(Fault::Panic) => panic!("the transport panics"),
                Some(Fault::Held) => rig.release.notified().await,
                Some(Fault::LostAnswer) => {
                    Self::answer(&mut rig.server.lock().unwrap(), &path, &body, bearer.as_deref());
                    return Err(TransportError::new(TransportErrorKind::Interrupted));
                }
                None => {}
            }
            let (status, answer) =
                Self::answer(&mut rig.server.lock().unwrap(), &path, &body, bearer.as_deref());
            respond(status, if answer.is_null() { String::new() } else { answer.to_string() })
        })
    }
}

pub(crate) fn cx() -> AuthContext {
    AuthContext::new(ORIGIN.parse().unwrap())
}

/// The token in the header.
pub(crate) fn token(authorization: &Authorization) -> &str {
    authorization.header().unwrap().1.to_str().unwrap().strip_prefix("Bearer ").unwrap()
}

/// The runtime's clock, and a wall clock that can be set.
#[derive(Debug)]
pub(crate) struct TestClock {
    start: tokio::time::Instant,
    set_by: Mutex<i64>,
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { start: tokio::time::Instant::now(), set_by: Mutex::new(0) })
    }

    /// Sets the wall clock forward or back, in seconds.
    pub(crate) fn set(&self, seconds: i64) {
        *self.set_by.lock().unwrap() += seconds;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Now {
        let mono = self.start.elapsed();
        let wall = Duration::from_secs(1_800_000_000) + mono;
        let set_by = *self.set_by.lock().unwrap();
        let by = Duration::from_secs(set_by.unsigned_abs());
        Now { wall: if set_by < 0 { wall - by } else { wall + by }, mono }
    }
}
