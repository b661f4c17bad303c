//! Endpoints and models as a user declares them, outside of this crate: each kind of payload, both directions.

#![deny(missing_docs)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::fmt::Debug;

use bytes::Bytes;
use edgequake_types::Multipart;
use edgequake_types::multipart::{Content, Form, Part};
use edgequake_types::{
    Answer, AnswerHead, Auth, Decode, DecodeError, DocumentId, EncodeError, Endpoint, Json, Operation, Patch,
    Payload, Retry, Secret, WorkspaceId, model, operation,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A type that knows serde and nothing of this crate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Foreign {
    a_number: i8,
}

/// A label.
#[model(answer(201), wrapped = "label", new(id, label), setters)]
pub struct Labelled {
    /// The label itself.
    pub label: Label,
    /// Its key.
    #[field(alias = "key", alias = "labelId")]
    pub id: u64,
    /// What another library has to say.
    pub foreign: Option<Json<Foreign>>,
}

/// A label's text.
#[model(answer, new(text))]
#[derive(Eq)]
pub struct Label {
    /// The text.
    pub text: String,
    /// Whatever else there is.
    #[field(flatten)]
    pub more: Map<String, Value>,
}

/// A page of labels, also as a bare list.
#[model(answer(or_empty), bare = labels, new())]
pub struct Labels {
    /// The labels.
    #[field(alias = "items")]
    pub labels: Vec<Label>,
    /// How many there are.
    pub total: Option<u64>,
}

impl From<Vec<Label>> for Labels {
    fn from(labels: Vec<Label>) -> Self {
        Self { labels, ..Self::new() }
    }
}

/// What became of a label: some of it is said by the status.
#[model(answer(head), new())]
pub struct Stored {
    /// How many bytes were stored.
    pub size: u64,
    /// Whether it waits to be processed: 202.
    #[field(omit_default)]
    pub waiting: bool,
}

impl AnswerHead for Stored {
    fn read(&mut self, head: &http::response::Parts) {
        self.waiting = head.status == http::StatusCode::ACCEPTED;
    }

    fn write(&self, answer: &mut http::Response<Bytes>) {
        if self.waiting {
            *answer.status_mut() = http::StatusCode::ACCEPTED;
        }
    }
}

/// Options that several operations share.
#[model(new(), setters, also(PutLabel.options))]
pub struct Options {
    /// A note for the log.
    pub note: Option<String>,
    /// How often it is tried.
    pub attempts: Option<u64>,
}

/// Reads a label.
#[operation(GET "/labels/{id}" -> Labelled, Required, Safe, None, new(id))]
pub struct GetLabel {
    /// The label.
    pub id: u64,
}

/// Lists labels.
#[operation(GET "/labels" -> Vec<Label>, Optional, Safe, Query, new(), since = "0.31")]
pub struct ListLabels {
    /// Only those that contain this text.
    pub contains: Option<String>,
    /// The number of the page, from 1.
    pub page: Option<u64>,
    /// Whether old ones are listed.
    pub old: Option<bool>,
    /// The client that asks.
    #[field(header = "x-client")]
    pub client: Option<String>,
}

/// Changes a label.
#[operation(PATCH "/workspaces/{workspace_id}/labels/{id}" -> Label, Required, Safe, Json, new(workspace_id, id, options))]
pub struct PutLabel {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The label.
    pub id: u64,
    /// The new text.
    pub text: Option<String>,
    /// The document that it belongs to.
    pub document_id: Patch<DocumentId>,
    /// The words by which it is found.
    pub words: Vec<String>,
    /// Any of it.
    pub foreign: Option<Json<Foreign>>,
    /// What is the same elsewhere.
    #[field(flatten)]
    pub options: Options,
}

/// Gets a token.
#[operation(POST "/token" -> Value, Public, Never, Form, new(name, secret), headers("x-flow" = "password"))]
#[derive(Eq)]
pub struct GetToken {
    /// The name.
    pub name: String,
    /// The password.
    #[field(expose)]
    pub secret: Secret,
    /// How long, in seconds.
    pub lifetime: Option<u64>,
}

/// Attaches a file to a label.
#[operation(POST "/labels/{id}/file" -> Labels, Required, Refused, Multipart, new(id, name, content))]
pub struct Attach {
    /// The label.
    pub id: u64,
    /// The name of the file.
    pub name: String,
    /// What is in it.
    pub content: Vec<u64>,
    /// By whom.
    #[field(header = "x-by")]
    pub by: Option<Secret>,
}

impl Multipart for Attach {
    fn to_form(&self) -> Result<Form, EncodeError> {
        let content = self.content.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        Ok(Form::new(vec![Part::file("file", &self.name, Content::Bytes(content.into()))]))
    }

    fn from_form(form: Form, parameters: &[(&'static str, String)]) -> Result<Self, DecodeError> {
        let [(_, id)] = parameters else { return Err(DecodeError::part("id")) };
        let Some(Part { file_name: Some(name), content: Content::Bytes(content), .. }) = form.parts().first()
        else {
            return Err(DecodeError::part("file"));
        };
        let content =
            String::from_utf8_lossy(content).split(',').filter_map(|number| number.parse().ok()).collect();
        Ok(Self { id: id.parse().unwrap_or_default(), name: name.clone(), content, by: None })
    }
}

/// Stores a text.
#[operation(
    PUT "/texts/{*path}" -> Stored, Required, Safe, Raw, new(path, content), content_type = "text/plain; charset=utf-8"
)]
pub struct PutText {
    /// Where.
    pub path: String,
    /// What.
    #[field(body)]
    pub content: Bytes,
    /// Whether the server waits until it is processed.
    pub wait: Option<bool>,
}

/// The request goes out like this, and a server reads the same of it.
fn travels<E: Endpoint + PartialEq + Debug>(request: &E, line: &str, body: &str) -> http::request::Parts {
    let (parts, sent) = request.to_request().unwrap().into_parts();
    assert_eq!(format!("{} {}", parts.method, parts.uri), line);
    let bytes = sent.bytes().unwrap();
    if !body.is_empty() || bytes.is_empty() {
        assert_eq!(bytes, body, "{line}");
    }
    assert_eq!(&E::from_request(&parts, &bytes).unwrap(), request, "{line}");
    parts
}

/// The answer is read, written like this, and read the same.
fn answers<T: Decode + PartialEq + Debug>(body: &str, expected: &T, written: &Value) {
    assert_eq!(&T::from_body(body.to_owned()).unwrap(), expected, "{body}");
    let (head, body) = expected.encode().unwrap().into_parts();
    assert_eq!(&serde_json::from_slice::<Value>(&body).unwrap(), written);
    assert_eq!(&T::decode(&head, body).unwrap(), expected);
}

#[test]
fn requests_of_each_kind() {
    travels(&GetLabel::new(7), "GET /labels/7", "");
    travels(&ListLabels::new(), "GET /labels", "");
    let parts = travels(
        &ListLabels::new().contains("a&b").page(2).old(false).client("mine"),
        "GET /labels?contains=a%26b&old=false&page=2",
        "",
    );
    assert_eq!(parts.headers["x-client"], "mine");
    let parts = travels(&ListLabels::new().client("Straße 東京"), "GET /labels", "");
    assert_eq!(parts.headers["x-client"].as_bytes(), "Straße 東京".as_bytes());
    let error = ListLabels::new().client("a\r\nx-admin: 1").to_request().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the field for the header `x-client` has characters that no header can carry"
    );
    let parts = travels(
        &GetToken::new("mona", "p w").lifetime(60),
        "POST /token",
        "lifetime=60&name=mona&secret=p+w",
    );
    assert_eq!(parts.headers["x-flow"], "password");
    assert_eq!(parts.headers["content-type"], "application/x-www-form-urlencoded");
    let mut attach = Attach::new(7, "n.txt", [1, 2]);
    travels(&attach, "POST /labels/7/file", "");
    attach = attach.by("me");
    assert!(travels(&attach, "POST /labels/7/file", "").headers["x-by"].is_sensitive());
    let error = attach.clone().by("s3cr3t\u{7f}").to_request().unwrap_err();
    assert!(
        matches!(error, EncodeError::Header { name: "x-by", .. }) && !format!("{error:?}").contains("s3cr3t")
    );
    let put = PutText::new("a b/c", "# x");
    let parts = travels(&put, "PUT /texts/a%20b/c", "# x");
    assert_eq!(parts.headers["content-type"], "text/plain; charset=utf-8");
    travels(&put.wait(true), "PUT /texts/a%20b/c?wait=true", "# x");
    assert!(PutText::new("../x", "").to_request().is_err());
}

