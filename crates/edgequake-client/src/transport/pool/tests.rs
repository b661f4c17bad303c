//! The rules of an [`Origin`], held against whatever happens in whatever order.

mod ages;
mod world;

use std::time::Duration;

use proptest::prelude::*;

use super::super::connection::Protocol;
use super::*;
use world::World;

#[derive(Debug, Clone)]
enum Event {
    Take(u8),
    Connected { http2: bool, streams: Option<usize> },
    Refused { runtime_gone: bool },
    Settled(usize, usize),
    End { number: usize, good: bool },
    Return(usize),
    Close { number: usize, heard: bool },
    Leave(usize),
    Later(u64),
    Prune(u8),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0_u8..2).prop_map(Event::Take),
        3 => (any::<bool>(), prop::option::of(0_usize..4)).prop_map(|(http2, streams)| Event::Connected { http2, streams }),
        1 => prop::bool::weighted(0.2).prop_map(|runtime_gone| Event::Refused { runtime_gone }),
        1 => (0_usize..4, 0_usize..4).prop_map(|(number, streams)| Event::Settled(number, streams)),
        4 => (0_usize..6, any::<bool>()).prop_map(|(number, good)| Event::End { number, good }),
        1 => (0_usize..6).prop_map(Event::Return),
        1 => (0_usize..6, any::<bool>()).prop_map(|(number, heard)| Event::Close { number, heard }),
        1 => (0_usize..6).prop_map(Event::Leave),
        1 => (0_u64..80).prop_map(Event::Later),
        1 => (0_u8..2).prop_map(Event::Prune),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    (prop::option::of(1_usize..4), 0_usize..3, prop::option::of(50_u64..200)).prop_map(
        |(connections, idle_count, lifetime)| Rules {
            idle_limit: Duration::from_secs(60),
            idle_count,
            lifetime: lifetime.map(Duration::from_secs),
            connections,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Whatever happens: limits hold, nobody is overtaken, nobody is stuck, and in the end everyone has been served.
    #[test]
    fn nobody_is_stuck_and_all_limits_hold(
        rules in rules(),
        knows in prop::option::of(prop::sample::select(vec![Protocol::Http1, Protocol::Http2])),
        events in prop::collection::vec(event(), 0..60),
    ) {
        let mut world = World::new(rules, knows);
        for event in events {
            match event {
                Event::Take(runtime) => world.take(runtime),
                Event::Connected { http2: true, streams } => world.connected(Protocol::Http2, streams),
                Event::Connected { http2: false, .. } => world.connected(Protocol::Http1, None),
                Event::Refused { runtime_gone } => world.refuse(runtime_gone),
                Event::Settled(number, streams) => world.settle(number, streams),
                Event::End { number, good } => world.end(number, good),
                Event::Return(number) => world.return_unused(number),
                Event::Close { number, heard } => world.close(number, heard),
                Event::Leave(number) => world.leave(number),
                Event::Later(seconds) => world.now += Duration::from_secs(seconds),
                Event::Prune(runtime) => {
                    let room = world.runtimes.iter().rev().find(|(_, other)| *other == runtime).map(|(room, _)| *room);
                    if let Some(room) = room {
                        world.change(|origin, now, effects| {
                            origin.prune(room, now, effects);
                        });
                    }
                }
            }
            world.check();
        }
        world.finish();
    }
}

fn lasting() -> Rules {
    Rules { idle_limit: Duration::from_secs(60), idle_count: 32, lifetime: None, connections: None }
}

#[test]
fn a_thousand_calls_at_once_open_as_many_connections_as_the_stream_limit_demands() {
    for (streams, connections) in [(usize::MAX, 1), (1_000, 1), (999, 2), (200, 5)] {
        let mut world = World::new(lasting(), None);
        (0..1_000).for_each(|_| world.take(0));
        assert_eq!(world.connecting.len(), 1, "nobody knows yet what the server speaks");
        world.connected(Protocol::Http2, None);
        assert_eq!(
            (world.lent.len(), world.connecting.len()),
            (1, 0),
            "the first need not wait for SETTINGS"
        );
        world.settle(0, streams);
        while !world.connecting.is_empty() {
            world.connected(Protocol::Http2, Some(streams));
        }
        assert_eq!((world.lent.len(), world.live.len()), (1_000, connections), "{streams}");
    }
}

#[test]
fn a_server_that_allows_more_streams_later_serves_those_who_wait() {
    let mut world = World::new(Rules { connections: Some(1), ..lasting() }, None);
    (0..3).for_each(|_| world.take(0));
    world.connected(Protocol::Http2, Some(1));
    assert_eq!((world.lent.len(), world.waiting.len()), (1, 2));
    world.settle(0, 2);
    assert_eq!((world.lent.len(), world.waiting.len()), (2, 1));
}

#[test]
fn a_server_of_http_1_holds_nobody_up_once_it_is_known() {
    let mut world = World::new(lasting(), None);
    (0..10).for_each(|_| world.take(0));
    world.connected(Protocol::Http1, None);
    assert_eq!((world.lent.len(), world.connecting.len()), (1, 9));
    world.take(0);
    assert_eq!(world.connecting.len(), 10);
}

#[test]
fn those_who_wait_for_the_same_handshake_fail_with_it_and_others_do_not() {
    let mut world = World::new(lasting(), None);
    (0..10).for_each(|_| world.take(0));
    world.refuse(false);
    assert_eq!((world.failed, world.connecting.len()), (10, 0));
    let mut world = World::new(lasting(), Some(Protocol::Http1));
    (0..10).for_each(|_| world.take(0));
    world.refuse(false);
    assert_eq!((world.failed, world.connecting.len()), (1, 9));
}

#[test]
fn an_unused_connection_of_another_runtime_makes_room() {
    let mut world = World::new(Rules { connections: Some(1), ..lasting() }, Some(Protocol::Http1));
    world.take(0);
    world.connected(Protocol::Http1, None);
    world.take(1);
    world.take(0);
    assert_eq!((world.waiting.len(), world.connecting.len()), (2, 0));
    world.end(0, true);
    // The one on the other runtime was first.
    assert_eq!((world.waiting.len(), world.connecting.len()), (2, 1));
    world.connected(Protocol::Http1, None);
    world.end(0, true);
    world.connected(Protocol::Http1, None);
    assert_eq!((world.waiting.len(), world.lent.len()), (0, 1));
}

#[test]
fn whoever_gives_up_waiting_holds_up_nobody_behind() {
    let mut world = World::new(Rules { connections: Some(1), ..lasting() }, Some(Protocol::Http2));
    world.take(0);
    world.connected(Protocol::Http2, Some(2));
    world.take(1);
    world.take(0);
    assert_eq!((world.waiting.len(), world.lent.len()), (2, 1), "nobody is overtaken");
    world.leave(0);
    assert_eq!((world.waiting.len(), world.lent.len()), (0, 2));
}

#[test]
fn what_is_unused_for_the_limit_is_not_given_out_and_what_is_used_counts_from_its_end() {
    for http2 in [false, true] {
        let protocol = if http2 { Protocol::Http2 } else { Protocol::Http1 };
        let mut world = World::new(Rules { idle_limit: Duration::from_secs(1), ..lasting() }, Some(protocol));
        let half = Duration::from_millis(500);
        world.take(0);
        world.connected(protocol, Some(100));
        world.now += half * 4;
        world.end(0, true);
        world.now += half;
        world.take(0);
        assert_eq!((world.lent.len(), world.connecting.len()), (1, 0));
        world.end(0, true);
        world.now += half * 2 + Duration::from_millis(1);
        world.take(0);
        assert_eq!((world.lent.len(), world.connecting.len()), (0, 1));
        assert_eq!(world.counters.read(0).retired(RetireReason::Idle), 1);
    }
}
