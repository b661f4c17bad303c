//! [`Memory`]: a scripted transport without sockets, for tests in paused time.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::{BoxError, Client, ClientBuilder};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;
use tokio::time::Instant;
use tower::Service;

/// One attempt as it reached the transport.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) at: Instant,
}

type Outcome = Result<Response<ResponseBody>, BoxError>;

#[derive(Clone)]
pub(crate) struct Memory {
    log: Arc<Mutex<Vec<Attempt>>>,
    script: Arc<dyn Fn(usize) -> Option<Outcome> + Send + Sync>,
}

impl Memory {
    /// A transport whose script is told the number of the attempt, from 0. `None` never answers.
    pub(crate) fn new(script: impl Fn(usize) -> Option<Outcome> + Send + Sync + 'static) -> Self {
        Self { log: Arc::default(), script: Arc::new(script) }
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.log.lock().unwrap().clone()
    }

    /// The pauses between the attempts, in milliseconds.
    pub(crate) fn pauses(&self) -> Vec<u128> {
        self.attempts().windows(2).map(|pair| (pair[1].at - pair[0].at).as_millis()).collect()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder().api_key("k1")
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build_on(self.clone()).unwrap()
    }
}

impl Service<Request<RequestBody>> for Memory {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let attempt = Attempt { method: parts.method, headers: parts.headers, body, at: Instant::now() };
            let number = {
                let mut log = this.log.lock().unwrap();
                log.push(attempt);
                log.len() - 1
            };
            match (this.script)(number) {
                Some(outcome) => outcome,
                None => {
                    std::future::pending::<Result<Infallible, BoxError>>().await.map(|never| match never {})
                }
            }
        })
    }
}

/// An answer.
pub(crate) fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Option<Outcome> {
    let mut answer = Response::new(ResponseBody::from(Bytes::copy_from_slice(body.as_bytes())));
    *answer.status_mut() = status.try_into().unwrap();
    for (name, value) in headers {
        answer.headers_mut().insert(*name, value.parse().unwrap());
    }
    Some(Ok(answer))
}

/// A failure of the connection.
pub(crate) fn lost(kind: std::io::ErrorKind) -> Option<Outcome> {
    Some(Err(std::io::Error::from(kind).into()))
}
