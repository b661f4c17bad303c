//! What the tests of the models share: round trips in both directions.

use std::fmt::Debug;

use serde_json::Value;

use crate::{Decode, Endpoint};

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
    T::from_body(json.to_string()).unwrap()
}

/// The answer as a server writes it.
pub(crate) fn written(answer: &impl Decode) -> Value {
    serde_json::from_slice(answer.encode().unwrap().body()).unwrap()
}

/// The answer is read, written as it came, and read again as the same.
pub(crate) fn assert_round_trip<T: Decode + PartialEq + Debug>(json: &Value) -> T {
    let answer: T = read(json);
    assert_eq!(&written(&answer), json);
    assert_eq!(
        {
            let (head, body) = answer.encode().unwrap().into_parts();
            T::decode(&head, body).unwrap()
        },
        answer
    );
    answer
}
