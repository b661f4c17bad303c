use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;

const NOW: Now = Now { wall: Duration::from_secs(1_800_000_000), mono: Duration::from_secs(10) };

fn jwt(payload: &str) -> Secret {
    format!("eyJhbGciOiJIUzI1NiJ9.{}.sig", URL_SAFE_NO_PAD.encode(payload)).into()
}

fn secs(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[test]
fn expires_in_rules_and_the_claims_are_asked_only_without_it() {
    let token = jwt(r#"{"exp":1800000600}"#);
    assert_eq!(lifetime(secs(60), &token, NOW), secs(60));
    for unsaid in [None, secs(0)] {
        assert_eq!(lifetime(unsaid, &token, NOW), secs(600));
    }
    assert_eq!(lifetime(secs(u64::MAX), &token, NOW), Some(LONGEST));
}

#[test]
fn with_iat_the_lifetime_does_not_depend_on_our_clock() {
    let wrong = Now { wall: Duration::from_secs(1_900_000_000), ..NOW };
    assert_eq!(lifetime(None, &jwt(r#"{"iat":1800000000,"exp":1800000600}"#), wrong), secs(600));
    // Without it a token from the past has an unknown end: the server will say so.
    assert_eq!(lifetime(None, &jwt(r#"{"exp":1800000600}"#), wrong), None);
}

#[test]
fn odd_claims_are_no_claims() {
    for payload in [
        "",
        "null",
        "{}",
        "[]",
        r#"{"exp":null}"#,
        r#"{"exp":"soon"}"#,
        r#"{"exp":-5}"#,
        r#"{"exp":0}"#,
        r#"{"iat":1800000600,"exp":1700000600}"#,
        r#"{"exp":1800000000.2}"#,
    ] {
        assert_eq!(lifetime(None, &jwt(payload), NOW), None, "{payload}");
    }
    for token in ["", "opaque", "a.b", "a.!!!.c", "a.e30.c", "..", "a.b.c.d"] {
        assert_eq!(lifetime(None, &token.into(), NOW), None, "{token}");
    }
    assert_eq!(lifetime(None, &jwt(r#"{"exp":1e300}"#), NOW), Some(LONGEST));
    assert_eq!(lifetime(None, &jwt(r#"{"exp":1800000060.9}"#), NOW).unwrap().as_secs(), 60);
}

#[test]
fn what_is_no_token_is_refused_without_being_shown() {
    for text in ["", "s3cr3t x", "s3cr3t\n", "s3cr3t\u{e9}", "<html>s3cr3t</html> "] {
        let error = Access::new(text.into()).unwrap_err();
        assert_eq!(error.kind(), CredentialsErrorKind::Unexpected);
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }
}

#[test]
fn the_end_is_reached_by_either_clock() {
    let access = Access::new("t".into()).unwrap().with_lifetime(secs(100), NOW, Duration::from_secs(10), 0.0);
    let after = |wall, mono| Now {
        wall: NOW.wall + Duration::from_secs(wall),
        mono: NOW.mono + Duration::from_secs(mono),
    };
    for (wall, mono, stale, expired) in [
        (0, 0, false, false),
        (89, 89, false, false),
        (90, 0, true, false),
        (0, 90, true, false),
        (100, 0, true, true),
        (0, 100, true, true),
    ] {
        let now = after(wall, mono);
        assert_eq!((access.is_stale(now), access.is_expired(now)), (stale, expired), "{wall} {mono}");
    }
    assert_eq!(access.remaining(after(40, 10)), secs(60));
}

proptest! {
    #[test]
    fn the_early_span_is_capped_and_the_jitter_only_shortens_it(
        lifetime in 1_u64..1_000_000, early in 0_u64..10_000, jitter in 0.0..=1.0_f64,
    ) {
        let access = Access::new("t".into()).unwrap().with_lifetime(secs(lifetime), NOW, Duration::from_secs(early), jitter);
        let limits = access.limits.unwrap();
        let span = (limits.hard.mono - limits.soft.mono).as_secs_f64();
        let cap = (early as f64).min(lifetime as f64 * 0.2);
        prop_assert!(span <= cap + 1e-6 && span >= cap * 0.8 - 1e-6, "{} of {}", span, cap);
    }

    #[test]
    fn any_text_has_a_lifetime_or_none_and_never_panics(text in any::<String>(), payload in any::<String>()) {
        for token in [Secret::new(text), jwt(&payload)] {
            if let Some(lifetime) = lifetime(None, &token, NOW) {
                prop_assert!(lifetime >= Duration::from_secs(1) && lifetime <= LONGEST);
            }
        }
    }
}
