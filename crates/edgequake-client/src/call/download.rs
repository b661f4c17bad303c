//! [`DownloadStream`]: a file of the server, passed on as it comes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use edgequake_types::{Download, Streamed};
use futures_core::Stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use http::response::Parts;
use http::{HeaderMap, Response};
use http_body::Body;

use super::disposition;
use super::receive::{Limits, Receive, check, keep};
use crate::body::ResponseBody;
use crate::error::Error;

/// A file on its way: a `Stream` of its pieces, in constant memory. [`next`](Self::next) is there too.
///
/// ```no_run
/// # async fn run(mut file: edgequake_client::DownloadStream) -> Result<(), Box<dyn std::error::Error>> {
/// use std::io::Write;
///
/// let mut target = std::fs::File::create(file.file_name().unwrap_or_else(|| "download".into()))?;
/// while let Some(piece) = file.next().await {
///     target.write_all(&piece?)?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// A file that ends before the length that was announced is an error. Dropping the stream ends the download.
pub struct DownloadStream {
    body: Option<ResponseBody>,
    headers: HeaderMap,
    operation: &'static str,
}

impl DownloadStream {
    /// The next piece; `None` after the last one. Safe to drop: no piece is lost.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The media type, such as `application/pdf`.
    pub fn content_type(&self) -> Option<&str> {
        self.text(&CONTENT_TYPE)
    }

    /// How many bytes are still to come, where the server says it.
    pub fn remaining(&self) -> Option<u64> {
        self.body.as_ref().map_or(Some(0), |body| body.size_hint().exact())
    }

    /// The name that the server gives the file (RFC 6266): its last component, so that it names no folder and no drive. `None` where it gives
    /// none, or one that is no name.
    pub fn file_name(&self) -> Option<String> {
        disposition::file_name(self.headers.get(CONTENT_DISPOSITION)?.as_bytes())
    }

    fn text(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Stream for DownloadStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        while let Some(body) = &mut this.body {
            match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(failure)) => {
                    this.body = None;
                    return Poll::Ready(Some(Err(Error::of_body(failure).during(this.operation, None))));
                }
                None => this.body = None,
            }
        }
        Poll::Ready(None)
    }
}

impl fmt::Debug for DownloadStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownloadStream")
            .field("operation", &self.operation)
            .field("content_type", &self.content_type())
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}

impl Receive<Streamed> for Download {
    type Output = DownloadStream;

    async fn receive(
        answer: Response<ResponseBody>,
        limits: Limits<'_>,
        head: Option<&mut Parts>,
    ) -> Result<DownloadStream, Error> {
        let (parts, body) = check(answer).await?.into_parts();
        let headers = parts.headers.clone();
        keep(parts, head);
        Ok(DownloadStream { body: Some(body), headers, operation: limits.operation })
    }
}
