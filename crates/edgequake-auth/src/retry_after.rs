//! How long an answer asks to wait: `Retry-After` in every form that servers and proxies send it (RFC 9110, 10.2.3), and what
//! error bodies say.

use std::time::{Duration, SystemTime};

use edgequake_types::ErrorBody;
use http::header::{DATE, HeaderMap, RETRY_AFTER};

/// The longest wait that is told: 366 days. Anything above means "not today", and would overflow the clocks of those who add it
/// to a point in time.
pub const LONGEST_WAIT: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Reads `Retry-After`: whole seconds, any of the three HTTP dates, and the fractions that some gateways send, rounded up, and at
/// most [`LONGEST_WAIT`]. A date is counted from the answer's own `Date`, since the clocks of the two machines may differ, and
/// from `now` if there is none. A date in the past is no wait; any other text is ignored.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use edgequake_auth::retry_after;
/// use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
///
/// let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("1.5"))]);
/// assert_eq!(retry_after(&headers, SystemTime::now()), Some(Duration::from_secs(2)));
/// ```
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if text.bytes().next().is_some_and(|byte| byte.is_ascii_digit() || byte == b'.') {
        let seconds: f64 = text.parse().ok()?;
        return Some(Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let sent = headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let wait = date.duration_since(sent.unwrap_or(now)).unwrap_or_default();
    // A date has whole seconds; asking a fraction too early would be asking in vain.
    let whole = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    Some(Duration::from_secs(whole).min(LONGEST_WAIT))
}

/// The wait that an error body names, at most [`LONGEST_WAIT`].
///
/// ```
/// use std::time::Duration;
/// use edgequake_auth::wait_in_body;
/// use edgequake_types::ErrorBody;
///
/// let body = ErrorBody::new("RATE_LIMITED", "slow down").retry_after_seconds(2);
/// assert_eq!(wait_in_body(&body), Some(Duration::from_secs(2)));
/// ```
pub fn wait_in_body(body: &ErrorBody) -> Option<Duration> {
    body.retry_after_seconds.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};
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
            ("99999999999999999999", date, Some(LONGEST_WAIT.as_secs())),
            ("1e400", date, Some(LONGEST_WAIT.as_secs())),
            ("Sun, 06 Nov 1994 08:49:37 GMT", before, Some(2)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", before, Some(2)),
            ("Sun Nov  6 08:49:37 1994", before, Some(2)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", date + Duration::from_secs(9), Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", date, Some(LONGEST_WAIT.as_secs())),
            ("-5", date, None),
            ("soon", date, None),
            ("", date, None),
            ("1 2", date, None),
            ("NaN", date, None),
        ] {
            assert_eq!(read(text, now), wait, "{text:?}");
        }
    }

    #[test]
    fn a_date_is_counted_from_the_date_of_the_answer() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:30 GMT"));
        for now in [SystemTime::UNIX_EPOCH, SystemTime::now()] {
            assert_eq!(retry_after(&headers, now), Some(Duration::from_secs(7)));
        }
        headers.insert(DATE, HeaderValue::from_static("today"));
        assert_eq!(retry_after(&headers, SystemTime::now()), Some(Duration::ZERO));
    }

    proptest! {
        #[test]
        fn no_text_panics_or_waits_for_ever(retry_at in "[ -~]{0,40}", date in "[ -~]{0,40}", seconds: u64) {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_str(&retry_at).unwrap());
            headers.insert(DATE, HeaderValue::from_str(&date).unwrap());
            let wait = retry_after(&headers, SystemTime::now());
            prop_assert!(wait.is_none_or(|wait| wait <= LONGEST_WAIT));
            let body = ErrorBody::new("", "").retry_after_seconds(seconds);
            prop_assert!(wait_in_body(&body).unwrap() <= LONGEST_WAIT);
        }

        #[test]
        fn no_number_in_a_body_panics(number in "-?[0-9]{1,40}(\\.[0-9]{1,20})?([eE]-?[0-9]{1,4})?", quoted: bool) {
            let number = if quoted { format!("\"{number}\"") } else { number };
            for body in [
                format!("{{\"retry_after_seconds\":{number}}}"),
                format!("{{\"retry_after_secs\":{number}}}"),
                format!("{{\"details\":{{\"retry_after_ms\":{number}}}}}"),
                format!("{{\"details\":{{\"diagnostics\":{{\"retry_after_secs\":{number}}}}}}}"),
            ] {
                let body = ErrorBody::read(StatusCode::TOO_MANY_REQUESTS, body.as_bytes());
                prop_assert!(wait_in_body(&body).is_none_or(|wait| wait <= LONGEST_WAIT));
            }
        }
    }
}
