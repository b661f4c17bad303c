//! [`Guard`]: keeps web pages away from a server on loopback.
//!
//! A page can send requests to loopback addresses, and read the answers once its own name points there (DNS rebinding).
//! Such requests name a foreign host, or an origin, which other clients do not send.

use std::net::IpAddr;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HOST,
    HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Method};

const PAGE: &str = "Web pages may not call this server; allow an origin with --allow-origin";

/// Which hosts and origins a request may name, besides loopback names and addresses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    /// In lower case, without a port.
    pub(crate) hosts: Vec<String>,
    pub(crate) origins: Vec<String>,
}

impl Guard {
    /// # Errors
    ///
    /// What is wrong with the request, and what to do about it.
    pub(crate) fn check(&self, parts: &Parts) -> Result<(), &'static str> {
        let named = parts.headers.get_all(HOST).iter().map(authority);
        let target = parts.uri.authority().cloned().map(Some);
        if !named.chain(target).all(|host| host.is_some_and(|host| self.is_known(host.host()))) {
            return Err("The host is neither an address nor a loopback name; allow it with --allow-host");
        }
        let is_known = |origin: &HeaderValue| self.origins.iter().any(|known| origin == known.as_str());
        if !parts.headers.get_all(ORIGIN).iter().all(is_known) {
            return Err(PAGE);
        }
        // Browsers say where a request without an origin comes from, such as that of an image.
        let from_page = |value: &HeaderValue| value == "cross-site" || value == "same-site";
        if !parts.headers.contains_key(ORIGIN)
            && parts.headers.get_all("sec-fetch-site").iter().any(from_page)
        {
            return Err(PAGE);
        }
        Ok(())
    }

    /// Whether a host cannot be a name that somebody has pointed here.
    fn is_known(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
        address.parse::<IpAddr>().is_ok()
            || host == "localhost"
            || host.ends_with(".localhost")
            || self.hosts.contains(&host)
    }
}

/// The answer to a page that asks whether it may send a request: it may, for its origin has passed the guard. `None` for a
/// request that asks nothing.
pub(crate) fn preflight(parts: &Parts) -> Option<HeaderMap> {
    let asked = parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if parts.method != Method::OPTIONS || !asked || !parts.headers.contains_key(ORIGIN) {
        return None;
    }
    let mut headers = HeaderMap::new();
    let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    if let Some(names) = parts.headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    Some(headers)
}

/// Lets the page with this origin, which has passed the guard, read a response.
pub(crate) fn share(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let exposed = "retry-after, x-request-id, x-ratelimit-limit, x-ratelimit-remaining";
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
    headers.append(VARY, HeaderValue::from_static("origin"));
}

fn authority(value: &HeaderValue) -> Option<Authority> {
    value.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn loopback_names_addresses_and_what_is_allowed() {
        let guard =
            Guard { hosts: vec!["dev.test".to_owned()], origins: vec!["http://localhost:3000".to_owned()] };
        for (host, fits) in [
            ("127.0.0.1:8080", true),
            ("127.0.0.1", true),
            ("10.0.0.7:8080", true),
            ("[::1]:8080", true),
            ("localhost", true),
            ("LOCALHOST.:8080", true),
            ("app.localhost:8080", true),
            ("dev.test:8080", true),
            ("evil.test:8080", false),
            ("localhost.evil.test", false),
            ("evil-localhost", false),
            ("127.0.0.1.evil.test", false),
            ("x@127.0.0.1", true),
            ("127.0.0.1@evil.test", false),
            ("", false),
            ("a b", false),
        ] {
            let (parts, ()) = Request::get("/").header("host", host).body(()).unwrap().into_parts();
            assert_eq!(guard.check(&parts).is_ok(), fits, "{host}");
        }
        let (none, ()) = Request::get("/").body(()).unwrap().into_parts();
        assert!(guard.check(&none).is_ok(), "HTTP/1.0 has no host, and browsers do not speak it");
        let two = Request::get("/").header("host", "localhost").header("host", "evil.test");
        assert!(guard.check(&two.body(()).unwrap().into_parts().0).is_err());
        let absolute = Request::get("http://evil.test/").header("host", "localhost");
        assert!(guard.check(&absolute.body(()).unwrap().into_parts().0).is_err());
        for (site, fits) in [("cross-site", false), ("same-site", false), ("none", true)] {
            let request = Request::get("/").header("host", "localhost").header("sec-fetch-site", site);
            assert_eq!(guard.check(&request.body(()).unwrap().into_parts().0).is_ok(), fits, "{site}");
        }
        for (origin, fits) in [
            ("http://localhost:3000", true),
            ("http://localhost:3001", false),
            ("https://evil.test", false),
            ("null", false),
        ] {
            let request = Request::get("/").header("host", "localhost").header("origin", origin);
            assert_eq!(guard.check(&request.body(()).unwrap().into_parts().0).is_ok(), fits, "{origin}");
        }
    }
}
