//! The protocol as a model: three processes that share one record, a server whose refresh tokens work once, and everything
//! that can happen in between, in every order.
//!
//! Reading, deciding, writing, sending, the server's work, its answer and the save are separate steps, between which others
//! act, time passes, processes die, answers and writes are lost, and clocks drift and are set. The decisions are those of the crate:
//! [`Refresher`] and [`settle`]. What must hold is in [`promises`]; that each part of the protocol is needed is shown by taking
//! it away.

mod promises;
mod world;

use stateright::{Checker as _, Model as _};

use self::world::{Budget, Share, Without};

/// Explores every order, and gives the names of the promises that were broken.
fn broken(share: Share) -> Vec<&'static str> {
    // Depth first: of the states that were seen, only fingerprints are kept then.
    let checker = share.checker().threads(2).spawn_dfs().join();
    println!(
        "{} states, {} of them different, depth {}",
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth()
    );
    let mut broken: Vec<_> = checker.discoveries().into_iter().collect();
    broken.sort_by_key(|(name, _)| *name);
    for (name, path) in &broken {
        println!("{name}: {:?}", path.clone().into_actions());
    }
    broken.into_iter().map(|(name, _)| name).collect()
}

/// How many processes there are.
fn holders() -> usize {
    if is_whole() { 3 } else { 2 }
}

fn share(holders: usize, budget: Budget) -> Share {
    Share { seconds: if self::holders() > 2 { 9 } else { 7 }, ..Share::new(holders, budget) }
}

/// Accidents of each kind, one at a time: every run of the model has at most these. An ordinary test looks at the first two.
fn accidents() -> Vec<Budget> {
    let none = Budget::default();
    let mut all = vec![
        Budget { crash: 1, ..none },
        Budget { logout: 1, ..none },
        Budget { lost_answer: 1, ..none },
        Budget { failed_save: 1, ..none },
        Budget { drift: 1, ..none },
        Budget { jump: 1, ..none },
        Budget { login: 1, ..none },
    ];
    if !is_whole() {
        all.truncate(2);
    }
    all
}

/// Whether everything is explored, which takes minutes: `cargo xtask model` asks for it.
fn is_whole() -> bool {
    std::env::var_os("EDGEQUAKE_MODEL_WHOLE").is_some()
}

#[test]
fn processes_on_an_expired_token() {
    for budget in accidents() {
        assert_eq!(broken(share(holders(), budget)), [""; 0], "{budget:?}");
    }
}

#[test]
fn wall_clocks_that_are_set_harm_nobody() {
    assert_eq!(broken(share(2, Budget { jump: 1, ..Budget::default() })), [""; 0]);
}

#[test]
#[ignore = "takes minutes: cargo xtask model"]
fn two_processes_and_two_accidents() {
    for first in accidents() {
        for second in accidents() {
            let budget = first.and(second);
            assert_eq!(broken(share(2, budget)), [""; 0], "{budget:?}");
        }
    }
}

#[test]
fn processes_with_a_password() {
    for budget in accidents() {
        assert_eq!(broken(Share { password: true, ..share(holders(), budget) }), [""; 0], "{budget:?}");
    }
}

#[test]
#[ignore = "takes minutes: cargo xtask model"]
fn processes_and_a_server_that_gives_the_successor_again() {
    for budget in accidents() {
        let budget = Budget { again: 1, ..budget };
        assert_eq!(broken(Share { lenient: true, ..share(2, budget) }), [""; 0], "{budget:?}");
    }
}

#[test]
fn early_refreshes_wait_for_nobody() {
    for budget in accidents() {
        assert_eq!(broken(Share { early: true, ..share(holders(), budget) }), [""; 0], "{budget:?}");
    }
}

#[test]
fn each_part_of_the_protocol_is_needed() {
    let none = Budget::default();
    for (without, budget, promise) in [
        (Without::Intent, Budget { crash: 1, ..none }, promises::WHAT_LOOKS_GOOD_IS_GOOD),
        (Without::Version, Budget { again: 1, ..none }, promises::WHAT_LOOKS_GOOD_IS_GOOD),
        (Without::Margin, Budget { drift: 1, ..none }, promises::NO_TWO_AT_ONCE),
        (Without::Monotonic, Budget { jump: 1, ..none }, promises::NO_TWO_AT_ONCE),
        (Without::Memory, Budget { logout: 1, ..none }, promises::A_LOGOUT_IS_FINAL),
    ] {
        let share = Share {
            without: Some(without),
            password: without == Without::Memory,
            lenient: without == Without::Version,
            ..share(2, budget)
        };
        let broken = broken(share);
        assert!(broken.contains(&promise), "{without:?}: {broken:?}");
    }
}
