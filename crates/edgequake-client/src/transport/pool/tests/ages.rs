//! How long connections are kept, and how often somebody looks.

use std::task::{Context, Waker};
use std::time::Duration;

use super::super::super::connection::Protocol;
use super::super::*;
use super::lasting;
use super::world::World;

const SECOND: Duration = Duration::from_secs(1);

fn retired(world: &World, reason: RetireReason) -> u64 {
    world.counters.read(0).retired(reason)
}

#[test]
fn nobody_looks_again_and_again_at_what_is_in_use() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for (limit, most) in [(Duration::ZERO, 0), (Duration::from_millis(20), 0), (60 * SECOND, 61)] {
            let mut world = World::new(Rules { idle_limit: limit, ..lasting() }, Some(protocol));
            world.take(0);
            world.connected(protocol, Some(100));
            let looks = world.reap_for(3600 * SECOND);
            assert!(looks <= most, "{protocol:?} {limit:?}: {looks}");
            world.end(0, true);
            let looks = world.reap_for(limit + Duration::from_millis(1));
            assert!(looks <= 2, "{protocol:?} {limit:?}: {looks}");
            assert_eq!(retired(&world, RetireReason::Idle), 1, "{protocol:?} {limit:?}");
            assert_eq!(world.reap_for(3600 * SECOND), 0);
        }
    }
}

/// A connection of 290 s, of the 300 that it may live, with a request under way, and a new one that is unused.
fn with_an_old_one_lent(protocol: Protocol) -> World {
    let mut world = World::new(Rules { lifetime: Some(300 * SECOND), ..lasting() }, Some(protocol));
    world.take(0);
    world.connected(protocol, Some(1));
    world.reap_for(290 * SECOND);
    world.take(0);
    world.connected(protocol, Some(1));
    world.end(1, true);
    world
}

#[test]
fn one_that_is_too_old_is_closed_when_it_is_given_back() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut world = with_an_old_one_lent(protocol);
        world.reap_for(15 * SECOND);
        world.end(0, true);
        assert_eq!(retired(&world, RetireReason::Lifetime), 1, "{protocol:?}");
        world.reap_for(60 * SECOND);
        assert_eq!(retired(&world, RetireReason::Idle), 1, "{protocol:?}");
    }
}

#[test]
fn whoever_looks_after_another_one_is_not_too_late_for_one_that_ends_sooner() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut world = with_an_old_one_lent(protocol);
        world.reap_for(5 * SECOND);
        world.end(0, true);
        world.reap_for(5 * SECOND);
        assert_eq!(retired(&world, RetireReason::Lifetime), 1, "{protocol:?}");
    }
}

#[test]
fn one_that_was_never_used_grows_old_as_well() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for looked_after in [false, true] {
            let mut world = World::new(Rules { lifetime: Some(30 * SECOND), ..lasting() }, Some(protocol));
            world.take(0);
            world.leave(0);
            world.connected(protocol, Some(100));
            if looked_after {
                world.reap_for(30 * SECOND);
                assert_eq!(retired(&world, RetireReason::Lifetime), 1, "{protocol:?}");
            }
            world.now += 30 * SECOND;
            world.take(0);
            assert_eq!((world.lent.len(), world.connecting.len()), (0, 1), "{protocol:?}");
            assert_eq!(retired(&world, RetireReason::Lifetime), 1, "{protocol:?}");
        }
    }
}

#[test]
fn the_request_that_a_connection_was_opened_for_gets_it_however_short_its_life_is() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut world = World::new(Rules { lifetime: Some(Duration::ZERO), ..lasting() }, Some(protocol));
        for served in 1..=3 {
            world.take(0);
            world.connected(protocol, Some(100));
            assert_eq!((world.lent.len(), world.connecting.len()), (1, 0), "{protocol:?}");
            world.end(0, true);
            assert_eq!(retired(&world, RetireReason::Lifetime), served, "{protocol:?}");
        }
    }
}

#[test]
fn one_that_is_stuck_is_cut_whatever_it_was_retired_for_before() {
    let mut world = World::new(Rules { lifetime: Some(SECOND), ..lasting() }, Some(Protocol::Http2));
    world.take(0);
    world.connected(Protocol::Http2, Some(100));
    let lent = world.lent[0].connection.clone();
    let room = world.lent[0].room;
    let mut uncut = lent.until_cut().unwrap();
    // Too old, with a request under way.
    world.reap_for(2 * SECOND);
    assert_eq!(retired(&world, RetireReason::Lifetime), 1);
    let mut is_there = false;
    world.change(|origin, now, effects| {
        is_there = origin.retire(room, &lent, RetireReason::Upload, now, effects);
    });
    let mut cx = Context::from_waker(Waker::noop());
    assert!(is_there && uncut.poll(&mut cx).is_pending());
    world.end(0, true);
    assert!(uncut.poll(&mut cx).is_ready());
    world.change(|origin, now, effects| {
        is_there = origin.retire(room, &lent, RetireReason::Upload, now, effects);
    });
    assert!(!is_there);
}
