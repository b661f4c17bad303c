//! The floor: hyper's pooled client with a plain connector, or one for TLS, and headers written by hand.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue, USER_AGENT};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::Result;
use crate::clients::{BEARER, TENANT, WORKSPACE, url};

pub(crate) const PATH: &str = "/api/v1/documents";

/// The client, the URI of the documents, and the headers of each request.
#[derive(Clone)]
pub(crate) struct Pooled<C> {
    client: Client<C, Empty<Bytes>>,
    uri: Uri,
    headers: [(HeaderName, HeaderValue); 5],
}

/// The floor.
pub(crate) type HyperUtil = Pooled<HttpConnector>;

/// The same over TLS.
pub(crate) type OverTls = Pooled<HttpsConnector<HttpConnector>>;

/// What connects, as one sets it up by hand.
pub(crate) trait Connector: Connect + Clone + Send + Sync + 'static {
    fn make() -> Result<Self>;
}

impl Connector for HttpConnector {
    fn make() -> Result<Self> {
        Ok(Self::new())
    }
}

impl Connector for HttpsConnector<HttpConnector> {
    /// Trusts what the file of certificates says that the caller names, as the other clients do.
    fn make() -> Result<Self> {
        let mut roots = RootCertStore::empty();
        let file = std::env::var_os("SSL_CERT_FILE").ok_or("SSL_CERT_FILE names no file")?;
        for certificate in CertificateDer::pem_file_iter(file)? {
            roots.add(certificate?)?;
        }
        let provider = tokio_rustls::rustls::crypto::ring::default_provider();
        let config = ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().build())
    }
}

impl<C: Connector> Pooled<C> {
    pub(crate) fn new(address: &str) -> Result<Self> {
        let mut builder = Client::builder(TokioExecutor::new());
        let client = builder.pool_timer(TokioTimer::new()).build(C::make()?);
        Ok(Self { client, uri: url(address).parse()?, headers: headers() })
    }

    async fn send(&self, uri: &Uri) -> Result<Response<Incoming>> {
        let answer = self.client.request(request(uri, &self.headers)).await?;
        assert!(answer.status().is_success());
        Ok(answer)
    }

    /// A page of documents.
    pub(crate) async fn get(&self) -> Result<Response<Incoming>> {
        self.send(&self.uri).await
    }

    /// Whatever is at this path.
    pub(crate) async fn at(&self, path: &str) -> Result<Response<Incoming>> {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path.parse()?);
        self.send(&Uri::from_parts(parts)?).await
    }

    /// A number that the server tells at this path.
    pub(crate) async fn count(&self, path: &str) -> Result<u64> {
        let body = self.at(path).await?.into_body().collect().await?.to_bytes();
        Ok(std::str::from_utf8(&body)?.parse()?)
    }
}

/// The headers that every client sends, as one writes them by hand.
pub(crate) fn headers() -> [(HeaderName, HeaderValue); 5] {
    let mut bearer = HeaderValue::from_static(BEARER);
    bearer.set_sensitive(true);
    [
        (USER_AGENT, HeaderValue::from_static("bench/0.0.0")),
        (ACCEPT, HeaderValue::from_static("application/json")),
        (HeaderName::from_static("x-tenant-id"), HeaderValue::from_static(TENANT)),
        (HeaderName::from_static("x-workspace-id"), HeaderValue::from_static(WORKSPACE)),
        (AUTHORIZATION, bearer),
    ]
}

pub(crate) fn request(uri: &Uri, headers: &[(HeaderName, HeaderValue)]) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = uri.clone();
    for (name, value) in headers {
        request.headers_mut().insert(name, value.clone());
    }
    request
}
