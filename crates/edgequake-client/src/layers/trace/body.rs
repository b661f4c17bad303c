//! The body of a traced answer: the span ends with it, and knows how long it was.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tracing::Span;

use super::{Kind, TARGET, fault_name};
use crate::boxed::BoxError;

pin_project! {
    /// The body of an answer that passed a [`TraceLayer`](super::TraceLayer). It keeps the span open until it ends or is dropped.
    #[derive(Debug)]
    pub struct TracedBody<B> {
        #[pin]
        inner: B,
        reading: Reading,
    }
}

/// What is told at the end.
#[derive(Debug)]
struct Reading {
    /// None if nobody listens, or all is told.
    span: Option<Span>,
    kind: Kind,
    bytes: u64,
}

impl<B> TracedBody<B> {
    pub(super) fn new(inner: B, kind: Kind, span: &Span) -> Self {
        let span = (!span.is_disabled()).then(|| span.clone());
        Self { inner, reading: Reading { span, kind, bytes: 0 } }
    }
}

impl Reading {
    /// Tells how it ended, once.
    fn end(&mut self, how: &'static str, fault: Option<&'static str>) {
        let Some(span) = self.span.take() else { return };
        span.record("bytes", self.bytes);
        if let Some(fault) = fault {
            span.record("fault", fault);
        }
        span.in_scope(|| match self.kind {
            Kind::Operation => tracing::debug!(target: TARGET, "{how}"),
            // The operation says the same.
            Kind::Attempt => tracing::trace!(target: TARGET, "{how}"),
        });
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.end("dropped", None);
    }
}

impl<B> Body for TracedBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let mut this = self.project();
        let entered = this.reading.span.as_ref().map(Span::enter);
        let frame = ready!(this.inner.as_mut().poll_frame(cx)).map(|frame| frame.map_err(Into::into));
        drop(entered);
        match &frame {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Buf::remaining);
                this.reading.bytes = this.reading.bytes.saturating_add(length as u64);
                // Whoever asks it need not read on.
                if this.reading.span.is_some() && this.inner.is_end_stream() {
                    this.reading.end("read", None);
                }
            }
            Some(Err(error)) if this.reading.span.is_some() => {
                this.reading.end("broke off", Some(fault_name(&**error)));
            }
            Some(Err(_)) => {}
            None => this.reading.end("read", None),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
