//! `#[model]` and `#[operation]` in surroundings that are not kind to generated code.

#![deny(warnings, unreachable_pub, missing_docs, deprecated, dead_code)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

mod handed_on;
mod options;
mod shapes;

use edgequake_types::{Endpoint, Patch, Payload, Tolerant, WorkspaceId, model, operation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

mod names {
    use super::*;

    macro_rules! types_called {
        ($($name:ident),*) => {$(
            #[model]
            #[derive(Copy, Eq)]
            struct $name {
                value: u64,
            }
        )*};
    }

    types_called!(A, D, E, M, S, T, Fields, Own, Names, Keys, Map, Value, Result, Some);

    #[model]
    struct Types {
        a: A,
        #[field(read = own)]
        d: D,
        e: Option<E>,
        m: Vec<M>,
        s: S,
        t: T,
        fields: Fields,
        own: Own,
        names: Names,
        keys: Keys,
        map: Map,
        value: Value,
        result: Result,
        some: Some,
    }

    fn own<'de, X: Deserializer<'de>>(deserializer: X) -> std::result::Result<D, X::Error> {
        D::deserialize(deserializer)
    }

    #[test]
    fn types_may_be_called_like_the_parameters_of_generated_code() {
        let json = r#"{"a":{"value":1},"d":{"value":2},"e":{"value":3},"m":[{"value":4}],"s":{"value":5},"t":{"value":6},"fields":{"value":7},"own":{"value":8},"names":{"value":9},"keys":{"value":10},"map":{"value":11},"value":{"value":12},"result":{"value":13},"some":{"value":14}}"#;
        let types: Types = read(json);
        assert_eq!((types.d.value, types.some.value), (2, 14));
        assert_eq!(written(&types), json);
    }

    fn map() -> u64 {
        1
    }

    fn keys() -> u64 {
        2
    }

    fn slot0() -> u64 {
        3
    }

    fn rest<'de, X: Deserializer<'de>>(deserializer: X) -> std::result::Result<u64, X::Error> {
        u64::read(deserializer).map(|value| value + 1)
    }

    #[operation(POST "/{type}/{slot0}/{self_}" -> (), Required, Refused, Json, new(r#type, slot0, self_), default)]
    pub(crate) struct Fields2 {
        r#type: String,
        #[field(rename = "self_")]
        self_: String,
        #[field(default = slot0)]
        slot0: u64,
        #[field(default = map)]
        map: u64,
        #[field(default = keys)]
        keys: u64,
        #[field(default, read = rest)]
        rest: u64,
        r#match: Option<String>,
        r#fn: Patch<u64>,
        key: Option<bool>,
        names: Vec<String>,
        deserializer: Option<u64>,
        serializer: Option<u64>,
        f: Option<u64>,
        list: Option<u64>,
        value: Option<u64>,
        private: Option<u64>,
    }

    #[test]
    fn fields_and_functions_may_be_called_like_its_variables() {
        let request = Fields2::new("a/b", 5, "me")
            .r#match("x")
            .clear_fn()
            .key(true)
            .names(["n"])
            .deserializer(1)
            .serializer(2)
            .f(3)
            .list(4)
            .value(5)
            .private(6)
            .keys(7);
        assert_eq!((request.map, request.keys), (1, 7));
        let (parts, body) = request.to_request().unwrap().into_parts();
        assert_eq!(parts.uri, "/a%2Fb/5/me");
        let served = Fields2::from_request(&parts, &body.bytes().unwrap()).unwrap();
        assert_eq!(served, Fields2 { rest: 1, ..request });
        assert_eq!(Fields2::default().slot0, 3);
        assert_eq!(Fields2::NAME, "Fields2");
        let changed = Fields2::default().r#fn(4).map(2).rest(3);
        assert_eq!((changed.r#fn, changed.map, changed.rest), (Patch::Set(4), 2, 3));
    }
}

/// Where the names of the prelude are others.
mod bare {
    use ::edgequake_types::{model, operation};

    macro_rules! taken {
        ($($name:ident),*) => {$(
            #[allow(dead_code)]
            struct $name;
        )*};
    }

    taken!(
        Clone,
        Debug,
        Default,
        Eq,
        Err,
        From,
        Into,
        IntoIterator,
        Iterator,
        None,
        Ok,
        Option,
        PartialEq,
        Result
    );
    taken!(Some, String, ToOwned, Vec);

    #[model(answer(201, or_empty), bare = items, setters, new())]
    pub(crate) struct Page {
        items: ::std::vec::Vec<u64>,
        #[field(alias = "count", omit_default)]
        total: u64,
        #[field(lenient)]
        note: ::std::option::Option<::std::string::String>,
        #[field(flatten)]
        rest: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }

    impl ::core::convert::From<::std::vec::Vec<u64>> for Page {
        fn from(items: ::std::vec::Vec<u64>) -> Self {
            Page::new().items(items)
        }
    }

    impl Page {
        /// No `From` of the prelude, although it is called so.
        #[allow(clippy::should_implement_trait)]
        fn from(items: ::std::vec::Vec<u64>) -> ::std::vec::Vec<u64> {
            items
        }
    }

    #[operation(
        PUT "/workspaces/{workspace_id}/{*rest}" -> Page, Optional, Safe, Raw,
        new(workspace_id, rest, body), headers("X-Kind" = "odd one"), content_type = "text/markdown"
    )]
    pub(super) struct Store {
        workspace_id: ::edgequake_types::WorkspaceId,
        rest: ::std::string::String,
        #[field(body)]
        body: ::std::vec::Vec<u8>,
        #[field(header = "X-Note")]
        note: ::std::option::Option<::std::string::String>,
        #[field(scope)]
        tenant: ::std::option::Option<::edgequake_types::TenantId>,
        dry: ::std::option::Option<bool>,
    }

    #[test]
    fn all_of_it_works() {
        let page: Page = super::read("[1,2]");
        ::std::assert_eq!(page, Page::new().items(Page::from(::std::vec![1, 2])));
        let page: Page = super::read(r#"{"note":5,"count":2,"more":null,"more":7}"#);
        ::std::assert_eq!(super::written(&page), r#"{"items":[],"total":2,"more":7}"#);
        let _ = page.note("seen").total(0);
    }
}

#[test]
fn a_raw_body_with_header_query_and_scope() {
    let workspace = WorkspaceId::opaque("w-1").unwrap();
    let store = bare::Store::new(workspace.clone(), "a/b c", *b"x").note("why").dry(true);
    let (parts, body) = store.to_request().unwrap().into_parts();
    assert_eq!(parts.uri, "/workspaces/w-1/a/b%20c?dry=true");
    assert_eq!(
        (&parts.headers["x-kind"], &parts.headers["x-note"]),
        (&"odd one".parse().unwrap(), &"why".parse().unwrap())
    );
    assert_eq!(parts.headers["content-type"], "text/markdown");
    assert_eq!(store.scope().workspace, Some(workspace));
    assert_eq!(store.scope().tenant, None);
    let served = bare::Store::from_request(&parts, &body.bytes().unwrap()).unwrap();
    assert_eq!(served, store);
    let store = store.tenant(edgequake_types::TenantId::server_default());
    assert!(store.scope().tenant.is_some());
    let (parts, body) = store.to_request().unwrap().into_parts();
    assert_eq!(bare::Store::from_request(&parts, &body.bytes().unwrap()).unwrap(), store);
}

/// A private struct, of which little is used, makes no warning.
#[model(setters, new(), also(Holder.options))]
#[derive(Eq, Hash)]
struct Options {
    #[doc = include_str!("macros.txt")]
    first: Option<u64>,
    /** A second one,

    said in a block. */
    second: Option<String>,
    #[deprecated]
    third: bool,
}

#[operation(GET "/" -> (), Public, Never, Query, new(), default)]
#[derive(Eq)]
struct Holder {
    #[field(flatten)]
    options: Options,
}

#[test]
fn options_in_common_have_their_setters_in_each_holder() {
    let holder = Holder::new().second("x");
    assert_eq!(holder.options, Options::new().second("x"));
    let (parts, _) = holder.to_request().unwrap().into_parts();
    assert_eq!(parts.uri, "/?second=x&third=false");
    assert_eq!(Holder::from_request(&parts, b"").unwrap(), holder);
}

#[model(answer, new())]
struct Nothing {}

#[operation(POST "/nothing" -> Nothing, Required, Refused, Json, new())]
pub(crate) struct Nought {}

#[test]
fn a_struct_may_have_no_fields() {
    assert_eq!(read::<Nothing>(r#"{"new":[1]}"#), Nothing::new());
    assert_eq!(written(&Nothing {}), "{}");
    assert!(serde_json::from_str::<Nothing>("[]").is_err());
    let (parts, body) = Nought::new().to_request().unwrap().into_parts();
    assert_eq!(body.bytes().unwrap(), "{}");
    assert_eq!(Nought::from_request(&parts, b"{}").unwrap(), Nought {});
}

mod client {
    pub(crate) use edgequake_types as types;
}

#[client::types::model(answer, crate = crate::client::types)]
struct Elsewhere {
    id: u64,
}

#[client::types::operation(DELETE "/{identity}/x" -> Elsewhere, Required, Safe, None, new(id), crate = "client::types")]
struct ByText {
    #[field(rename = "identity")]
    id: u64,
}

#[test]
fn the_crate_may_be_somewhere_else_and_the_path_goes_by_names_on_the_wire() {
    let (parts, _) = ByText::new(7).to_request().unwrap().into_parts();
    assert_eq!(parts.uri, "/7/x");
    assert_eq!(ByText::from_request(&parts, b"").unwrap().id, 7);
    assert_eq!(ByText::PAYLOAD, Payload::None);
    assert_eq!(read::<Elsewhere>(r#"{"id":"7"}"#).id, 7);
}

fn bearer() -> String {
    "Bearer".to_owned()
}

#[model(new(token), default, setters)]
struct Token {
    token: String,
    #[field(default = bearer)]
    kind: String,
    #[field(default = bearer, omit_default)]
    omitted: String,
    #[field(omit_default)]
    empty: String,
    #[field(required)]
    count: u64,
}

#[test]
fn a_default_is_the_same_wherever_nothing_is_said() {
    let token = Token::new("t");
    assert_eq!((token.kind.as_str(), Token::default().kind.as_str()), ("Bearer", "Bearer"));
    assert_eq!(written(&token), r#"{"token":"t","kind":"Bearer","count":0}"#);
    assert_eq!(read::<Token>(&written(&token)), token);
    assert_eq!(read::<Token>(r#"{"token":"t","kind":null,"omitted":null,"empty":null,"count":0}"#), token);
    let other = token.omitted("").empty("x");
    assert_eq!(written(&other), r#"{"token":"t","kind":"Bearer","omitted":"","empty":"x","count":0}"#);
    assert_eq!(read::<Token>(&written(&other)), other);
    for json in [r#"{"token":"t"}"#, r#"{"token":"t","count":null}"#] {
        assert!(
            serde_json::from_str::<Token>(json).unwrap_err().to_string().contains("missing field `count`")
        );
    }
}

#[model]
struct Change {
    #[field(alias = "folder")]
    folder_id: Patch<String>,
    #[field(lenient)]
    limit: Patch<u64>,
}

#[test]
fn null_clears_also_under_another_name() {
    let change: Change = read(r#"{"folder":null,"limit":null}"#);
    assert_eq!(change, Change { folder_id: Patch::Clear, limit: Patch::Clear });
    assert_eq!(written(&change), r#"{"folder_id":null,"limit":null}"#);
    let change: Change = read(r#"{"limit":"many"}"#);
    assert_eq!(change, Change { folder_id: Patch::Keep, limit: Patch::Keep });
}
