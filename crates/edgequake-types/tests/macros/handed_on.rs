//! Types that a macro hands on: they come to the attributes in invisible groups.

#![allow(unused_parens, reason = "parentheses are groups as well")]

use edgequake_types::{Endpoint, Patch, Secret, model, operation};

macro_rules! declared {
    ($answer:ty, $path:literal, $number:ty, $text:ty, $secret:ty, $list:ty, $patch:ty, $maybe:ty) => {
        #[operation(POST $path -> $answer, Required, Refused, Json, new(id, list))]
        struct Made {
            id: $number,
            list: $list,
            words: Vec<$text>,
            counts: Vec<$number>,
            size: Option<$number>,
            name: Option<$text>,
            patch: $patch,
            maybe: $maybe,
            other: Patch<($number)>,
            #[field(expose)]
            key: Option<$secret>,
            #[field(header = "x-note")]
            note: Option<$text>,
        }

        #[model(answer(or_empty), default)]
        struct Answered {
            #[field(alias = "more")]
            patch: $patch,
            maybe: $maybe,
        }
    };
}

declared!(Option<Answered>, "/made/{id}", u64, String, Secret, Vec<u8>, Patch<String>, Option<u64>);

#[test]
fn they_are_seen_for_what_they_are() {
    let made = Made::new(7, [1])
        .words(["a"])
        .counts([2])
        .size(3)
        .name("n")
        .clear_patch()
        .maybe(4)
        .other(5)
        .key("k")
        .note("x");
    let (parts, body) = made.to_request().unwrap().into_parts();
    let body = body.bytes().unwrap();
    assert_eq!(
        body,
        r#"{"list":[1],"words":["a"],"counts":[2],"size":3,"name":"n","patch":null,"maybe":4,"other":5,"key":"k"}"#
    );
    assert_eq!(Made::from_request(&parts, &body).unwrap(), made);
    let answered: Answered = crate::read(r#"{"more":null,"maybe":"5"}"#);
    assert_eq!(answered, Answered { patch: Patch::Clear, maybe: Some(5) });
}
