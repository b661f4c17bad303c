//! Which operation a request is of.

use edgequake_types::{OPERATIONS, Operation};
use http::Request;

use crate::policy::Policy;

/// The path template of a request's operation: that of its [`Policy`], else the one that its path fits. A path itself is never written:
/// its parameters are the user's data.
pub(super) fn template<B>(request: &Request<B>) -> Option<&'static str> {
    let policy = request.extensions().get::<Policy>().map(|policy| policy.operation);
    policy.filter(|operation| !operation.is_empty()).or_else(|| of_path(request))
}

fn of_path<B>(request: &Request<B>) -> Option<&'static str> {
    let path = request.uri().path();
    // The base URL may have a path of its own.
    let behind_prefix = path.find("/api/").and_then(|start| path.get(start..));
    let all =
        || OPERATIONS.iter().copied().flatten().filter(|operation| operation.method == *request.method());
    let best = |path: &str| {
        let fixed = |operation: &&Operation| fit(operation.path, path);
        all().filter(|operation| fixed(operation).is_some()).max_by_key(fixed).map(|operation| operation.path)
    };
    best(path).or_else(|| best(behind_prefix?))
}

/// How many segments of a path are fixed ones of a template that it fits.
fn fit(template: &str, path: &str) -> Option<usize> {
    let mut segments = path.split('/');
    let mut fixed = 0;
    for expected in template.split('/') {
        let segment = segments.next()?;
        match expected {
            _ if expected.starts_with("{*") => return Some(fixed),
            _ if expected.starts_with('{') && !segment.is_empty() => {}
            _ if expected == segment => fixed += 1,
            _ => return None,
        }
    }
    segments.next().is_none().then_some(fixed)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn by_policy_by_path_and_behind_a_prefix() {
        let of = |method: Method, path: &str| {
            template(&Request::builder().method(method).uri(path).body(()).unwrap())
        };
        assert_eq!(of(Method::POST, "https://eq.test/gateway/api/v1/auth/login"), Some("/api/v1/auth/login"));
        assert_eq!(
            of(Method::GET, "/api/v1/documents/track/t-1?x=y"),
            Some("/api/v1/documents/track/{track_id}")
        );
        assert_eq!(of(Method::GET, "/api/v1/documents/d-1"), Some("/api/v1/documents/{document_id}"));
        assert_eq!(of(Method::GET, "/elsewhere/s3cr3t"), None);
        let mut request = Request::get("/elsewhere").body(()).unwrap();
        let mut policy = Policy::for_method(&Method::GET);
        policy.operation = "/api/v1/mine/{id}";
        request.extensions_mut().insert(policy);
        assert_eq!(template(&request), Some("/api/v1/mine/{id}"));
    }
}
