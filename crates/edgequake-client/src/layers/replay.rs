//! [`Retained`]: a request kept aside, so that it can be sent again.

use http::{HeaderMap, Method, Request, Uri, Version};

use crate::body::Replay;
use crate::policy::Policy;

/// What it takes to send a request again: its head, its [`Policy`], and its body from the beginning.
///
/// Other extensions are not kept: they belong to the attempt. The parts lie side by side, since putting the policy back among
/// the extensions costs more than everything else and is rarely needed.
#[derive(Debug, Clone)]
pub(crate) struct Retained<B> {
    method: Method,
    uri: Uri,
    version: Version,
    headers: HeaderMap,
    policy: Option<Policy>,
    body: B,
}

impl<B: Replay> Retained<B> {
    /// Keeps a copy of `request`; `None` if its body can be sent only once.
    pub(crate) fn of(request: &Request<B>) -> Option<Self> {
        Some(Self {
            body: request.body().replay()?,
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: request.headers().clone(),
            policy: request.extensions().get().cloned(),
        })
    }

    /// A request to send now, keeping this one for later.
    pub(crate) fn request(&self) -> Option<Request<B>> {
        let body = self.body.replay()?;
        let (method, uri, headers) = (self.method.clone(), self.uri.clone(), self.headers.clone());
        let kept = Self { method, uri, version: self.version, headers, policy: self.policy.clone(), body };
        Some(kept.into_request())
    }
}

impl<B> Retained<B> {
    /// The request to send now, for the last time.
    pub(crate) fn into_request(self) -> Request<B> {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.version_mut() = self.version;
        *request.headers_mut() = self.headers;
        if let Some(policy) = self.policy {
            request.extensions_mut().insert(policy);
        }
        request
    }

    /// Where it goes.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// How the request is to be treated.
    pub(crate) fn policy(&self) -> Policy {
        self.policy.clone().unwrap_or_else(|| Policy::for_method(&self.method))
    }
}
