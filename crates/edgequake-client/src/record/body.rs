//! [`Recording`]: the body of an answer, which is copied as it passes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::writer::{Sample, Writer};

pin_project! {
    /// Hands its copy over when the body has ended, or when a stream of events is given up.
    pub(super) struct Recording<B>
    where
        B: Body,
    {
        #[pin]
        inner: B,
        copy: Option<Copy>,
    }

    impl<B> PinnedDrop for Recording<B>
    where
        B: Body,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(copy) = this.copy.take() {
                copy.end(this.inner.is_end_stream());
            }
        }
    }
}

/// What of a body has passed.
struct Copy {
    sample: Sample,
    bytes: BytesMut,
    writer: Arc<Writer>,
}

impl<B: Body> Recording<B> {
    pub(super) fn new(inner: B, sample: Sample, writer: Arc<Writer>) -> Self {
        Self { inner, copy: Some(Copy { sample, bytes: BytesMut::new(), writer }) }
    }
}

impl Copy {
    /// `None` for a body that is too long.
    fn push(mut self, data: &Bytes) -> Option<Self> {
        if self.bytes.len() + data.len() > self.writer.options.body_limit {
            self.writer.counts.skip(self.sample.template, "its body is too long");
            return None;
        }
        self.bytes.extend_from_slice(data);
        Some(self)
    }

    /// The body ends, or is given up.
    fn end(mut self, is_whole: bool) {
        if !is_whole {
            let is_stream = self.sample.answer.content_type.starts_with("text/event-stream");
            // Whoever reads a stream may stop at the event that he waited for.
            let events = is_stream.then(|| whole_events(&self.bytes)).flatten();
            let Some(length) = events else {
                return self.writer.counts.skip(self.sample.template, "its body was not read to the end");
            };
            self.bytes.truncate(length);
            self.sample.is_cut = true;
        }
        self.sample.answer.bytes = self.bytes.freeze();
        self.writer.write(self.sample);
    }
}

/// The length of the events that are complete.
fn whole_events(stream: &[u8]) -> Option<usize> {
    let ends = [&b"\n\n"[..], b"\r\n\r\n", b"\r\r"].map(|end| {
        stream.windows(end.len()).rposition(|window| window == end).map(|start| start + end.len())
    });
    ends.into_iter().flatten().max()
}

impl<B> Body for Recording<B>
where
    B: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    *this.copy = this.copy.take().and_then(|copy| copy.push(data));
                }
            }
            end => {
                if let Some(copy) = this.copy.take() {
                    copy.end(end.is_none());
                }
            }
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