#[test]
fn a_change_with_everything_and_with_nothing() {
    let workspace = WorkspaceId::opaque("w-1").unwrap();
    let put = PutLabel::new(&workspace, 7, Options::new());
    travels(&put, "PATCH /workspaces/w-1/labels/7", r#"{"words":[]}"#);
    let put = put.text("t").words(["a", "b"]).foreign(Json(Foreign { a_number: -1 })).note("n").attempts(2);
    travels(
        &put.clone().document_id("d-1"),
        "PATCH /workspaces/w-1/labels/7",
        r#"{"text":"t","document_id":"d-1","words":["a","b"],"foreign":{"aNumber":-1},"note":"n","attempts":2}"#,
    );
    travels(
        &put.clone().clear_document_id(),
        "PATCH /workspaces/w-1/labels/7",
        r#"{"text":"t","document_id":null,"words":["a","b"],"foreign":{"aNumber":-1},"note":"n","attempts":2}"#,
    );
    assert_eq!(put.scope().workspace, Some(workspace));
}

#[test]
fn answers_of_each_kind() {
    let label = Label::new("x");
    let mut more = label.clone();
    more.more.insert("color".to_owned(), json!([1]));
    let labelled = Labelled::new(7, label.clone());
    for body in [
        r#"{"label":{"text":"x"},"id":7}"#,
        r#"{"label":{"text":"x"},"key":"7"}"#,
        r#"{"id":null,"labelId":7.0,"label":{"text":"x"},"foreign":null}"#,
    ] {
        answers(body, &labelled, &json!({"label": {"text": "x"}, "id": 7}));
    }
    // Without its level, the fields beside it belong to both.
    let bare = Labelled::from_body(r#"{"text":"x","id":7}"#).unwrap();
    assert_eq!((bare.label.text.as_str(), bare.id), ("x", 7));
    assert_eq!(labelled.encode().unwrap().status(), 201);
    answers(
        r#"{"label":{"text":"x"},"id":7,"foreign":{"aNumber":1}}"#,
        &labelled.foreign(Json(Foreign { a_number: 1 })),
        &json!({"label": {"text": "x"}, "id": 7, "foreign": {"aNumber": 1}}),
    );
    answers(r#"{"color":[1],"text":"x"}"#, &more, &json!({"text": "x", "color": [1]}));

    let labels = Labels::from(vec![label.clone()]);
    for body in
        [r#"[{"text":"x"}]"#, r#"{"items":[{"text":"x"}]}"#, r#"{"labels":[{"text":"x"}],"items":null}"#]
    {
        answers(body, &labels, &json!({"labels": [{"text": "x"}]}));
    }
    for body in ["", " \r\n", "null", "\u{feff}null\n"] {
        answers(body, &Labels::new(), &json!({"labels": []}));
        answers(body, &Vec::<Label>::new(), &json!([]));
        assert_eq!(Option::<Label>::from_body(body).unwrap(), None, "{body:?}");
        assert_eq!(Value::from_body(body).unwrap(), Value::Null, "{body:?}");
        // In a text or a file, blanks are content.
        let text = Some(body.to_owned()).filter(|body| !body.is_empty());
        assert_eq!(Option::<String>::from_body(body).unwrap(), text);
        assert_eq!(Option::<Bytes>::from_body(body).unwrap(), text.map(Bytes::from));
    }
    answers(r#"[{"text":"x"}]"#, &vec![label], &json!([{"text": "x"}]));
    answers("null", &Vec::<Label>::new(), &json!([]));
    answers(r#"{"aNumber":1}"#, &Json(Foreign { a_number: 1 }), &json!({"aNumber": 1}));

    answers(r#"{"size":5}"#, &Stored { size: 5, waiting: false }, &json!({"size": 5}));
    let waiting = Stored { size: 5, waiting: true };
    let (head, body) = waiting.encode().unwrap().into_parts();
    assert_eq!(head.status, 202);
    assert_eq!(Stored::decode(&head, body).unwrap(), waiting);
}

#[test]
fn errors_name_the_place() {
    let error = |body: &'static str| match Labels::from_body(body) {
        Err(DecodeError::Json { path, source, .. }) => format!("{path}: {source}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        error(r#"{"labels":[{"text":"x"},{"text":5}]}"#),
        "labels[1].text: invalid type: integer, expected a string at line 1 column 33"
    );
    assert_eq!(
        error(r#"[{"text":null}]"#),
        "[0].text: invalid type: null, expected a string at line 1 column 13"
    );
    assert_eq!(error("[{}]"), "[0]: missing field `text` at line 1 column 3");
    assert_eq!(
        error(r#"{"total":-1}"#),
        "total: invalid value: integer, expected a whole number of 0 or more at line 1 column 11"
    );
}

#[test]
fn the_declaration_is_known_without_a_request() {
    let operation = Operation::of::<PutText>("texts");
    assert_eq!(
        (operation.name, operation.path, operation.payload),
        ("PutText", "/texts/{*path}", Payload::Raw)
    );
    assert_eq!((GetToken::AUTH, GetToken::RETRY), (Auth::Public, Retry::Never));
    assert_eq!(ListLabels::SINCE, Some("0.31"));
    assert_eq!(<<ListLabels as Endpoint>::Response as Answer>::MEDIA_TYPE, "application/json");
}
