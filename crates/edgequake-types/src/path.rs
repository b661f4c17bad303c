//! Path templates: filling in the parameters on the sending side, reading them back on the receiving side.
//!
//! Parameters are data, not syntax: each becomes exactly one percent-encoded segment (RFC 3986, 2.1 and 3.3).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::request::EncodeError;

/// Everything but the `pchar` of RFC 3986, 3.3. `&`, `=`, `+` and the other sub-delimiters may stand as they are.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Fills `template` with `parameters`, in the order of its placeholders.
pub(crate) fn expand(
    template: &'static str,
    parameters: &[(&'static str, &str)],
) -> Result<Cow<'static, str>, EncodeError> {
    if parameters.is_empty() {
        return Ok(Cow::Borrowed(template));
    }
    let mut path = String::with_capacity(template.len() + 40);
    let mut rest = template;
    for (name, value) in parameters {
        // An encoded dot is still a dot for the URL parsers on the way, so these cannot be saved by encoding.
        if value.is_empty() || *value == "." || *value == ".." {
            return Err(EncodeError::Segment { name });
        }
        let (before, after) = rest.split_once('{').unwrap_or((rest, ""));
        path.push_str(before);
        path.extend(utf8_percent_encode(value, SEGMENT));
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    path.push_str(rest);
    Ok(Cow::Owned(path))
}

/// Reads the parameters of `template` out of a request path; `None` when the path is another one.
pub(crate) fn parameters(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut found = Vec::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => {
                found.push((name, percent_decode_str(segment).decode_utf8().ok()?.into_owned()));
            }
            None if segment == expected => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEMPLATE: &str = "/api/v1/documents/{document_id}/chunks/{chunk}";

    #[test]
    fn a_parameter_is_one_segment() {
        for (id, segment) in [
            ("a/b?c#d%41 e+f", "a%2Fb%3Fc%23d%2541%20e+f"),
            ("Nguyễn Văn", "Nguy%E1%BB%85n%20V%C4%83n"),
            ("東京/大阪", "%E6%9D%B1%E4%BA%AC%2F%E5%A4%A7%E9%98%AA"),
            ("C# & R&D", "C%23%20&%20R&D"),
            ("A|B\\c", "A%7CB%5Cc"),
        ] {
            let path = expand("/d/{id}", &[("id", id)]).unwrap();
            assert_eq!(path, format!("/d/{segment}"));
        }
    }

    #[test]
    fn segments_that_encoding_cannot_save_are_errors() {
        for id in ["", ".", ".."] {
            let error = expand("/d/{id}", &[("id", id)]).unwrap_err();
            insta::allow_duplicates! {
                insta::assert_snapshot!(error, @"the path parameter `id` must not be empty, `.` or `..`: no encoding keeps such a segment in a URL");
            }
        }
    }

    #[test]
    fn other_paths_do_not_match() {
        for path in [
            "/api/v1/documents/x/chunks",
            "/api/v1/documents//chunks/1",
            "/api/v1/documents/x/chunks/1/",
            "/",
        ] {
            assert_eq!(parameters(TEMPLATE, path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(id in "\\PC{1,20}", chunk in "[^.]{1,20}") {
            prop_assume!(id != "." && id != "..");
            let path = expand(TEMPLATE, &[("document_id", &id), ("chunk", &chunk)]).unwrap();
            prop_assert!(path.is_ascii());
            prop_assert!(path.parse::<http::Uri>().is_ok());
            prop_assert_eq!(parameters(TEMPLATE, &path), Some(vec![("document_id", id), ("chunk", chunk)]));
        }
    }
}
