//! [`Retained`]: a request kept aside, so that it can be sent again.

use http::Request;

use crate::body::Replay;
use crate::policy::Policy;

/// What it takes to send a request again: its head, its [`Policy`], and its body from the beginning.
///
/// Other extensions are not kept: they belong to the attempt.
#[derive(Debug, Clone)]
pub(crate) struct Retained<B> {
    request: Request<B>,
}

impl<B: Replay> Retained<B> {
    /// A request to send now, keeping this one for later.
    pub(crate) fn request(&self) -> Option<Request<B>> {
        Self::of(&self.request).map(Self::into_request)
    }

    /// Keeps a copy of `request`; `None` if its body can be sent only once.
    pub(crate) fn of(request: &Request<B>) -> Option<Self> {
        let mut copy = Request::new(request.body().replay()?);
        copy.method_mut().clone_from(request.method());
        copy.uri_mut().clone_from(request.uri());
        *copy.version_mut() = request.version();
        if !request.headers().is_empty() {
            copy.headers_mut().clone_from(request.headers());
        }
        if let Some(policy) = request.extensions().get::<Policy>() {
            copy.extensions_mut().insert(policy.clone());
        }
        Some(Self { request: copy })
    }
}

impl<B> Retained<B> {
    /// The request to send now, for the last time.
    pub(crate) fn into_request(self) -> Request<B> {
        self.request
    }

    /// How the request is to be treated.
    pub(crate) fn policy(&self) -> Policy {
        Policy::of(&self.request)
    }
}
