//! The attributes `#[operation]` and `#[model]` of `edgequake-types`, which re-exports them and documents them with examples.
//!
//! Both take a plain struct with named fields and give it back with its derives, its reading and writing, a constructor and
//! setters. What a field means on the wire follows from its type, by the trait `edgequake_types::Tolerant`; exceptions stand at
//! the field, as `#[field(...)]`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod header;
mod fields;
mod arguments;
mod docs;
mod construct;
mod path;
mod read;
mod write;
mod model;
mod operation;

use proc_macro::TokenStream;
use syn::DeriveInput;

/// Declares an operation: a request type that knows its method, path, payload and answer.
///
/// ```
/// use edgequake_types::{Decode, Endpoint, model, operation};
///
/// /// Renames a label.
/// #[operation(PUT "/api/v1/labels/{id}" -> Label, Required, Safe, Json, new(id, name))]
/// pub struct RenameLabel {
///     /// The label.
///     pub id: u64,
///     /// Its new name.
///     pub name: String,
///     /// Its color. By default it stays as it is.
///     pub color: Option<String>,
/// }
///
/// /// A label.
/// #[model(answer)]
/// pub struct Label {
///     /// Its key.
///     pub id: u64,
///     /// Its name.
///     pub name: String,
///     /// How often it is used. Default 0.
///     pub uses: u64,
/// }
///
/// // The sending side.
/// let request = RenameLabel::new(7, "bridges").color("red").to_request()?;
/// assert_eq!(request.method(), RenameLabel::METHOD);
/// assert_eq!(request.uri(), "/api/v1/labels/7");
/// let (parts, body) = request.into_parts();
/// let body = body.bytes().expect("nothing is deferred");
/// assert_eq!(body, r#"{"name":"bridges","color":"red"}"#);
///
/// // The receiving side.
/// assert_eq!(RenameLabel::from_request(&parts, &body)?.name, "bridges");
///
/// // The answer, from a server that is not precise.
/// let label = Label::from_body(r#"{"id":"7","name":"bridges","uses":null,"new":true}"#)?;
/// assert_eq!((label.id, label.uses), (7, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The attribute stands at a struct with named fields, and writes `Endpoint` for it, all that [`model`](macro@model) writes,
/// a setter for every field that neither the path nor `new` has, and a line of docs with the protocol.
///
/// # The declaration
///
/// `METHOD "path" -> Answer, Credential, Repetition, Payload, options...`
///
/// | | |
/// |---|---|
/// | method | `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `HEAD` or `OPTIONS` |
/// | path | begins with `/`; `{name}` is one segment, `{*name}` at the end is all that is left. Each name is a field's name on the wire; its type is a `PathSegment`: a text, an identifier, `u8` to `u64`, `usize`, `i32` or `i64` |
/// | answer | any `Answer`: a model, `()` for none, `Option<T>` or `Vec<T>` of a model, `String`, `Bytes`, `Json<T>` for a type that knows serde only, `Events<E>` and `Lines<T>` for streams, `Download` |
/// | credential | `Public`: never sent; `Optional`: sent if there is one; `Required` |
/// | repetition | `Safe`: after any transient failure; `Refused`: only if it was certainly not executed; `Never` |
/// | payload | where the fields travel that are not in the path: `None`, `Query`, `Json`, `Form` (URL-encoded), `Multipart` (implement the trait of this name), `Raw` (one field is the body, the others are in the query) |
///
/// Lists and objects have no form in a query or in an URL-encoded form: fields that travel there are texts, numbers, flags and
/// identifiers.
///
/// # Options
///
/// Those that [`model`](macro@model#options) has for every struct (`new`, `also`, `default`, `crate`), and:
///
/// | | |
/// |---|---|
/// | `headers("name" = "value", ...)` | sent with every request |
/// | `content_type = "text/markdown"` | of a `Raw` body; by default `application/octet-stream` |
/// | `status = 201` | the status of a success, where the answer does not tell it |
/// | `since = "0.30"` | the first server that has the operation |
///
/// # Fields
///
/// Those of a [`model`](macro@model#fields), and these, which have no other options:
///
/// | | |
/// |---|---|
/// | `#[field(header = "x-name")]` | travels in a header: an `Option<String>` or an `Option<Secret>`. A control character in it is an error. Credentials and what belongs to the connection are not for a field |
/// | `#[field(body)]` | is the `Raw` body: `Bytes` or a `Vec<u8>` |
/// | `#[field(scope)]` | an `Option<TenantId>` that travels in the header of the tenant |
///
/// An operation whose path names `{workspace_id}` is sent in the scope of that workspace.
#[proc_macro_attribute]
pub fn operation(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(arguments, item, operation::expand)
}

