use proptest::prelude::*;

use super::*;
use crate::state::new_user_id;

const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millisecond(seconds * 1000)
}

#[test]
fn reuse_ends_the_family_and_no_other() {
    let mut sessions = Sessions::default();
    let (mona, rita) = (new_user_id(), new_user_id());
    let first = sessions.open(mona.clone(), MONTH, at(0));
    let other = sessions.open(rita.clone(), MONTH, at(0));
    let (user, second) = sessions.redeem(&first, true, MONTH, at(1)).unwrap();
    assert_eq!(user, mona);
    assert_eq!(sessions.redeem(&first, true, MONTH, at(2)), Err(RefreshError::Reused));
    // Once the session has ended, all of its tokens are revoked.
    assert_eq!(sessions.redeem(&first, true, MONTH, at(2)), Err(RefreshError::Revoked));
    assert_eq!(sessions.redeem(&second.unwrap(), true, MONTH, at(2)), Err(RefreshError::Revoked));
    assert_eq!(sessions.redeem(&other, true, MONTH, at(2)).unwrap().0, rita);
}

#[test]
fn tokens_expire_and_are_removed() {
    let mut sessions = Sessions::default();
    let token = sessions.open(new_user_id(), Duration::from_secs(10), at(0));
    assert!(sessions.redeem(&token, false, MONTH, at(9)).is_ok());
    assert_eq!(sessions.redeem(&token, false, MONTH, at(10)), Err(RefreshError::Expired));
    for _ in 0..CLEANUP_INTERVAL {
        sessions.open(new_user_id(), MONTH, at(20));
    }
    assert_eq!(sessions.redeem(&token, false, MONTH, at(20)), Err(RefreshError::Unknown));
    assert_eq!(sessions.refresh_tokens.len(), CLEANUP_INTERVAL);
}

#[test]
fn one_session_or_all_of_a_user_can_be_closed() {
    let mut sessions = Sessions::default();
    let mona = new_user_id();
    let [one, two, other] =
        [mona.clone(), mona.clone(), new_user_id()].map(|user| sessions.open(user, MONTH, at(0)));
    sessions.close(&one);
    sessions.close(&Secret::new("unknown"));
    assert_eq!(sessions.redeem(&one, false, MONTH, at(1)), Err(RefreshError::Revoked));
    assert!(sessions.redeem(&two, false, MONTH, at(1)).is_ok());
    sessions.close_all_of_user(&mona);
    assert_eq!(sessions.redeem(&two, false, MONTH, at(1)), Err(RefreshError::Revoked));
    assert!(sessions.redeem(&other, false, MONTH, at(1)).is_ok());
}

proptest! {
    /// Whatever is redeemed in whatever order, each token works once, and none works after the first reuse.
    #[test]
    fn at_most_one_token_of_a_family_is_valid(picks in prop::collection::vec(0..4usize, 1..30)) {
        let mut sessions = Sessions::default();
        let mut tokens = vec![sessions.open(new_user_id(), MONTH, at(0))];
        let mut ended = false;
        for pick in picks {
            let index = tokens.len().saturating_sub(1 + pick % tokens.len());
            let latest = index == tokens.len() - 1;
            let result = sessions.redeem(&tokens[index].clone(), true, MONTH, at(1));
            match (ended, latest) {
                (true, _) => prop_assert_eq!(result, Err(RefreshError::Revoked)),
                (false, true) => tokens.push(result.unwrap().1.unwrap()),
                (false, false) => {
                    prop_assert_eq!(result, Err(RefreshError::Reused));
                    ended = true;
                }
            }
        }
    }
}
