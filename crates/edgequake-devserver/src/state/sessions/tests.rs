use proptest::prelude::*;

use super::*;
use crate::state::new_user_id;

const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millisecond(seconds * 1000)
}

fn error(result: Result<Redeemed, Rejected>) -> RefreshError {
    result.unwrap_err().error
}

#[test]
fn reuse_ends_the_family_and_no_other() {
    let mut sessions = Sessions::default();
    let (mona, rita) = (new_user_id(), new_user_id());
    let (_, first) = sessions.open(mona.clone(), MONTH, at(0));
    let (_, other) = sessions.open(rita.clone(), MONTH, at(0));
    let redeemed = sessions.redeem(&first, true, MONTH, at(1)).unwrap();
    assert_eq!((&redeemed.token.user, redeemed.token.generation), (&mona, 0));
    let second = redeemed.successor.unwrap();
    assert_eq!(sessions.of_token(second.expose()).unwrap().generation, 1);
    assert_eq!(error(sessions.redeem(&first, true, MONTH, at(2))), RefreshError::Reused);
    // Once the session has ended, all of its tokens are revoked.
    assert_eq!(error(sessions.redeem(&first, true, MONTH, at(2))), RefreshError::Revoked);
    assert_eq!(error(sessions.redeem(&second, true, MONTH, at(2))), RefreshError::Revoked);
    assert_eq!(sessions.redeem(&other, true, MONTH, at(2)).unwrap().token.user, rita);
}

#[test]
fn tokens_expire_and_are_forgotten() {
    let mut sessions = Sessions::default();
    let (_, token) = sessions.open(new_user_id(), Duration::from_secs(10), at(0));
    assert!(sessions.redeem(&token, false, MONTH, at(9)).is_ok());
    assert_eq!(error(sessions.redeem(&token, false, MONTH, at(10))), RefreshError::Expired);
    sessions.open(new_user_id(), MONTH, at(20));
    assert_eq!(error(sessions.redeem(&token, false, MONTH, at(20))), RefreshError::Unknown);
    assert_eq!((sessions.refresh_tokens.len(), sessions.sessions.len()), (1, 1));
}

#[test]
fn the_number_of_tokens_is_bounded() {
    let mut sessions = Sessions::default();
    let (_, mut token) = sessions.open(new_user_id(), MONTH, at(0));
    for _ in 0..CAPACITY + 10 {
        token = sessions.redeem(&token, true, MONTH, at(1)).unwrap().successor.unwrap();
    }
    assert_eq!((sessions.refresh_tokens.len(), sessions.order.len()), (CAPACITY, CAPACITY));
    assert!(sessions.redeem(&token, true, MONTH, at(1)).is_ok());
    for _ in 0..CAPACITY + 10 {
        sessions.deny_access_token(Uuid::new_v4(), at(5), at(1));
    }
    assert!(sessions.denied.len() <= CAPACITY);
}

#[test]
fn one_session_or_all_of_a_user_can_be_closed() {
    let mut sessions = Sessions::default();
    let mona = new_user_id();
    let [one, two, other] =
        [mona.clone(), mona.clone(), new_user_id()].map(|user| sessions.open(user, MONTH, at(0)).1);
    assert_eq!(sessions.close(&one).unwrap().user, mona);
    assert_eq!(sessions.close(&one), None);
    assert_eq!(sessions.close(&Secret::new("unknown")), None);
    assert_eq!(error(sessions.redeem(&one, false, MONTH, at(1))), RefreshError::Revoked);
    assert!(sessions.redeem(&two, false, MONTH, at(1)).is_ok());
    assert_eq!(sessions.close_all_of_user(&mona).len(), 1);
    assert_eq!(error(sessions.redeem(&two, false, MONTH, at(1))), RefreshError::Revoked);
    assert!(sessions.redeem(&other, false, MONTH, at(1)).is_ok());
}

proptest! {
    /// Whatever is redeemed in whatever order, each token works once, and none works after the first reuse.
    #[test]
    fn at_most_one_token_of_a_family_is_valid(picks in prop::collection::vec(0..4usize, 1..30)) {
        let mut sessions = Sessions::default();
        let mut tokens = vec![sessions.open(new_user_id(), MONTH, at(0)).1];
        let mut ended = false;
        for pick in picks {
            let index = tokens.len().saturating_sub(1 + pick % tokens.len());
            let latest = index == tokens.len() - 1;
            let result = sessions.redeem(&tokens[index].clone(), true, MONTH, at(1));
            match (ended, latest) {
                (true, _) => prop_assert_eq!(error(result), RefreshError::Revoked),
                (false, true) => tokens.push(result.unwrap().successor.unwrap()),
                (false, false) => {
                    prop_assert_eq!(error(result), RefreshError::Reused);
                    ended = true;
                }
            }
        }
    }
}
