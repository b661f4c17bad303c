//! The path of an operation, taken apart.

use syn::{LitStr, Result};

/// The names of the parameters, in order. `{*name}` takes the rest of the path.
pub(crate) fn parameters(path: &LitStr) -> Result<Vec<String>> {
    let text = path.value();
    let wrong = |what: &str| syn::Error::new(path.span(), what);
    let Some(segments) = text.strip_prefix('/') else { return Err(wrong("the path must begin with `/`")) };
    let mut names: Vec<String> = Vec::new();
    let mut ended = false;
    // The root has no segments.
    for segment in segments.split('/').filter(|_| !segments.is_empty()) {
        if ended {
            return Err(wrong("`{*name}` takes the rest of the path, so it must be its last segment"));
        }
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            check_text(segment).map_err(|rule| wrong(&rule))?;
            continue;
        };
        ended = name.starts_with('*');
        let name = name.strip_prefix('*').unwrap_or(name).to_owned();
        if name.is_empty() || name.contains(['{', '}', '*']) {
            return Err(wrong(
                "a parameter of the path is written `{name}`, or `{*name}` for the rest of it",
            ));
        }
        if names.contains(&name) {
            return Err(wrong(&format!("the path names `{name}` twice")));
        }
        names.push(name);
    }
    Ok(names)
}

/// Checks a segment that is no parameter: the `pchar` of RFC 3986, 3.3, so that it stands in a URI as it is.
fn check_text(segment: &str) -> std::result::Result<(), String> {
    if let Some(name) = segment.strip_prefix(':') {
        return Err(format!("a parameter of the path is written `{{{name}}}`"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
    if segment.is_empty() || [".", ".."].contains(&segment) || !segment.bytes().all(plain) {
        return Err("a segment of the path is plain text or one parameter, `{name}` or `{*name}`; \
                    it is not empty, and there is no query"
            .to_owned());
    }
    Ok(())
}
