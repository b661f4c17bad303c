//! From the options to a [`Client`].

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::ClientBuilder;
use crate::body::RequestBody;
use crate::boxed::BoxError;
use crate::client::base_url::BaseUrl;
use crate::client::prepared::{StaticPaths, call_headers};
use crate::client::{Client, DEFAULT_USER_AGENT, Inner, Malformed, Shared};
use crate::error::Error;
use crate::layers::guard::TrustedOrigin;
use crate::layers::retry::RetryLayer;
use crate::stack::erased::ErasedService;
use crate::stack::{self, StackOptions};
use crate::transport::HttpTransport;

impl ClientBuilder {
    /// Builds the client over hyper. Reads the trust store from disk if the base URL is `https`, once for the process, and no other file.
    /// Spawns nothing, so it may be called outside any runtime.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming what cannot be used.
    pub fn build(mut self) -> Result<Client, Error> {
        let base = self.base()?;
        let transport =
            self.transport.take().unwrap_or_else(HttpTransport::builder).tls(base.origin().is_secure());
        let transport = transport.build().map_err(Error::config)?;
        self.finish(base, transport)
    }

    /// Builds the client over a transport of your own: anything that sends an `http::Request`, such as a fake in a test.
    ///
    /// ```
    /// use edgequake_client::body::{RequestBody, ResponseBody};
    /// use edgequake_client::{Client, RetryConfig};
    /// use http::{Request, Response, StatusCode};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), edgequake_client::Error> {
    /// let down = tower::service_fn(async |_: Request<RequestBody>| {
    ///     let mut answer = Response::new(ResponseBody::default());
    ///     *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    ///     Ok::<_, std::io::Error>(answer)
    /// });
    /// // Without retries, the failure is returned at once.
    /// let client = Client::builder().retry(RetryConfig::none()).build_on(down)?;
    /// let error = client.health().get().await.unwrap_err();
    /// assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming what cannot be used.
    #[doc(alias = "mock")]
    #[doc(alias = "fake")]
    pub fn build_on<T, R>(self, transport: T) -> Result<Client, Error>
    where
        T: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + Sync + 'static,
        T::Error: Into<BoxError>,
        T::Future: Send,
        R: Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        let base = self.base()?;
        self.finish(base, transport)
    }

    fn finish<T, R>(mut self, base: BaseUrl, transport: T) -> Result<Client, Error>
    where
        T: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + Sync + 'static,
        T::Error: Into<BoxError>,
        T::Future: Send,
        R: Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        let scope = self.scope()?;
        let user_agent = std::mem::replace(&mut self.user_agent, Ok(DEFAULT_USER_AGENT))
            .map_err(|error| Error::config(error).note("the user agent is not a valid header value"))?;
        let allow_http = self.http_allowed()?;
        let options = StackOptions {
            trusted: TrustedOrigin::new(base.origin().clone()).allow_http(allow_http),
            timeout: self.timeout,
            attempt_timeout: self.attempt_timeout,
            idle_timeout: self.idle_timeout,
            #[cfg(feature = "compression")]
            compression: self.compression,
            retry: self.retry.clone(),
            budget: self.budget.clone(),
            trace_context: self.trace_context.take(),
            per_operation: std::mem::take(&mut self.per_operation),
            per_attempt: std::mem::take(&mut self.per_attempt),
        };
        let login_retry = RetryLayer::new(options.retry.clone()).budget(options.budget.clone());
        let known = (&transport as &dyn Any).downcast_ref::<HttpTransport>().cloned();
        let token_service = stack::token_stack(transport.clone(), &options);
        let shared = Shared {
            base,
            paths: StaticPaths::new(),
            stack: Box::new(move |credentials| stack::build(transport.clone(), &options, credentials)),
            token_service,
            transport: known,
            login_retry,
            token_timeout: self.token_timeout,
            store: self.store.take(),
            allow_http,
            answer_limit: self.answer_limit,
            stream_limit: self.stream_limit,
            event_limit: self.event_limit,
            timeout: self.timeout,
            attempt_timeout: self.attempt_timeout,
            user_agent,
        };
        let (credentials, session) = self.choose(&shared)?;
        let (plain, json) = call_headers(&scope, &shared.user_agent);
        let service: ErasedService = (shared.stack)(credentials.clone());
        let shared = Arc::new(shared);
        Ok(Client(Arc::new(Inner {
            shared,
            service,
            credentials,
            session,
            scope,
            malformed: Malformed::default(),
            plain,
            json,
        })))
    }
}
