//! A stack of one's own: single layers around hyper-util's client, and no `Client` anywhere.
//!
//! For programs that have a tower stack already. Take the layers you need, in the order that the module `stack` of
//! `edgequake-client` gives; each module says what its layer needs inside and outside of it.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::{BoxFuture, Jwt, SharedCredentials, TokenTransport, TransportError, TransportErrorKind};
use edgequake_client::BoxError;
use edgequake_client::layers::auth::AuthLayer;
use edgequake_client::layers::guard::{GuardLayer, TrustedOrigin};
use edgequake_client::layers::retry::{RetryConfig, RetryLayer};
use edgequake_client::layers::scope::{ScopeHeaders, ScopeLayer};
use edgequake_client::layers::timeout::AttemptTimeoutLayer;
use edgequake_client::layers::unauthorized::UnauthorizedLayer;
use edgequake_client::policy::Policy;
use edgequake_devserver::{DevServer, Role};
use edgequake_types::documents::{ListDocuments, UploadText};
use edgequake_types::{Decode, Endpoint, ErrorBody, Origin, TenantId, WorkspaceId};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::{Client as Hyper, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower::{Service, ServiceBuilder, ServiceExt};

type Transport = Hyper<HttpConnector, Full<Bytes>>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let server =
        DevServer::builder().user("ada", "ada@example.com", "correct horse", Role::User).start().await?;
    let transport: Transport = Hyper::builder(TokioExecutor::new()).build_http();
    let origin: Origin = server.url().parse()?;

    // The session sends its logins over the same transport, but past the stack: a login must not need a login.
    let tokens = Tokens { base: server.url().to_owned(), transport: transport.clone() };
    let session = Jwt::builder(origin.clone(), tokens).login("ada", "correct horse").build()?;
    let credentials = SharedCredentials::from(session.clone());

    let trusted = TrustedOrigin::new(origin);
    let scope =
        ScopeHeaders::new().tenant(&TenantId::server_default()).workspace(&WorkspaceId::server_default());
    let stack = ServiceBuilder::new()
        // Outermost: every attempt passes all of the rest anew.
        .layer(RetryLayer::new(RetryConfig::default()))
        // One replay after a 401. Right outside the layer that puts the credential on.
        .layer(UnauthorizedLayer::new(credentials.clone()))
        .layer(AuthLayer::new(credentials, trusted.clone()))
        .layer(AttemptTimeoutLayer::new(Some(Duration::from_secs(30))))
        .layer(ScopeLayer::new(scope))
        // Innermost, so that it looks last: credentials go to `origin` and nowhere else.
        .layer(GuardLayer::new(trusted))
        .service(transport);

    let upload = UploadText::new("The bridge opened in 1931.").title("Bridge");
    let uploaded = call(&stack, server.url(), upload).await?;
    println!("uploaded {:?}", uploaded.document_id);
    let page = call(&stack, server.url(), ListDocuments::new()).await?;
    println!("{} document, {} login", page.total, session.logins());
    assert_eq!((page.total, session.logins(), session.refreshes()), (1, 1, 0));

    // The 401 layer at work: the token is refused, renewed, and the request sent once more.
    server.expire_access_tokens();
    call(&stack, server.url(), ListDocuments::new()).await?;
    println!("{} refresh after a 401", session.refreshes());
    assert_eq!(session.refreshes(), 1);

    // The guard at work: another origin gets nothing, not even the question.
    let error =
        call(&stack, "http://127.0.0.1:1", ListDocuments::new()).await.err().ok_or("sent elsewhere")?;
    println!("elsewhere: {error}");
    server.shutdown().await;
    Ok(())
}

/// Sends any endpoint through any stack, and reads its answer.
async fn call<S, E, B>(stack: &S, base: &str, endpoint: E) -> Result<E::Response, BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>> + Clone,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
    E: Endpoint,
    E::Response: Decode,
{
    // The request as the endpoint writes it: path and query, no host, no credential.
    let (mut parts, body) = endpoint.to_request()?.into_parts();
    parts.uri = format!("{base}{}", parts.uri).parse()?;
    // What the method cannot say: how safe it is to repeat, and whether it takes a credential.
    parts.extensions.insert(Policy::for_method(&E::METHOD).retry(E::RETRY).auth(E::AUTH));
    let body = body.bytes().ok_or("a form with a file from disk needs a body of its own")?;

    let answer =
        stack.clone().oneshot(Request::from_parts(parts, Full::new(body))).await.map_err(Into::into)?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, 16 * 1024 * 1024).collect().await?.to_bytes();
    if !head.status.is_success() {
        let error = ErrorBody::read(head.status, &body);
        return Err(format!("{}: {} [{}]", head.status, error.message, error.code).into());
    }
    Ok(E::Response::decode(&head, body)?)
}

/// How the session sends login, refresh and logout.
struct Tokens {
    base: String,
    transport: Transport,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("base", &self.base).finish_non_exhaustive()
    }
}

impl TokenTransport for Tokens {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>> {
        let (transport, base) = (self.transport.clone(), self.base.clone());
        Box::pin(async move {
            let failed =
                |error: Box<dyn StdError + Send + Sync>, kind| TransportError::new(kind).with_source(error);
            let (mut parts, body) = request.into_parts();
            parts.uri = format!("{base}{}", parts.uri)
                .parse()
                .map_err(|error: http::uri::InvalidUri| failed(error.into(), TransportErrorKind::NotSent))?;
            let answer =
                transport.request(Request::from_parts(parts, Full::new(body))).await.map_err(|error| {
                    // Whether the server may have seen it decides whether a refresh token is lost.
                    let unsent = error.is_connect();
                    failed(
                        error.into(),
                        if unsent { TransportErrorKind::NotSent } else { TransportErrorKind::Interrupted },
                    )
                })?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, 64 * 1024).collect().await;
            let body = body.map_err(|error| failed(error, TransportErrorKind::Interrupted))?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        })
    }
}
