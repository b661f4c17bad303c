//! What is known of a token that a program gave outlives the intent for it, whatever happens to the record.

use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::protocol::settle::{self, Save};

const LIMITS: Limits = Limits { exchange: Duration::from_secs(1), margin: Duration::from_secs(1) };

fn at(second: u64) -> Now {
    Now { wall: Duration::from_secs(1_000_000 + second), mono: Duration::from_secs(second) }
}

fn tokens(refresh: &str) -> StoredTokens {
    StoredTokens::new(Some("a".into()), Some(refresh.into())).expires_at(Some(UNIX_EPOCH))
}

fn process(id: u128) -> Refresher {
    Refresher::new(RandomId::from_number(id), LIMITS, Urgency::Needed)
}

#[track_caller]
fn write(step: Step) -> Record {
    let Step::Write(record) = step else { panic!("{step:?}") };
    *record
}

/// Takes the lease of a record, waits for whoever had it before, and is about to send.
#[track_caller]
fn take(process: &mut Refresher, record: &Record, second: u64) -> (Record, Presented) {
    let taken = write(process.next(Some(record), at(second)));
    process.written(&taken, at(second));
    let mut now = at(second);
    if let Step::Wait(time) = process.next(Some(&taken), now) {
        (now.wall, now.mono) = (now.wall + time, now.mono + time);
    }
    match process.next(Some(&taken), now) {
        Step::Present(present) => (taken, present.what),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn save(record: &Record, sent: &Presented, refresh: &str, second: u64) -> Record {
    match settle::success(Some(record), sent, &tokens(refresh), at(second)) {
        Save::Write(saved) => *saved,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_given_token_stays_doubtful_when_another_intent_takes_the_place_of_its_own() {
    let given = || Some(Secret::from("given"));
    let hash = fingerprint(&"given".into());
    let record = Record::new(tokens("r1"), UNIX_EPOCH);
    let (mut slow, mut holder) = (process(1).given(given()), process(2).held(Held::of(&record), false));
    let (begun, sent) = take(&mut slow, &record, 0);
    assert!(!sent.unsettled && begun.may_be_spent(hash) && begun.doubtful.is_empty());
    // Nobody hears of the first process for longer than its lease.
    assert!(matches!(holder.next(Some(&begun), at(0)), Step::Wait(_)));
    let (overtaken, own) = take(&mut holder, &begun, 10);
    assert_eq!(overtaken.doubtful, [hash]);
    let saved = save(&overtaken, &own, "r2", 12);
    assert!(saved.lease.is_none() && saved.may_be_spent(hash));
    // Others prefer the session that is stored.
    let version = saved.tokens().map(|tokens| tokens.version);
    for password in [false, true] {
        let (_, other) = take(&mut process(3).given(given()).password(password), &saved, 13);
        assert_eq!((other.given, other.version, other.unsettled), (None, version, false));
    }
    // It is the last resort of one for whom that is somebody else's, and who knows that it may be spent.
    let (taken, again) = take(&mut process(3).given(given()).unnamed(true), &saved, 13);
    assert!(again.unsettled && again.given == Some(hash));
    // The first one was given a successor after all.
    let begun = save(&taken, &sent, "g2", 14);
    assert_eq!((begun.began_with, begun.doubtful.len(), begun.intent.as_ref()), (Some(hash), 0, None));
    // It was refused: that is known, too.
    let refused = settle::refused(Some(&taken), &again, at(14)).unwrap();
    assert!(refused.tokens().is_some() && !refused.may_be_spent(hash));
}

#[test]
fn a_given_token_stays_doubtful_through_saves_logins_and_logouts() {
    let hash = fingerprint(&"given".into());
    let record = Record::new(tokens("r1"), UNIX_EPOCH);
    let (_, own) = take(&mut process(1).held(Held::of(&record), false), &record, 0);
    let (taken, sent) = take(&mut process(2).given(Some("given".into())), &record, 10);
    let unknown = settle::unknown(Some(&taken), &sent).unwrap();
    // Saving takes no lease.
    let saved = save(&taken, &own, "r2", 11);
    let login = settle::login(Some(&unknown), RandomId::random(), &tokens("r3"), at(12));
    let settle::Logout::Write(ended, _) = settle::logout(Some(&login), None, at(13)) else { panic!() };
    for record in [&taken, &unknown, &saved, &login, &ended] {
        assert!(record.may_be_spent(hash), "{record:?}");
    }
    // Beginning with it is the last resort, and marked.
    let begun = write(process(3).given(Some("given".into())).next(Some(&ended), at(14)));
    assert!(begun.intent.as_ref().is_some_and(|intent| intent.inherited) && begun.doubtful.is_empty());
    let over = settle::login(Some(&begun), RandomId::random(), &tokens("r4"), at(15));
    assert!(over.spent.is_empty() && over.may_be_spent(hash));
}

#[test]
fn a_given_token_is_told_beside_an_intent_that_says_more() {
    let hash = fingerprint(&"given".into());
    let record = Record::new(tokens("r1"), UNIX_EPOCH);
    let (taken, own) = take(&mut process(1).held(Held::of(&record), false), &record, 0);
    let unsettled = settle::unknown(Some(&taken), &own).unwrap();
    let given = || Some(Secret::from("given"));
    let mut first = process(2).given(given());
    let (taken, sent) = take(&mut first, &unsettled, 5);
    assert_eq!((sent.given, sent.unsettled), (Some(hash), false), "nobody has presented it before");
    assert!(taken.is_unsettled() && taken.may_be_spent(hash));
    // Surely not executed, or given up: as good as before.
    let withdrawn = first.withdrawn(&taken).unwrap();
    for what in [&sent, &withdrawn] {
        let back = settle::not_executed(Some(&taken), what).unwrap();
        assert!(back.is_unsettled() && !back.may_be_spent(hash), "{what:?}");
    }
    // Nobody knows: the next one says so.
    let unknown = settle::unknown(Some(&taken), &sent).unwrap();
    let (taken, again) = take(&mut process(3).given(given()).unnamed(true), &unknown, 6);
    assert!(again.unsettled && again.given == Some(hash));
    assert!(settle::not_executed(Some(&taken), &again).unwrap().may_be_spent(hash));
}

#[test]
fn a_save_that_is_tried_again_does_not_undo_what_happened_since_it_arrived() {
    let record = Record::new(tokens("r1"), UNIX_EPOCH);
    let (taken, sent) = take(&mut process(1).given(Some("given".into())), &record, 0);
    // It arrives, without saying so.
    let saved = save(&taken, &sent, "g2", 1);
    let login = settle::login(Some(&saved), RandomId::random(), &tokens("r3"), at(2));
    let settle::Logout::Write(ended, _) = settle::logout(Some(&login), None, at(3)) else { panic!() };
    for (there, answer) in
        [(&saved, Save::Superseded), (&login, Save::OtherSession), (&*ended, Save::OtherSession)]
    {
        assert_eq!(settle::success(Some(there), &sent, &tokens("g2"), at(4)), answer);
    }
}

#[track_caller]
fn logout(record: &Record, second: u64) -> Record {
    match settle::logout(Some(record), None, at(second)) {
        settle::Logout::Write(ended, _) => *ended,
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_exchanges_a_given_token_is_waited_for_when_the_session_beside_it_ends() {
    let given = || Some(Secret::from("given"));
    let hash = fingerprint(&"given".into());
    let record = Record::new(tokens("r1"), UNIX_EPOCH);
    let (_, own) = take(&mut process(1).held(Held::of(&record), false), &record, 0);
    let (taken, sent) = take(&mut process(2).given(given()), &record, 10);
    let late = save(&taken, &own, "r2", 10);
    for there in [&late, &logout(&taken, 10), &logout(&late, 10)] {
        assert_eq!((&there.lease, &there.intent), (&taken.lease, &taken.intent));
        // Not by one that has another way.
        let mut other = process(3).given(Some("another".into()));
        if there.tokens().is_none() {
            assert_eq!(process(3).given(given()).password(true).next(Some(there), at(10)), Step::LogIn);
            assert!(!write(other.next(Some(there), at(10))).intent.unwrap().inherited);
        }
        let mut other = process(3).given(given());
        assert!(matches!(other.next(Some(there), at(10)), Step::Wait(_)), "{there:?}");
        // It is saved, and nobody waits any more.
        let begun = save(there, &sent, "g2", 11);
        assert_eq!((begun.lease.as_ref(), begun.began_with), (None, Some(hash)));
        for known in [
            settle::refused(Some(there), &sent, at(11)),
            settle::unknown(Some(there), &sent),
            settle::not_executed(Some(there), &sent),
        ] {
            assert_eq!(known.unwrap().lease, None);
        }
        // It was stopped: its exchange is waited for, too, and then the token may be spent, or the session beside it is there.
        let (_, next) = take(&mut other, there, 20);
        assert_eq!((next.began_with == Some(hash), next.unsettled), (there.tokens().is_none(), true));
    }
    // Its token is marked only, where an intent says more.
    let (session, own) = take(&mut process(1).held(Held::of(&record), false), &record, 0);
    let unsettled = settle::unknown(Some(&session), &own).unwrap();
    let (taken, _) = take(&mut process(2).given(given()), &unsettled, 10);
    let ended = logout(&taken, 10);
    assert_eq!((&ended.lease, &ended.intent), (&taken.lease, &None));
    assert!(matches!(process(3).given(given()).next(Some(&ended), at(10)), Step::Wait(_)));
    // What exchanges the session's own token ends with the session, and no lease outlives a login.
    let (taken, _) = take(&mut process(1).held(Held::of(&record), false), &record, 0);
    assert_eq!(logout(&taken, 1).lease, None);
    assert_eq!(settle::login(Some(&taken), RandomId::random(), &tokens("r3"), at(10)).lease, None);
}

#[test]
fn a_good_session_is_used_at_once_where_somebody_exchanges_the_given_token() {
    let good = tokens("r1").expires_at(None);
    let (taken, _) = take(&mut process(1).given(Some("given".into())), &Record::new(good, UNIX_EPOCH), 0);
    for password in [false, true] {
        let mut other = process(2).given(Some("given".into())).password(password);
        assert_eq!(other.next(Some(&taken), at(0)), Step::Adopt);
    }
}

/// A refresh of a provider takes over, and has to wait for whoever it overtook, when somebody logs out.
#[test]
fn whoever_was_overtaken_is_waited_for_after_a_logout_too() {
    // The session beside it may be anybody's, so it is the token or nothing.
    let process = |id| process(id).given(Some("given".into())).unnamed(true);
    let (taken, _) = take(&mut process(1), &Record::new(tokens("r1"), UNIX_EPOCH), 0);
    let mut first = process(2);
    assert!(matches!(first.next(Some(&taken), at(0)), Step::Wait(_)));
    let overtaken = write(first.next(Some(&taken), at(10)));
    first.written(&overtaken, at(10));
    assert!(matches!(first.next(Some(&overtaken), at(10)), Step::Wait(_)));
    let ended = logout(&overtaken, 10);
    // It itself goes on, and so does the next refresh of the same provider.
    for mut process in [first, process(2)] {
        let begun = write(process.next(Some(&ended), at(10)));
        assert!(begun.intent.as_ref().is_some_and(|intent| intent.inherited));
        process.written(&begun, at(10));
        let step = process.next(Some(&begun), at(10));
        assert!(matches!(step, Step::Wait(_)), "{step:?}");
    }
}

#[test]
fn ones_own_intent_makes_no_token_doubtful_when_the_session_beside_it_ends() {
    let mut holder = process(1).given(Some("given".into())).password(true);
    let (taken, _) = take(&mut holder, &Record::new(tokens("r1"), UNIX_EPOCH), 0);
    let begun = write(holder.next(Some(&logout(&taken, 0)), at(0)));
    assert!(begun.intent.is_some_and(|intent| !intent.inherited));
}

#[test]
fn a_given_token_that_is_good_again_is_used_again() {
    let given = || Some(Secret::from("given"));
    let (taken, sent) = take(&mut process(1).given(given()), &Record::new(tokens("r1"), UNIX_EPOCH), 0);
    let mut other = process(2).given(given());
    assert!(matches!(other.next(Some(&taken), at(0)), Step::Wait(_)));
    let good = settle::not_executed(Some(&taken), &sent).unwrap();
    let (_, other) = take(&mut other, &good, 1);
    assert_eq!((other.given, other.unsettled), (sent.given, false));
}

/// The holder of a lease may have left an intent by an earlier refresh.
#[test]
fn a_lease_is_told_from_an_earlier_intent_of_its_holder() {
    let record = Record::new(tokens("r1"), UNIX_EPOCH);
    let (taken, own) = take(&mut process(1).held(Held::of(&record), false), &record, 0);
    let unsettled = settle::unknown(Some(&taken), &own).unwrap();
    let mut again = process(1).given(Some("given".into())).unnamed(true);
    let (taken, _) = take(&mut again, &unsettled, 5);
    let withdrawn = again.withdrawn(&taken).unwrap();
    assert_eq!((withdrawn.version, withdrawn.given), (None, Some(fingerprint(&"given".into()))));
    assert_eq!(logout(&taken, 5).lease, taken.lease);
    // Also once it was prolonged.
    let renewed = write(again.next(Some(&taken), at(8)));
    assert_eq!(logout(&renewed, 8).lease, renewed.lease);
    let back = settle::not_executed(Some(&taken), &withdrawn).unwrap();
    assert!(back.is_unsettled() && back.doubtful.is_empty());
}
