//! The state machine, step by step.

mod history;

use super::*;

const EARLY: Duration = Duration::from_secs(300);

fn held() -> Held {
    let tokens = crate::store::StoredTokens::new(None, None);
    Held { session: crate::store::RandomId::random(), version: tokens.version, began_with: None }
}

fn access(now: Now, secs: u64) -> Access {
    Access::new("t".into()).unwrap().with_lifetime(Some(Duration::from_secs(secs)), now, EARLY, 0.0)
}

fn at(secs: u64) -> Now {
    Now { wall: Duration::from_secs(1_800_000_000 + secs), mono: Duration::from_secs(secs) }
}

#[test]
fn before_the_early_span_use_within_it_use_and_start_after_it_start() {
    let mut state = State::new(false, false, true).with_session(Some(access(at(0), 3600)), Some("r".into()));
    assert!(matches!(state.decide(at(3299)), Decision::Use(_)));
    let Decision::UseAndStart(_, ticket) = state.decide(at(3300)) else { panic!("no early refresh") };
    assert!(matches!(state.decide(at(3599)), Decision::Use(_)));
    assert!(matches!(state.decide(at(3600)), Decision::Join(joined) if joined == ticket));
    state.abandon(ticket);
    assert!(matches!(state.decide(at(3600)), Decision::Start(_)));
}

#[test]
fn pauses_double_up_to_a_minute_and_respect_the_server() {
    let mut state = State::new(false, false, true).with_session(None, Some("r".into()));
    let mut now = at(0);
    let mut pauses = Vec::new();
    for _ in 0..11 {
        let Decision::Start(ticket) = state.decide(now) else { panic!("no flight") };
        let error = CredentialsError::new(Kind::Unavailable, "no");
        let failure = Failure::of(error);
        assert!(state.settle(now, ticket, Err(failure), 1.0).is_err());
        let Decision::Pause(wait, error) = state.decide(now) else { panic!("no pause") };
        assert_eq!(error.retry_after(), Some(wait));
        pauses.push(wait.as_millis());
        now.mono += wait;
    }
    assert_eq!(pauses, [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);

    let Decision::Start(ticket) = state.decide(now) else { panic!("no flight") };
    let error =
        CredentialsError::new(Kind::Unavailable, "no").with_retry_after(Duration::from_secs(1_000_000));
    let failure = Failure::of(error);
    assert!(state.settle(now, ticket, Err(failure), 0.0).is_err());
    assert!(matches!(state.decide(now), Decision::Pause(wait, _) if wait == Duration::from_secs(3600)));
}

#[test]
fn an_old_flight_that_ends_first_is_accepted_and_after_something_newer_is_not() {
    let renewed = |now| Renewed {
        access: access(now, 3600),
        refresh: Some("r1".into()),
        held: held(),
        by: By::Refresh,
    };
    let mut state = State::new(false, false, true).with_session(None, Some("r".into()));
    let Decision::Start(stuck) = state.decide(at(0)) else { panic!("no flight") };
    state.abandon(stuck);
    // The single-use token was spent by this one: its successor must not be lost.
    assert!(state.settle(at(1), stuck, Ok(Some(renewed(at(1)))), 0.0).is_ok());
    assert!(matches!(state.decide(at(1)), Decision::Use(_)));

    let Decision::Start(stuck) = state.decide(at(5000)) else { panic!("no flight") };
    state.abandon(stuck);
    let Decision::Start(next) = state.decide(at(5000)) else { panic!("no flight") };
    let newer = state.settle(at(5000), next, Ok(Some(renewed(at(5000)))), 0.0).unwrap();
    assert_eq!(
        state.settle(at(5001), stuck, Ok(Some(renewed(at(5001)))), 0.0).unwrap_err().kind(),
        Kind::Interrupted
    );
    assert_eq!(state.fresh(at(5001)).unwrap().generation(), newer.generation());
}

#[test]
fn debug_of_the_state_shows_no_secret() {
    let state = State::new(true, true, true).with_session(Some(access(at(0), 60)), Some("s3cr3t-r".into()));
    let shown = format!("{state:?}");
    assert!(!shown.contains("s3cr3t") && shown.contains("has") | shown.contains("generation"), "{shown}");
}

#[test]
fn a_token_that_expired_on_its_way_here_is_not_blamed_on_the_server() {
    let at = |millis| {
        let mono = Duration::from_millis(millis);
        Now { wall: mono + Duration::from_secs(1 << 30), mono }
    };
    let taken_in = |lifetime, at_once: bool| {
        let mut state = State::new(true, false, true);
        let Decision::Start(ticket) = state.decide(at(0)) else { panic!("there is no token yet") };
        let access = Access::new("a1".into()).unwrap();
        let access = access.with_lifetime(Some(Duration::from_secs(lifetime)), at(0), EARLY, 0.0);
        let renewed = Renewed { access, refresh: None, held: held(), by: By::Refresh };
        let now = at(if at_once { 0 } else { 4000 });
        state.settle(now, ticket, Ok(Some(renewed)), 0.0).unwrap();
        state.decide(now)
    };
    // The process stood still in between: whoever asks waits for a moment, and gets the next one.
    match taken_in(3, false) {
        Decision::Pause(wait, error) => {
            assert!(error.is_transient() && wait < Duration::from_secs(1), "{wait:?} {error:?}");
        }
        other => panic!("{other:?}"),
    }
    match taken_in(0, true) {
        Decision::Pause(_, error) => assert_eq!(error.kind(), Kind::Unexpected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refused_token_that_was_due_for_renewal_says_nothing_about_fresh_ones() {
    let mut state = State::new(true, false, true);
    let mut now = Now { wall: Duration::from_secs(1 << 30), mono: Duration::from_secs(1) };
    for number in 0..10 {
        let Decision::Start(ticket) = state.decide(now) else { panic!("the last token was refused") };
        let access = Access::new(format!("a{number}").into()).unwrap();
        let access = access.with_lifetime(Some(Duration::from_secs(5)), now, EARLY, 0.0);
        let generation = access.generation();
        let renewed = Renewed { access, refresh: None, held: held(), by: By::Refresh };
        state.settle(now, ticket, Ok(Some(renewed)), 0.0).unwrap();
        // The server cuts off what is less than a second.
        let later = Duration::from_millis(4500);
        now = Now { wall: now.wall + later, mono: now.mono + later };
        assert_eq!(state.rejected(now, generation), Recourse::Retry, "{number}");
    }
}
