//! The protocol as a model: processes that share one record, a server whose refresh tokens work once, and everything that can
//! happen in between, in every order.
//!
//! Reading, deciding, writing, sending, the server's work, its answer and the save are separate steps, between which others
//! act, time passes, processes die, answers and writes are lost, and clocks drift and are set. The decisions are those of the crate:
//! [`Refresher`](super::Refresher) and [`settle`](super::settle). What must hold is in [`promises`]; that each part of the protocol
//! is needed is shown by taking it away.

mod server;
mod share;
mod world;
mod promises;
mod actions;
mod steps;

use std::collections::BTreeSet;
use std::time::Instant;

use stateright::{Checker as _, HasDiscoveries, Model as _};

use self::share::{Budget, Share, Start, Without};
use self::world::World;

/// Explores every order, and gives the names of the promises that were broken.
fn broken(share: Share) -> Vec<&'static str> {
    explore(share, HasDiscoveries::AnyFailures)
}

fn explore(share: Share, until: HasDiscoveries) -> Vec<&'static str> {
    let (begun, asked) = (Instant::now(), format!("{share:?}"));
    // Depth first: of the states that were seen, only fingerprints are kept then.
    let checker = share.checker().threads(2).symmetry_fn(World::alike).finish_when(until).spawn_dfs().join();
    println!(
        "{} states, {} of them different, depth {}, {:.1} s: {asked}",
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth(),
        begun.elapsed().as_secs_f32()
    );
    let mut broken: Vec<_> = checker.discoveries().into_iter().collect();
    broken.sort_by_key(|(name, _)| *name);
    for (name, path) in &broken {
        println!("{name}: {:?}", path.clone().into_actions());
    }
    broken.into_iter().map(|(name, _)| name).collect()
}

const NONE: Budget = Budget {
    crash: 0,
    lost_answer: 0,
    not_executed: 0,
    failed_save: 0,
    drift: 0,
    jump: 0,
    day: 0,
    logout: 0,
    login: 0,
    again: 0,
    refused: 0,
};

/// Accidents of each kind, one at a time.
const ACCIDENTS: [Budget; 9] = [
    Budget { crash: 1, ..NONE },
    Budget { logout: 1, ..NONE },
    Budget { lost_answer: 1, ..NONE },
    Budget { not_executed: 1, ..NONE },
    Budget { failed_save: 1, ..NONE },
    Budget { drift: 1, ..NONE },
    Budget { jump: 1, ..NONE },
    Budget { login: 1, ..NONE },
    Budget { refused: 1, ..NONE },
];

/// The answer is lost, the record that tells of it ends, and the token is needed again.
const DOUBT: Budget = Budget { lost_answer: 1, logout: 1, again: 1, ..NONE };

const STARTS: [Start; 8] = [
    Start::GivenBeside,
    Start::Given,
    Start::Expired,
    Start::Early,
    Start::Asked,
    Start::Refused,
    Start::Fresh,
    Start::RefusedAndFresh,
];

/// With and without a password.
fn hold(share: &Share) {
    for password in [false, true] {
        let share = Share { password, ..share.clone() };
        assert_eq!(broken(share.clone()), [""; 0], "{share:?}");
    }
}

#[test]
fn two_processes_on_an_expired_token_and_an_accident() {
    for accident in ACCIDENTS {
        hold(&Share::new(2, accident));
    }
}

#[test]
fn two_processes_that_begin_otherwise() {
    let [crash, logout, ..] = ACCIDENTS;
    for start in STARTS {
        for accident in [crash, logout] {
            let share = Share { start, ..Share::new(2, accident) };
            assert_eq!(broken(share), [""; 0], "{start:?} {accident:?}");
        }
    }
}

/// What is known of a token that the program gave goes with the session that it began, and so does what is to be lost by it.
#[test]
fn two_processes_with_the_same_token_whose_session_gives_way_to_a_login_that_is_logged_out() {
    hold(&Share { start: Start::Given, ..Share::new(2, Budget { login: 1, logout: 1, ..NONE }) });
}

/// What a process has sent without hearing of it may be spent, also once the record that said so is another.
#[test]
fn a_token_beside_a_login_that_is_logged_out() {
    // Nothing of it takes time.
    hold(&Share { start: Start::GivenBeside, seconds: 2, ..Share::new(2, DOUBT) });
}

