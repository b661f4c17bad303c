//! A small client that sends any operation or any bytes, and returns the whole response.

use bytes::Bytes;
use edgequake_devserver::{DevServer, DevServerBuilder, Role};
use edgequake_types::session::{Login, LoginResponse};
use edgequake_types::{Decode, Endpoint, ErrorBody};
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

pub const ADMIN: &str = "ada";
pub const USER: &str = "mona";
pub const READER: &str = "rita";
pub const PASSWORD: &str = "correct horse";

/// A builder with one user of each role.
pub fn with_users() -> DevServerBuilder {
    DevServer::builder()
        .user(ADMIN, "ada@corp.test", PASSWORD, Role::Admin)
        .user(USER, "mona@corp.test", PASSWORD, Role::User)
        .user(READER, "rita@corp.test", PASSWORD, Role::Readonly)
}

/// A client of one server, with the headers that it always sends.
#[derive(Clone)]
pub struct Api {
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
    headers: HeaderMap,
}

/// A whole response.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Api {
    pub fn new(server: &DevServer) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { url: server.url().to_owned(), client, headers: HeaderMap::new() }
    }

    /// A client that sends this header.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut api = self.clone();
        api.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        api
    }

    /// A client that sends this token.
    pub fn bearer(&self, token: &str) -> Self {
        self.with(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// A client that works in the default workspace.
    pub fn in_default(&self) -> Self {
        self.with("x-tenant-id", "default").with("x-workspace-id", "default")
    }

    /// A client that has logged in as this user.
    pub async fn logged_in(&self, user: &str) -> Self {
        self.bearer(self.login(user).await.access_token.expose())
    }

    pub async fn login(&self, user: &str) -> LoginResponse {
        self.send(&Login::new(user, PASSWORD)).await.model::<Login>()
    }

    /// Sends an operation.
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Answer {
        let (parts, body) = endpoint.to_request().unwrap().into_parts();
        let request = Request::from_parts(parts, body.bytes().unwrap());
        self.send_request(request).await
    }

    /// Sends an operation that must succeed, and returns its model.
    pub async fn ok<E: Endpoint>(&self, endpoint: &E) -> E::Response
    where
        E::Response: Decode,
    {
        self.send(endpoint).await.model::<E>()
    }

    /// Sends a request that is not an operation, or an invalid one.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::new(body.into());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        if !content_type.is_empty() {
            request.headers_mut().insert("content-type", content_type.parse().unwrap());
        }
        self.send_request(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.raw(Method::GET, path, "", "").await
    }

    pub async fn post(&self, path: &str, json: &str) -> Answer {
        self.raw(Method::POST, path, "application/json", json.to_owned()).await
    }

    async fn send_request(&self, mut request: Request<Bytes>) -> Answer {
        *request.uri_mut() = format!("{}{}", self.url, request.uri()).parse().unwrap();
        request.headers_mut().extend(self.headers.clone());
        let response = self.client.request(request.map(Full::new)).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }
}

impl Answer {
    /// The model of a success.
    pub fn model<E: Endpoint>(&self) -> E::Response
    where
        E::Response: Decode,
    {
        assert!(self.status.is_success(), "{self}");
        let mut head = http::Response::new(()).into_parts().0;
        (head.status, head.headers) = (self.status, self.headers.clone());
        E::Response::decode(&head, self.body.clone()).unwrap()
    }

    pub fn error(&self) -> ErrorBody {
        ErrorBody::read(self.status, &self.body)
    }

    /// Status, code and reason of a failure, in one line.
    pub fn cause(&self) -> String {
        let error = self.error();
        let reason = error.reason_text().map(|reason| format!(" {reason}")).unwrap_or_default();
        format!("{} {}{reason}", self.status.as_u16(), error.code)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// The head without headers that differ from run to run, and the body.
impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.status)?;
        let mut names: Vec<_> = self.headers.keys().collect();
        names.sort_by_key(|name| name.as_str());
        for name in names.into_iter().filter(|name| !["date", "content-length"].contains(&name.as_str())) {
            writeln!(f, "{name}: {}", self.header(name.as_str()))?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body))
    }
}

/// Replaces ids, dates and tokens in snapshots with placeholders until the guard is dropped.
pub fn redact() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    for (pattern, replacement) in FILTERS {
        settings.add_filter(pattern, *replacement);
    }
    settings.bind_to_scope()
}

/// Full responses, for one snapshot.
#[derive(Default)]
pub struct Transcript(String);

impl Transcript {
    pub fn note(&mut self, title: &str, answer: &Answer) {
        self.0.push_str(&format!("--- {title}\n{answer}\n\n"));
    }
}

impl std::fmt::Display for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Patterns of what differs from run to run.
const FILTERS: &[(&str, &str)] = &[
    (r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", "[jwt]"),
    (r"00000000-0000-0000-0000-00000000000(\d)", "[builtin $1]"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", "[date]"),
    (r"eq_[A-Za-z0-9]{32}", "[key]"),
    (r"eq_[A-Za-z0-9]{8}", "[prefix]"),
    (r"upload_\d{14}_[0-9a-f]{8}", "[track]"),
    (r#""queue_position":\d+,"eta_seconds":\d+,"eta_basis":"\w+""#, r#""queue_position":[place]"#),
    (r#"_ms":\d+"#, r#"_ms":0"#),
];
