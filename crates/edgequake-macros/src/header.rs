//! Headers that a declaration names.

use syn::parse::ParseStream;
use syn::{LitStr, Result};

/// The name of a header that an operation may set: not one by which the client names its user, or keeps its connection.
pub(crate) fn name(name: &LitStr) -> Result<String> {
    const CREDENTIALS: [&str; 3] = ["authorization", "x-api-key", "proxy-authorization"];
    const CONNECTION: [&str; 6] =
        ["host", "content-length", "connection", "te", "transfer-encoding", "upgrade"];
    let text = token(name)?;
    let is_one_of = |names: &[&str]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
    let rule = if is_one_of(&CREDENTIALS) {
        format!("the header `{text}` carries the client's credential, which no operation sets: name another")
    } else if is_one_of(&CONNECTION) {
        format!("the header `{text}` belongs to the connection, which no operation knows: name another")
    } else {
        return Ok(text);
    };
    Err(syn::Error::new(name.span(), rule))
}

/// The name of a header (RFC 9110, 5.1).
fn token(name: &LitStr) -> Result<String> {
    let text = name.value();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_token) {
        return Err(syn::Error::new(name.span(), "not a valid header name"));
    }
    Ok(text)
}

/// The value of a header (RFC 9110, 5.5).
pub(crate) fn value(input: ParseStream<'_>) -> Result<LitStr> {
    let value: LitStr = input.parse()?;
    match value.value().bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        true => Ok(value),
        false => Err(syn::Error::new(value.span(), "not a valid header value")),
    }
}