/// Who presents a token of its program keeps its lease when the session beside it ends.
#[test]
fn a_logout_or_login_beside_the_exchange_of_a_token_that_two_were_given() {
    for accident in [Budget { logout: 1, ..NONE }, Budget { login: 1, ..NONE }] {
        let share = Share { start: Start::GivenBeside, seconds: 3, ..Share::new(3, accident) };
        assert_eq!(broken(share), [""; 0], "{accident:?}");
    }
}

#[test]
#[ignore = "takes minutes: cargo xtask model"]
fn two_processes_that_begin_otherwise_and_any_accident() {
    for start in STARTS {
        for accident in ACCIDENTS {
            hold(&Share { start, ..Share::new(2, accident) });
        }
    }
}

#[test]
#[ignore = "takes minutes: cargo xtask model"]
fn two_processes_and_two_accidents() {
    for start in STARTS {
        for (index, first) in ACCIDENTS.into_iter().enumerate() {
            for second in &ACCIDENTS[index..] {
                hold(&Share { start, ..Share::new(2, first.and(*second)) });
            }
        }
    }
}

#[test]
#[ignore = "takes minutes: cargo xtask model"]
fn three_processes_and_an_accident() {
    for start in STARTS {
        // Enough for a second one to be overtaken; where it begins otherwise, for one.
        let seconds = if start == Start::Expired { 9 } else { 7 };
        for accident in ACCIDENTS {
            hold(&Share { start, seconds, ..Share::new(3, accident) });
        }
    }
}

#[test]
#[ignore = "takes minutes: cargo xtask model"]
fn a_server_that_gives_the_successor_again() {
    for accident in ACCIDENTS {
        let budget = Budget { again: 1, ..accident };
        hold(&Share { lenient: true, ..Share::new(2, budget) });
    }
}

#[test]
fn a_clock_that_is_set_by_a_day_is_waited_for() {
    hold(&Share { start: Start::Fresh, ..Share::new(2, Budget { day: 1, ..NONE }) });
}

#[test]
#[ignore = "takes minutes: cargo xtask model"]
fn a_clock_that_is_set_by_a_day_is_waited_for_by_all() {
    hold(&Share::new(2, Budget { day: 1, ..NONE }));
}

#[test]
fn each_part_of_the_protocol_is_needed() {
    for (without, budget, promise) in [
        (Without::Intent, Budget { crash: 1, ..NONE }, promises::WHAT_LOOKS_GOOD_IS_GOOD),
        (Without::Version, Budget { again: 1, ..NONE }, promises::WHAT_LOOKS_GOOD_IS_GOOD),
        (Without::Margin, Budget { drift: 1, ..NONE }, promises::NO_TWO_AT_ONCE),
        (Without::Monotonic, Budget { jump: 1, ..NONE }, promises::NO_TWO_AT_ONCE),
        (Without::Memory, Budget { logout: 1, ..NONE }, promises::A_LOGOUT_IS_FINAL),
        (Without::Saving, NONE, promises::SUCCESSORS_ARE_SAVED),
        (Without::SavingAgain, Budget { failed_save: 1, ..NONE }, promises::SUCCESSORS_ARE_SAVED),
        (Without::Doubt, Budget { crash: 1, not_executed: 1, ..NONE }, promises::WHAT_LOOKS_GOOD_IS_GOOD),
        (Without::Doubting, DOUBT, promises::WHAT_IS_SENT_AGAIN_IS_MARKED),
        (Without::Refusal, NONE, promises::WHAT_WAS_REFUSED_IS_RENEWED),
        (Without::Rest, Budget { lost_answer: 1, again: 1, ..NONE }, promises::UNKNOWN_TOKENS_REST),
        (Without::Adopt, NONE, promises::NOBODY_WAITS_WITH_A_GOOD_TOKEN),
    ] {
        let share = Share {
            without: Some(without),
            password: without == Without::Memory,
            lenient: without == Without::Version,
            start: match without {
                Without::Doubting => Start::GivenBeside,
                Without::Refusal => Start::Refused,
                Without::Rest => Start::Asked,
                Without::Adopt => Start::RefusedAndFresh,
                _ => Start::Expired,
            },
            ..Share::new(2, budget)
        };
        let broken = explore(share, HasDiscoveries::AllOf(BTreeSet::from([promise])));
        assert!(broken.contains(&promise), "{without:?}: {broken:?}");
    }
}
