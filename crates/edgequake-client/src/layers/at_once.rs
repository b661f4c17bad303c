//! [`AtOnce`]: a call that is made now if the service is ready now, and else as soon as it is.
//!
//! A layer that answers `Ready` itself has to wait for the service below within its future. `Oneshot` does that with a clone and
//! a state to keep both in, though nearly every service is ready whenever it is asked. Here the future of the service is polled in
//! one place only, which matters to layers within layers: every one is compiled into the next.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::boxed::BoxError;

pin_project! {
    #[project = AtOnceProj]
    pub(crate) enum AtOnce<S, Q>
    where
        S: Service<Q>,
    {
        Called { #[pin] future: S::Future },
        Refused { error: Option<BoxError> },
        Waiting { service: S, request: Option<Q> },
    }
}

impl<S, Q> AtOnce<S, Q>
where
    S: Service<Q, Error: Into<BoxError>> + Clone,
{
    /// A call that is not made.
    pub(crate) fn refused(error: impl Into<BoxError>) -> Self {
        Self::Refused { error: Some(error.into()) }
    }

    pub(crate) fn new(service: &mut S, request: Q) -> Self {
        match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => Self::Called { future: service.call(request) },
            Poll::Ready(Err(error)) => Self::Refused { error: Some(error.into()) },
            Poll::Pending => {
                // What was polled may stand in a queue by now: that is the one to wait with, so that no place in it is lost.
                let clone = service.clone();
                Self::Waiting { service: std::mem::replace(service, clone), request: Some(request) }
            }
        }
    }
}

impl<S, Q> Future for AtOnce<S, Q>
where
    S: Service<Q, Error: Into<BoxError>>,
{
    type Output = Result<S::Response, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let next = match self.as_mut().project() {
                AtOnceProj::Called { future } => return future.poll(cx).map_err(Into::into),
                AtOnceProj::Waiting { service, request } => match ready!(service.poll_ready(cx)) {
                    // Taken once: what comes next is another state.
                    Ok(()) => request.take().map(|request| Self::Called { future: service.call(request) }),
                    Err(error) => Some(Self::Refused { error: Some(error.into()) }),
                },
                AtOnceProj::Refused { error } => {
                    let Some(error) = error.take() else { return Poll::Pending };
                    return Poll::Ready(Err(error));
                }
            };
            match next {
                Some(next) => self.set(next),
                None => return Poll::Pending,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;

    use tokio::sync::Notify;
    use tower::limit::ConcurrencyLimit;
    use tower::{ServiceExt, service_fn};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_not_ready_is_waited_for_and_its_place_is_not_lost() {
        let release = Arc::new(Notify::new());
        let released = Arc::clone(&release);
        let slow = service_fn(move |number: u32| {
            let released = Arc::clone(&released);
            async move {
                released.notified().await;
                Ok::<_, Infallible>(number)
            }
        });
        let mut service = ConcurrencyLimit::new(slow, 1);
        let first = AtOnce::new(&mut service, 1);
        assert!(matches!(first, AtOnce::Called { .. }));
        let second = AtOnce::new(&mut service, 2);
        assert!(matches!(second, AtOnce::Waiting { .. }));
        release.notify_one();
        assert_eq!(first.await.unwrap(), 1);
        release.notify_one();
        assert_eq!(second.await.unwrap(), 2);
        // Neither the service nor what became of its clones holds the one permit.
        release.notify_one();
        assert_eq!(service.oneshot(3).await.unwrap(), 3);
    }
}
