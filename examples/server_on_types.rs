//! A server of one's own: a mock, a proxy, a gateway. It is written with axum and `edgequake-types`, and nothing else of
//! this repository: routes, requests, answers and error bodies come from the same declarations that the client sends.
//!
//! The client appears at the end, to prove that the two understand each other. After that the server goes on until
//! Ctrl-C; with `EXAMPLE_ONCE=1` in the environment it stops at once.

use std::error::Error;

use axum::Router;
use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use edgequake_types::health::{GetHealth, Health};
use edgequake_types::query::{Query, QueryAnswer, QueryMode, Source, SourceType};
use edgequake_types::{Auth, Decode, Endpoint, ErrorBody, ErrorShape, Secret};

/// What a handler says when it does not answer.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl ToString) -> Self {
        Self { status, code, message: message.to_string() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // Servers write errors in several shapes; this is the usual one.
        let (content_type, body) =
            ErrorBody::new(self.code, self.message).write(self.status, ErrorShape::Problem);
        (self.status, [(header::CONTENT_TYPE, content_type)], body).into_response()
    }
}

/// Serves one operation: method, path and the need for a credential are the endpoint's own.
fn route<E>(router: Router, key: &'static str, handler: fn(E) -> Result<E::Response, Refusal>) -> Router
where
    E: Endpoint + 'static,
    E::Response: Decode,
{
    let answer = move |headers: HeaderMap, parts: Parts, body: Bytes| async move {
        if E::AUTH == Auth::Required && !is_authorized(&headers, key) {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "Authentication required"));
        }
        // The text of the error names the field, and never its value.
        let request = E::from_request(&parts, &body)
            .map_err(|error| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_ERROR", error))?;
        // Status, content type and body.
        let answer = E::respond(&handler(request)?)
            .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", error))?;
        Ok(answer.map(axum::body::Body::from))
    };
    match MethodFilter::try_from(E::METHOD) {
        Ok(method) => router.route(E::PATH, on(method, answer)),
        // Only for methods that no operation of this API has.
        Err(_) => router,
    }
}

fn is_authorized(headers: &HeaderMap, key: &str) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    // Compared in a time that tells nothing about the key.
    value.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|guess| Secret::new(key).matches(guess))
}

fn health(_: GetHealth) -> Result<Health, Refusal> {
    Ok(Health::new("0.0.0-example"))
}

fn answer(query: Query) -> Result<QueryAnswer, Refusal> {
    if query.query.trim().is_empty() {
        return Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "VALIDATION_ERROR",
            "query must not be blank",
        ));
    }
    let mut answer = QueryAnswer::new("In 1931.", query.mode.unwrap_or(QueryMode::Mix));
    answer.sources.push(Source::new(SourceType::Chunk, "bridge-chunk-0", 0.9));
    Ok(answer)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key = "eq_example_key";
    let router = route(route(Router::new(), key, health), key, answer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    println!("serving {url}");

    ask(&url, key).await?;
    if std::env::var_os("EXAMPLE_ONCE").is_none() {
        println!("Ctrl-C to stop; try: curl {url}{}", GetHealth::PATH);
        tokio::signal::ctrl_c().await?;
    }
    server.abort();
    Ok(())
}

/// The proof: the typed client talks to it like to any EdgeQuake.
async fn ask(url: &str, key: &str) -> Result<(), edgequake_client::Error> {
    let visitor = edgequake_client::Client::builder().base_url(url).build()?;
    println!("health: {}", visitor.health().get().await?.status);
    let client = edgequake_client::Client::builder().base_url(url).api_key(key).build()?;
    let answer = client.query().execute(Query::new("When did the bridge open?")).await?;
    println!("answer: {} ({} source)", answer.answer, answer.sources.len());
    assert_eq!(answer.answer, "In 1931.");

    let blank = client.query().execute(Query::new(" ")).await;
    assert_eq!(blank.err().and_then(|error| error.status()), Some(StatusCode::UNPROCESSABLE_ENTITY));
    let refused = visitor.query().execute(Query::new("And without a key?")).await;
    assert!(refused.is_err_and(|error| error.is_unauthorized()));
    Ok(())
}
