//! An operation by what a manifest calls it.

use edgequake_types::samples::{SAMPLES, Sample};
use http::Uri;

/// An operation, and the path that a request for it can have.
pub(super) struct Found {
    pub(super) sample: &'static Sample,
    /// With values in the place of parameters, where the manifest has them. Query included.
    pub(super) uri: Option<Uri>,
}

/// Finds `METHOD /path/template`, whatever the parameters are called, `METHOD /path/with/values`, or the name of a request type.
pub(super) fn find(text: &str) -> Result<Found, String> {
    let all = || SAMPLES.iter().copied().flatten();
    if let Some(sample) = all().find(|sample| sample.operation.name == text) {
        return Ok(Found { sample, uri: None });
    }
    let (method, path) = text.split_once(char::is_whitespace).unwrap_or(("", text));
    let method = method.to_ascii_uppercase();
    let full = path.trim();
    let path = without_origin(full).split('?').next().unwrap_or_default();
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let of_method = || all().filter(|sample| sample.operation.method == *method);
    let rank = |sample: &&Sample| fit(sample.operation.path, path);
    // A fixed segment wins over a parameter.
    if let Some(sample) = of_method().filter(|sample| rank(sample).is_some()).max_by_key(rank) {
        let has_values = !path.contains('{') && !path.split('/').any(|part| part.starts_with(':'));
        let uri = has_values.then(|| without_origin(full).parse().ok()).flatten();
        return Ok(Found { sample, uri });
    }
    let other = all().find(|sample| fit(sample.operation.path, path).is_some());
    Err(match other {
        Some(Sample { operation, .. }) if method.is_empty() => {
            format!("`{text}` has no method: say `{} {text}`", operation.method)
        }
        Some(Sample { operation, .. }) => {
            format!("no operation `{text}`: {} has {}", operation.path, operation.method)
        }
        None => format!(
            "no operation `{text}` is declared: `cargo xtask operations --list --no-build` names all that are"
        ),
    })
}

/// Without scheme and host.
fn without_origin(path: &str) -> &str {
    match path.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|start| rest.get(start..)).unwrap_or("/"),
        None => path,
    }
}

/// How well a path fits a template: the number of fixed segments that are the same.
fn fit(template: &str, path: &str) -> Option<usize> {
    let mut segments = path.split('/');
    let mut fixed = 0;
    for expected in template.split('/') {
        let segment = segments.next()?;
        if expected.starts_with("{*") {
            return Some(fixed);
        }
        let is_parameter = segment.starts_with('{') || segment.starts_with(':');
        match expected.starts_with('{') {
            true if segment.is_empty() => return None,
            true => fixed += usize::from(is_parameter),
            false if segment == expected => fixed += 2,
            false => return None,
        }
    }
    segments.next().is_none().then_some(fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_values_and_names() {
        for (text, name) in [
            ("GET /api/v1/documents/{document_id}", "GetDocument"),
            ("get  /api/v1/documents/{id}/", "GetDocument"),
            ("GET /api/v1/documents/:id", "GetDocument"),
            ("GET /api/v1/documents/d-1?verbose=true", "GetDocument"),
            ("GET https://eq.test/api/v1/documents/track/t-1", "GetTrack"),
            ("GET /api/v1/documents", "ListDocuments"),
            ("GetTenant", "GetTenant"),
            ("GET /live", "GetLive"),
        ] {
            assert_eq!(find(text).map(|found| found.sample.operation.name), Ok(name), "{text}");
        }
        let uri = find("GET https://eq.test/api/v1/documents?page=2").ok().and_then(|found| found.uri);
        assert_eq!(uri.map(|uri| uri.to_string()).as_deref(), Some("/api/v1/documents?page=2"));
    }

    #[test]
    fn what_is_none_says_what_to_do() {
        let told = ["PUT /health", "/health", "GET /api/v1/nonsense", ""]
            .map(|text| find(text).err().unwrap_or_default());
        insta::assert_snapshot!(told.join("\n"), @r"
        no operation `PUT /health`: /health has GET
        `/health` has no method: say `GET /health`
        no operation `GET /api/v1/nonsense` is declared: `cargo xtask operations --list --no-build` names all that are
        no operation `` is declared: `cargo xtask operations --list --no-build` names all that are
        ");
    }
}
