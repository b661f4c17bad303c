//! [`Sending`]: a transport that is called without layers in between.

use std::future::Future;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::body::RequestBody;
use crate::boxed::BoxError;
use crate::policy::Policy;
use crate::transport::{HttpTransport, TransportBody, TransportError};

/// Sends requests.
pub(in super::super) trait Sending: Clone + Send + Sync + 'static {
    /// The body of an answer.
    type Body: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static;

    /// Why there is none.
    type Error: Into<BoxError>;

    /// Whether a request can be sent now.
    fn is_ready(&mut self) -> bool;

    /// Sends a request under its policy.
    fn send(
        self,
        request: Request<RequestBody>,
        policy: &Policy,
    ) -> impl Future<Output = Result<Response<Self::Body>, Self::Error>> + Send + use<Self>;
}

/// The transport of this crate is told of a policy what it needs to know.
impl Sending for HttpTransport {
    type Body = TransportBody;
    type Error = TransportError;

    fn is_ready(&mut self) -> bool {
        true
    }

    fn send(
        self,
        request: Request<RequestBody>,
        policy: &Policy,
    ) -> impl Future<Output = Result<Response<TransportBody>, TransportError>> + Send + use<> {
        self.exchange(request, policy.deadline, policy.attempt_deadline)
    }
}

/// Any other one finds the policy with the request.
#[derive(Clone)]
pub(in super::super) struct Custom<S>(pub(in super::super) S);

impl<S, R> Sending for Custom<S>
where
    S: Service<Request<RequestBody>, Response = Response<R>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    R: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Body = R;
    type Error = S::Error;

    fn is_ready(&mut self) -> bool {
        matches!(self.0.poll_ready(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(())))
    }

    fn send(
        mut self,
        mut request: Request<RequestBody>,
        policy: &Policy,
    ) -> impl Future<Output = Result<Response<R>, S::Error>> + Send + use<S, R> {
        request.extensions_mut().insert(policy.clone());
        self.0.call(request)
    }
}
