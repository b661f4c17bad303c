//! [`Dispatcher`]: what a call needs of the client that it was made by, and no more.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::Origin;
use http::{HeaderMap, HeaderValue, Request, Response, Uri};

use crate::body::{RequestBody, ResponseBody};
use crate::boxed::{BoxError, BoxFuture};
use crate::error::Error;
use crate::policy::Policy;

/// Sends requests of one client.
pub(crate) trait Dispatch: Send + Sync {
    /// Says what of the client's scope could not be set.
    fn check_scope(&self) -> Result<(), Error>;

    /// The whole URI of a path below the base URL.
    fn uri(&self, path: Cow<'static, str>, query: Option<&str>) -> Result<Uri, Error>;

    /// The headers of a call that brings `own` ones.
    fn headers(&self, own: HeaderMap, content_type: Option<HeaderValue>) -> Arc<HeaderMap>;

    /// Where requests go.
    fn origin(&self) -> &Origin;

    /// The limits of calls that say none.
    fn limits(&self) -> DefaultLimits;

    /// Sends a request through the whole stack.
    fn send(
        &self,
        request: Request<RequestBody>,
        policy: Policy,
    ) -> BoxFuture<Result<Response<ResponseBody>, BoxError>>;
}

/// The limits of calls that say none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DefaultLimits {
    /// Of a whole operation.
    pub(crate) timeout: Option<Duration>,
    /// Of an attempt, up to the head of its answer.
    pub(crate) attempt_timeout: Option<Duration>,
    /// Of an answer that is read whole, in bytes.
    pub(crate) answer: usize,
    /// Of a stream of events or lines in all, in bytes.
    pub(crate) stream: Option<u64>,
    /// Of one event or line, in bytes.
    pub(crate) event: usize,
}

/// A client as calls see it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Dispatcher(Arc<dyn Dispatch>);

impl Dispatcher {
    pub(crate) fn new(dispatch: Arc<dyn Dispatch>) -> Self {
        Self(dispatch)
    }

    /// Sends a request through the whole stack; what comes back instead of an answer is an error. The request is taken at once:
    /// a future that began with it would move it about.
    pub(super) fn execute(
        &self,
        (request, policy): (Request<RequestBody>, Policy),
    ) -> impl Future<Output = Result<Response<ResponseBody>, Error>> + Send + use<'_> {
        let answer = self.0.send(request, policy);
        async move { answer.await.map_err(|failure| Error::of_failure(failure).at(self.0.origin())) }
    }
}

impl std::ops::Deref for Dispatcher {
    type Target = dyn Dispatch;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dispatcher")
    }
}
