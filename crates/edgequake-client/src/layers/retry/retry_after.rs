//! `Retry-After` in every form that servers and proxies send it (RFC 9110, 10.2.3).

use std::time::{Duration, SystemTime};

use http::Response;
use http::header::{HeaderMap, RETRY_AFTER};

/// The longest wait that is worth keeping; anything above means "not today".
const FOREVER: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// What an answer says about another attempt.
///
/// The header is read from any answer. What the body says is put here, into the extensions, by the
/// [error body layer](crate::layers::error_body), because a retry layer does not read bodies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryHint {
    /// How long to wait.
    pub after: Option<Duration>,
    /// Whether the server thinks that another attempt may help.
    pub retryable: Option<bool>,
}

impl RetryHint {
    /// The hint of an answer: its header first, then what its body said.
    pub fn of<R>(answer: &Response<R>) -> Self {
        let body = answer.extensions().get::<Self>().copied().unwrap_or_default();
        Self {
            after: retry_after(answer.headers(), SystemTime::now()).or(body.after),
            retryable: body.retryable,
        }
    }
}

/// Reads the header: whole seconds, any of the three HTTP dates, and the fractions that some gateways send, rounded up. A date
/// in the past is no wait; any other text is ignored.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use edgequake_client::layers::retry::retry_after;
/// use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
///
/// let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("1.5"))]);
/// assert_eq!(retry_after(&headers, SystemTime::now()), Some(Duration::from_secs(2)));
/// ```
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if text.bytes().next().is_some_and(|byte| byte.is_ascii_digit() || byte == b'.') {
        let seconds: f64 = text.parse().ok()?;
        return Some(Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(FOREVER).min(FOREVER));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let wait = date.duration_since(now).unwrap_or_default();
    // A date has whole seconds; asking a fraction too early would be asking in vain.
    let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Some(Duration::from_secs(whole).min(FOREVER))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, now: SystemTime) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        retry_after(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn every_form() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let before = date - Duration::from_millis(1_800);
        for (text, now, wait) in [
            ("120", date, Some(120)),
            (" 7 ", date, Some(7)),
            ("0", date, Some(0)),
            ("1.5", date, Some(2)),
            ("0.503", date, Some(1)),
            (".2", date, Some(1)),
            ("99999999999999999999", date, Some(FOREVER.as_secs())),
            ("1e400", date, Some(FOREVER.as_secs())),
            ("Sun, 06 Nov 1994 08:49:37 GMT", before, Some(2)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", before, Some(2)),
            ("Sun Nov  6 08:49:37 1994", before, Some(2)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", date + Duration::from_secs(9), Some(0)),
            ("-5", date, None),
            ("soon", date, None),
            ("", date, None),
            ("1 2", date, None),
            ("NaN", date, None),
        ] {
            assert_eq!(read(text, now), wait, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_or_waits_for_ever(text in "[ -~]{0,40}") {
            let wait = read(&text, SystemTime::now());
            prop_assert!(wait.is_none_or(|wait| wait <= FOREVER.as_secs()));
        }
    }
}
