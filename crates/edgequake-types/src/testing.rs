//! What the tests of the models share: a request as it goes over the wire, and round trips in both directions.

use std::fmt::Debug;

use serde_json::Value;

use crate::{Body, Decode, Endpoint};

/// The request as its sender writes it, secrets in clear; a form with its line ends as `<CR>` and the boundary `b0`.
pub(crate) fn on_the_wire(request: &impl Endpoint) -> String {
    let request = request.to_request().unwrap();
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
    }
    let body = request.body().bytes().expect("no deferred content in a snapshot");
    if !body.is_empty() {
        text.push_str(&format!("\n{}", std::str::from_utf8(&body).unwrap().replace('\r', "<CR>")));
    }
    match request.body() {
        Body::Form(form) => {
            let content_type = form.content_type();
            text.replace(content_type.split_once("boundary=").unwrap().1, "b0")
        }
        _ => text,
    }
}

/// Sends the request and reads it back as a server does.
pub(crate) fn served<E: Endpoint>(request: &E) -> E {
    let (parts, body) = request.to_request().unwrap().into_parts();
    E::from_request(&parts, &body.bytes().unwrap()).unwrap()
}

/// A request that a server reads is the one that was sent.
pub(crate) fn assert_served<E: Endpoint + PartialEq + Debug>(request: &E) {
    assert_eq!(&served(request), request);
}

/// Reads an answer.
pub(crate) fn read<T: Decode>(json: &Value) -> T {
    T::decode(json.to_string().into()).unwrap()
}

/// The answer as a server writes it.
pub(crate) fn written(answer: &impl Decode) -> Value {
    serde_json::from_slice(&answer.encode().unwrap()).unwrap()
}

/// The answer is read, written as it came, and read again as the same.
pub(crate) fn assert_round_trip<T: Decode + PartialEq + Debug>(json: &Value) -> T {
    let answer: T = read(json);
    assert_eq!(&written(&answer), json);
    assert_eq!(T::decode(answer.encode().unwrap()).unwrap(), answer);
    answer
}
