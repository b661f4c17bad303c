//! [`Own`]: a service, or what a user's own layers have made of it. One type for both, so that what lies above is compiled once.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::HttpService;
use crate::body::{RequestBody, ResponseBody};
use crate::boxed::{BoxError, BoxFuture};

#[derive(Debug, Clone)]
pub(super) enum Own<S> {
    Plain(S),
    Layered(HttpService),
}

impl<S> Service<Request<RequestBody>> for Own<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>, Error = BoxError>,
{
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Plain(service) => service.poll_ready(cx),
            Self::Layered(service) => service.poll_ready(cx),
        }
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        match self {
            Self::Plain(service) => ResponseFuture::Plain { future: service.call(request) },
            Self::Layered(service) => ResponseFuture::Layered { future: service.call(request) },
        }
    }
}

pin_project! {
    /// The future of [`Own`].
    #[project = ResponseFutureProj]
    pub(super) enum ResponseFuture<F> {
        Plain { #[pin] future: F },
        Layered { future: BoxFuture<Result<Response<ResponseBody>, BoxError>> },
    }
}

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<ResponseBody>, BoxError>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            ResponseFutureProj::Plain { future } => future.poll(cx),
            ResponseFutureProj::Layered { future } => future.as_mut().poll(cx),
        }
    }
}
