//! What is made once for all calls of a client: the URIs of paths without parameters, and the usual headers.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use http::Uri;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};

use super::base_url::{BaseUrl, JoinError};
use crate::layers::scope::ScopeHeaders;

/// Twice as many as there are such operations; a path whose place is taken is joined each time.
const PLACES: usize = 128;

/// URIs by the paths that the program itself holds, found by where these are.
pub(super) struct StaticPaths(Box<[OnceLock<(&'static str, Uri)>]>);

impl StaticPaths {
    pub(super) fn new() -> Self {
        Self((0..PLACES).map(|_| OnceLock::new()).collect())
    }

    /// As [`BaseUrl::join`], of the one base URL of a client.
    pub(super) fn join(
        &self,
        base: &BaseUrl,
        path: Cow<'static, str>,
        query: Option<&str>,
    ) -> Result<Uri, JoinError> {
        match (path, query) {
            (Cow::Borrowed(path), None) => self.get_or_join(path, || base.join(path.into(), None)),
            (path, query) => base.join(path, query),
        }
    }

    /// The URI of this path, which `join` makes where it is not known.
    fn get_or_join<E>(&self, path: &'static str, join: impl FnOnce() -> Result<Uri, E>) -> Result<Uri, E> {
        // Texts lie side by side, so that neither number alone would tell them apart well.
        let number = path.as_ptr().addr().wrapping_mul(31).wrapping_add(path.len()) % PLACES;
        match self.0.get(number).map(|place| (place, place.get())) {
            Some((_, Some((known, uri)))) if std::ptr::eq(*known, path) => Ok(uri.clone()),
            Some((place, None)) => {
                let uri = join()?;
                // Somebody else may have been faster, which is as well.
                let _ = place.set((path, uri.clone()));
                Ok(uri)
            }
            _ => join(),
        }
    }
}

/// The headers of calls without a body, and of those with one in JSON.
pub(super) fn call_headers(
    scope: &ScopeHeaders,
    user_agent: &HeaderValue,
) -> (Arc<HeaderMap>, Arc<HeaderMap>) {
    let mut plain = scope.headers().clone();
    plain.insert(USER_AGENT, user_agent.clone());
    plain.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let mut json = plain.clone();
    json.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (Arc::new(plain), Arc::new(json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_joined_once_and_others_are_not_mixed_up_with_it() {
        let paths = StaticPaths::new();
        // As many as there are places, and as many again: all parts of one text.
        let text: &'static str = "/abcdefghijklmnopqrstuvwxyz";
        let all: Vec<&'static str> =
            (1..text.len()).flat_map(|end| (0..end).map(move |start| &text[start..end])).collect();
        assert!(all.len() > 2 * PLACES);
        for _ in 0..2 {
            for path in &all {
                let uri = paths.get_or_join(path, || format!("http://h/{path}").parse::<Uri>()).unwrap();
                assert_eq!(uri.path().trim_start_matches('/'), path.trim_start_matches('/'));
            }
        }
        let known = paths.get_or_join(all[0], || Err("joined again"));
        assert_eq!(known.unwrap().path(), "//");
    }

    #[test]
    fn what_cannot_be_joined_is_not_kept() {
        let paths = StaticPaths::new();
        assert_eq!(paths.get_or_join("/x", || Err(1)), Err(1));
        assert_eq!(paths.get_or_join("/x", || Err(2)), Err(2));
    }
}