/// Declares a model: a JSON object with named fields, read tolerantly and written strictly.
///
/// ```
/// use edgequake_types::{Timestamp, model};
///
/// /// A folder.
/// #[model(answer, new(id, name), setters)]
/// #[derive(Eq)]
/// pub struct Folder {
///     /// Its key. Some servers call it `folder_id`.
///     #[field(alias = "folder_id")]
///     pub id: u64,
///     /// Its name.
///     pub name: String,
///     /// What is in it.
///     pub documents: Vec<String>,
///     /// When it was made.
///     pub created_at: Option<Timestamp>,
/// }
///
/// let folder: Folder = serde_json::from_str(r#"{"folder_id":7.0,"name":"Bridges","documents":null,"more":{}}"#)?;
/// assert_eq!(folder, Folder::new(7, "Bridges"));
/// assert_eq!(serde_json::to_string(&folder)?, r#"{"id":7,"name":"Bridges","documents":[]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// The attribute stands at a struct with named fields. It makes the struct `#[non_exhaustive]`, so that a field more is no
/// breaking change, derives `Debug`, `Clone` and `PartialEq`, and writes serde's `Serialize` and `Deserialize`, and `Tolerant`, so
/// that the model may be the type of a field. Other derives stand below it, as `Eq` does here.
///
/// # What follows from the type of a field
///
/// | type | absent or `null` | written |
/// |---|---|---|
/// | `Option<T>` | `None` | unless it is `None` |
/// | `Patch<T>` | absent is `Keep`, `null` is `Clear` | unless it is `Keep` |
/// | `u8`, `u16`, `u32`, `u64`, `usize`, `i32`, `i64`, `f32`, `f64`, `bool` | 0, `false` | always |
/// | `Vec<T>`, maps | empty | always |
/// | everything else | an error | always |
///
/// Numbers and flags are also read from text (`"5"`, `5.0`, `"true"`). Unknown keys are passed over, and the order does not matter. Of a
/// key that comes twice the first value that is not `null` counts. What a type of your own does is said by the trait
/// `Tolerant`; `Json<T>` takes a type that knows serde only.
///
/// # Options
///
/// | | |
/// |---|---|
/// | `new(a, b)` | a constructor that takes these fields in this order; the others are as in an empty object. With `new()` there is `Default`, too |
/// | `new(a, b = value)` | the constructor sets `b` by itself: any expression, also of what it takes |
/// | `default` | there is `Default`, whatever `new` takes |
/// | `eq` | there is `Eq` |
/// | `from = Wire` | read as this other model, of which `From<Wire>` makes it |
/// | `setters` | a setter for each field that `new` does not take, with the field's docs. For an `Option<T>` it takes the `T`; for a `Patch<T>` there is `clear_...` as well |
/// | `also(Other.field)` | another struct has the same setters, which go to its field of this type. May be repeated |
/// | `answer` | operations may answer with it |
/// | `answer(201)` | a server answers with this status |
/// | `answer(or_empty)` | no body is its default; so are a blank one and `null` |
/// | `answer(or_wrapped = "key")` | an answer may have it below this key |
/// | `answer(head)` | status and headers say something, too: implement `AnswerHead` |
/// | `wrapped = "key"` | the field of this name holds the object proper; a server may leave that level out |
/// | `bare = field` | may come as the bare list that this field is; needs `From<Vec<Element>>` |
/// | `known` | an object that has other fields and none of these is an error: it is something else, such as the body of a failure |
/// | `crate = path` | where `edgequake_types` is, if it is no dependency under this name: `crate = edgequake_client::types` |
///
/// # Fields
///
/// | | |
/// |---|---|
/// | `#[field(rename = "name")]` | the name on the wire |
/// | `#[field(alias = "name")]` | another name that is read. May be repeated; the first value that is not `null` counts |
/// | `#[field(default)]` | absent or `null` is the default of its type |
/// | `#[field(default = function)]` | absent or `null` is what this function makes; so it is where `new` does not take it, and in `Default` |
/// | `#[field(required)]` | absent or `null` is an error, although the type has a default |
/// | `#[field(lenient)]` | what cannot be read counts as absent |
/// | `#[field(read = function)]` | read by this function, `fn(D) -> Result<T, D::Error>` for any `D: Deserializer<'de>` |
/// | `#[field(write = function)]` | what this function makes of it is written in its place: `fn(&T) -> S` for any `S: Serialize` |
/// | `#[field(always)]` | written even as `null` |
/// | `#[field(omit_default)]` | not written where it is its default, which it is where it is absent |
/// | `#[field(expose)]` | a secret that is written in clear. There is no other way to write one |
/// | `#[field(flatten)]` | the keys that no other field has: a `serde_json::Map<String, Value>` or another model |
///
/// Several may stand in one attribute: `#[field(rename = "ref", omit_default)]`.
#[proc_macro_attribute]
pub fn model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(arguments, item, model::expand)
}

fn expand<A: syn::parse::Parse>(
    arguments: TokenStream,
    item: TokenStream,
    expand: impl FnOnce(A, DeriveInput) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    let item = match syn::parse::<DeriveInput>(item) {
        Ok(item) => item,
        Err(error) => return error.into_compile_error().into(),
    };
    let mut plain = item.clone();
    let expanded = syn::parse(arguments).and_then(|arguments| expand(arguments, item));
    expanded
        .unwrap_or_else(|mistake| {
            // The struct itself stays, so that the mistake is told once, and not again wherever it is used.
            fields::strip(&mut plain);
            let mistake = mistake.into_compile_error();
            quote::quote!(#mistake #plain)
        })
        .into()
}
