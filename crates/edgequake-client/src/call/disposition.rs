//! The name of a file in a `Content-Disposition` header (RFC 6266), for [`DownloadStream`](super::DownloadStream).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The name that a header gives a file: its last component, so that it names no folder and no drive.
pub(super) fn file_name(header: &[u8]) -> Option<String> {
    let header = match std::str::from_utf8(header) {
        Ok(text) => Cow::Borrowed(text),
        // What is not UTF-8 is ISO 8859-1, as headers once were.
        Err(_) => header.iter().copied().map(char::from).collect(),
    };
    let (mut plain, mut extended) = (None, None);
    for (name, value) in parameters(&header) {
        if name.eq_ignore_ascii_case("filename*") {
            extended = extended.or_else(|| decode_extended(&value));
        } else if name.eq_ignore_ascii_case("filename") {
            plain.get_or_insert(value);
        }
    }
    extended.as_deref().and_then(last_component).or_else(|| last_component(plain.as_deref()?))
}

/// The parameters after the disposition's type, quoted values without their quotes.
fn parameters(header: &str) -> Vec<(&str, String)> {
    let mut parameters = Vec::new();
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    while !rest.is_empty() {
        let end = rest.find([';', '=']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let Some(after) = after.strip_prefix('=') else {
            rest = after.strip_prefix(';').unwrap_or_default();
            continue;
        };
        let value;
        (value, rest) = take_value(after.trim_start());
        parameters.push((name.trim(), value));
        rest = rest.split_once(';').map_or("", |(_, rest)| rest);
    }
    parameters
}

/// The value at the beginning of a text, and what follows it.
fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find(';').unwrap_or(text.len()));
        return (value.trim().to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (character, characters.peek()) {
            ('"', _) => return (value, quoted.get(at + 1..).unwrap_or_default()),
            // A backslash before anything else is the separator of a path: many servers do not escape it.
            ('\\', Some(&(_, escaped @ ('"' | '\\')))) => {
                value.push(escaped);
                characters.next();
            }
            _ => value.push(character),
        }
    }
    (value, "")
}

/// Decodes a value of the form `charset'language'percent-encoded` (RFC 8187, 3.2).
fn decode_extended(value: &str) -> Option<String> {
    let mut pieces = value.splitn(3, '\'');
    let (charset, _language, encoded) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let bytes = percent_decode_str(encoded);
    if charset.eq_ignore_ascii_case("utf-8") {
        bytes.decode_utf8().ok().map(Cow::into_owned)
    } else if charset.eq_ignore_ascii_case("iso-8859-1") {
        Some(bytes.map(char::from).collect())
    } else {
        None
    }
}

fn last_component(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut characters = last.chars();
    let last = match (characters.next(), characters.next()) {
        (Some(drive), Some(':')) if drive.is_ascii_alphabetic() => characters.as_str(),
        _ => last,
    };
    let last = last.trim();
    (!matches!(last, "" | "." | "..") && !last.chars().any(char::is_control)).then(|| last.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_name_names_no_folder() {
        for (header, name) in [
            (r#"attachment; filename="report.pdf""#, Some("report.pdf")),
            (r#"attachment; filename="../../etc/passwd""#, Some("passwd")),
            (r#"attachment; filename="a\b.pdf""#, Some("b.pdf")),
            (r#"attachment; filename="C:autoexec.bat""#, Some("autoexec.bat")),
            ("attachment; filename=plain.md", Some("plain.md")),
            ("attachment; filename*=UTF-8''..%2F..%2Fx", Some("x")),
            ("attachment; filename=..", None),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=\"a\u{7}b\"", None),
            ("inline", None),
            ("", None),
        ] {
            assert_eq!(file_name(header.as_bytes()).as_deref(), name, "{header}");
        }
    }

    #[test]
    fn quotes_escapes_and_character_sets() {
        for (header, name) in [
            (r#"attachment; filename="a; b=c.pdf"; size=3"#, Some("a; b=c.pdf")),
            (r#"attachment; filename="say \"hi\".txt""#, Some("say \"hi\".txt")),
            (r#"attachment; size=3; FILENAME = "a.pdf""#, Some("a.pdf")),
            (r#"attachment; flag; filename="a.pdf""#, Some("a.pdf")),
            (
                "attachment; filename=\"x.pdf\"; filename*=UTF-8''Stra%C3%9Fe%20%E2%82%AC.pdf",
                Some("Straße €.pdf"),
            ),
            ("attachment; filename*=utf-8'de'%C3%A4.pdf; filename=x.pdf", Some("ä.pdf")),
            ("attachment; filename*=iso-8859-1''%E4.pdf", Some("ä.pdf")),
            ("attachment; filename*=koi8-r''%E4.pdf; filename=x.pdf", Some("x.pdf")),
            ("attachment; filename*=UTF-8''%ff.pdf; filename=x.pdf", Some("x.pdf")),
            ("attachment; filename*=x.pdf", None),
            ("attachment; filename=\"ä.pdf\"", Some("ä.pdf")),
            ("attachment; filename=\"open", Some("open")),
        ] {
            assert_eq!(file_name(header.as_bytes()).as_deref(), name, "{header}");
        }
        assert_eq!(file_name(b"attachment; filename=\"\xE4.pdf\"").as_deref(), Some("ä.pdf"));
    }

    proptest! {
        #[test]
        fn any_header_gives_a_plain_name_or_none(header in proptest::collection::vec(any::<u8>(), 0..80), tail: String) {
            let mut header = header;
            header.extend_from_slice(b"; filename=\"");
            header.extend_from_slice(tail.as_bytes());
            if let Some(name) = file_name(&header) {
                prop_assert!(!name.is_empty() && !name.contains(['/', '\\']) && name != "..", "{name:?}");
            }
        }
    }
}
