//! Path templates: filling in the parameters on the sending side, reading them back on the receiving side.
//!
//! Parameters are data, not syntax: each becomes exactly one percent-encoded segment (RFC 3986, 2.1 and 3.3).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::error::EncodeError;

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

/// The type of a path parameter: `String`, an identifier, or a whole number (`u8`, `u16`, `u32`, `u64`, `usize`, `i32`, `i64`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a path parameter",
    note = "a path parameter is a `String`, an identifier or a whole number; implement `PathSegment` for a type of your own"
)]
pub trait PathSegment {
    /// The text, not encoded.
    fn segment(&self) -> Cow<'_, str>;
}

impl PathSegment for String {
    fn segment(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

macro_rules! numbers_as_segments {
    ($($number:ty),*) => {$(
        impl PathSegment for $number {
            fn segment(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }
        }
    )*};
}

numbers_as_segments!(u8, u16, u32, u64, usize, i32, i64);

/// Encodes a text as one segment of a path (RFC 3986, 3.3): what would be syntax there becomes data.
///
/// ```
/// use edgequake_types::encode_segment;
///
/// assert_eq!(encode_segment("reports/2026 Q1?")?, "reports%2F2026%20Q1%3F");
/// assert!(encode_segment("..").is_err());
/// # Ok::<(), edgequake_types::EncodeError>(())
/// ```
///
/// # Errors
///
/// [`EncodeError::Segment`] for a blank text, `.` and `..`: no encoding keeps such a segment in a URL.
pub fn encode_segment(text: &str) -> Result<String, EncodeError> {
    let mut path = String::with_capacity(text.len());
    push_segment(&mut path, "segment", text)?;
    Ok(path)
}

/// Whether a text can be a segment of a path: not blank, `.` or `..`. An encoded dot is still a dot for the URL parsers on the
/// way, and servers trim, so these cannot be saved by encoding.
pub fn is_segment(text: &str) -> bool {
    !text.trim().is_empty() && text != "." && text != ".."
}

fn push_segment(path: &mut String, name: &'static str, text: &str) -> Result<(), EncodeError> {
    if !is_segment(text) {
        return Err(EncodeError::Segment { name });
    }
    path.extend(utf8_percent_encode(text, SEGMENT));
    Ok(())
}

/// Fills `template` with `parameters`, in the order of its placeholders.
pub fn expand(
    template: &'static str,
    parameters: &[(&'static str, Cow<'_, str>)],
) -> Result<Cow<'static, str>, EncodeError> {
    if parameters.is_empty() {
        return Ok(Cow::Borrowed(template));
    }
    let mut path = String::with_capacity(template.len() + 40);
    let mut rest = template;
    for (name, value) in parameters {
        let (before, after) = rest.split_once('{').unwrap_or((rest, ""));
        path.push_str(before);
        if after.starts_with('*') {
            for (index, segment) in value.split('/').enumerate() {
                if index > 0 {
                    path.push('/');
                }
                push_segment(&mut path, name, segment)?;
            }
        } else {
            push_segment(&mut path, name, value)?;
        }
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    path.push_str(rest);
    Ok(Cow::Owned(path))
}

/// Reads the parameters of `template` out of a request path; `None` when the path is another one.
pub(crate) fn parameters(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    // A blank one is refused here as it is on the sending side: as a number it would say nothing, and leave the say to the body.
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().ok()?;
        (!text.trim().is_empty()).then(|| text.into_owned())
    };
    let mut found = Vec::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => match name.strip_prefix('*') {
                Some(name) => {
                    let rest = std::iter::once(segment).chain(segments.by_ref());
                    found.push((name, rest.map(decoded).collect::<Option<Vec<String>>>()?.join("/")));
                }
                None => found.push((name, decoded(segment)?)),
            },
            None if segment == expected => {}
            None => return None,
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
            let path = expand("/d/{id}", &[("id", id.into())]).unwrap();
            assert_eq!(path, format!("/d/{segment}"));
        }
    }

    #[test]
    fn segments_that_encoding_cannot_save_are_errors() {
        for id in ["", " ", " \t", ".", ".."] {
            let error = expand("/d/{id}", &[("id", id.into())]).unwrap_err();
            insta::allow_duplicates! {
                insta::assert_snapshot!(error, @"the path parameter `id` must not be blank, `.` or `..`: no encoding keeps such a segment in a URL");
            }
        }
    }

    #[test]
    fn the_rest_of_a_path_keeps_its_slashes() {
        const REST: &str = "/assets/{id}/{*path}";
        let path = expand(REST, &[("id", "a/b".into()), ("path", "img/x y.png".into())]).unwrap();
        assert_eq!(path, "/assets/a%2Fb/img/x%20y.png");
        assert_eq!(
            parameters(REST, &path),
            Some(vec![("id", "a/b".to_owned()), ("path", "img/x y.png".to_owned())])
        );
        for rest in ["", "a//b", "../b", "a/", "/a"] {
            assert!(expand(REST, &[("id", "a".into()), ("path", rest.into())]).is_err(), "{rest}");
        }
        for path in ["/assets/a", "/assets/a/", "/assets/a/b//c", "/assets/a/b/%20", "/assets/%20/b"] {
            assert_eq!(parameters(REST, path), None, "{path}");
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
            prop_assume!(id != "." && id != ".." && !id.trim().is_empty() && !chunk.trim().is_empty());
            let path = expand(TEMPLATE, &[("document_id", id.as_str().into()), ("chunk", chunk.as_str().into())]).unwrap();
            prop_assert!(path.is_ascii());
            prop_assert!(path.parse::<http::Uri>().is_ok());
            prop_assert_eq!(parameters(TEMPLATE, &path), Some(vec![("document_id", id), ("chunk", chunk)]));
        }
    }
}
