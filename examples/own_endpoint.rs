//! An endpoint of your own: a plugin of the server that this crate has never heard of, declared once, sent by a client and
//! served by a mock made of the same declaration.

use std::error::Error as StdError;

use edgequake_client::Client;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::types::{DocumentId, Endpoint, Patch, Timestamp, model, operation};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;

/// Changes the label of a document. What is not set stays as it is.
///
/// Errors: 404 for an unknown document.
#[operation(PATCH "/plugins/labels/{document_id}" -> Labelled, Required, Safe, Json, new(document_id), since = "0.33")]
pub struct ChangeLabel {
    /// The document.
    pub document_id: DocumentId,
    /// Its new name.
    pub name: Option<String>,
    /// Its new color, as `#rrggbb`; it may be taken away.
    pub color: Patch<String>,
}

/// The answer to [`ChangeLabel`].
#[model(answer, new(document_id))]
pub struct Labelled {
    /// The document.
    pub document_id: DocumentId,
    /// Its name now.
    pub name: Option<String>,
    /// Its color now.
    pub color: Option<String>,
    /// How many labels there are. Read from `5`, `5.0` and `"5"` alike; 0 where the server does not say.
    pub count: u64,
    /// When it was changed.
    pub changed_at: Option<Timestamp>,
}

/// The plugin, with one label that is red.
async fn plugin(
    request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, Box<dyn StdError + Send + Sync>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let change = match ChangeLabel::from_request(&parts, &body) {
        Ok(change) => change,
        // Another method or path: as a router answers that knows no such operation.
        Err(_) => {
            let mut unknown = Response::new(ResponseBody::default());
            *unknown.status_mut() = StatusCode::NOT_FOUND;
            return Ok(unknown);
        }
    };
    println!("served:   {} {} {}", parts.method, parts.uri.path(), String::from_utf8_lossy(&body));
    let mut label = Labelled::new(change.document_id);
    label.name = change.name;
    label.color = change.color.apply(Some("#ff0000".to_owned()));
    label.count = 1;
    Ok(ChangeLabel::respond(&label)?.map(ResponseBody::from))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    // Any transport will do: with `Client::builder().base_url(..).build()` the same calls go over the network.
    let client = Client::from_service("https://eq.example.com", tower::service_fn(plugin))?;

    let renamed = client.send(ChangeLabel::new("report 1").name("Bridges")).await?;
    println!("answered: {:?}, {:?}, {} label", renamed.name, renamed.color, renamed.count);

    let (head, cleared) = client.send(ChangeLabel::new("report 1").clear_color()).with_head().await?;
    println!("answered: {}, color {:?}", head.status, cleared.color);
    assert_eq!(cleared.color, None);

    // Without a declaration, when all you want is the answer as it comes.
    let raw = client.request(http::Method::GET, "/plugins/labels/report%201").await?;
    println!("untyped:  {}", raw.status());
    assert_eq!(raw.status(), StatusCode::NOT_FOUND);
    Ok(())
}
