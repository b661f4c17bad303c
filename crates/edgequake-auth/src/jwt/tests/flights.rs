//! One refresh for everybody, and nobody who leaves can hurt it.

use std::time::Duration;

use tokio::time::{advance, timeout};

use super::rig::{Fault, PASSWORD, Rig, TestClock, USER, cx, token};
use crate::{Credentials, CredentialsErrorKind as Kind, Jwt, MemoryStore};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn expired(rig: &Rig) -> Jwt {
    let jwt = rig.with_login();
    jwt.authorize(&cx()).await.unwrap();
    advance(secs(3601)).await;
    jwt
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_tasks_on_an_expired_token_make_one_refresh() {
    let rig = Rig::default();
    let jwt = expired(&rig).await;
    rig.fail([Fault::Held]);
    let tasks: Vec<_> = (0..10_000)
        .map(|_| {
            let jwt = jwt.clone();
            tokio::spawn(async move { jwt.authorize(&cx()).await })
        })
        .collect();
    rig.arrived.notified().await;
    rig.arrived.notified().await;
    rig.release.notify_one();
    for task in tasks {
        assert_eq!(token(&task.await.unwrap().unwrap()), "s3cr3t-a2");
    }
    assert_eq!((rig.count("/refresh"), rig.count("/login")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn one_failure_goes_to_every_waiter_and_a_later_call_tries_again() {
    let rig = Rig::default();
    let jwt = expired(&rig).await;
    rig.fail([Fault::Answer(500, r#"{"code":"INTERNAL_ERROR","message":"boom"}"#)]);
    let tasks: Vec<_> = (0..30)
        .map(|_| {
            let jwt = jwt.clone();
            tokio::spawn(async move { jwt.authorize(&cx()).await })
        })
        .collect();
    for task in tasks {
        let error = task.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Unavailable, Some("boom")));
    }
    assert_eq!(rig.count("/refresh"), 1);
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
}

#[tokio::test(start_paused = true)]
async fn a_tiny_time_limit_of_a_caller_does_not_touch_the_refresh() {
    let rig = Rig::default();
    let jwt = expired(&rig).await;
    rig.fail([Fault::Held]);
    timeout(Duration::from_millis(50), jwt.authorize(&cx())).await.unwrap_err();
    rig.release.notify_one();
    // It goes on whenever this task gives way.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(jwt.refreshes(), 1);
    assert_eq!(token(&jwt.ready(&cx()).unwrap()), "s3cr3t-a2");
}

#[tokio::test(start_paused = true)]
async fn a_silent_refresh_ends_by_its_own_time_limit_for_all_callers() {
    let rig = Rig::default();
    let jwt = expired(&rig).await;
    rig.fail([Fault::Silence]);
    let start = tokio::time::Instant::now();
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let jwt = jwt.clone();
            tokio::spawn(async move { jwt.authorize(&cx()).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap_err().kind(), Kind::TimedOut);
    }
    assert_eq!(start.elapsed().as_secs(), 30);
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
}

#[tokio::test(start_paused = true)]
async fn cancelling_any_caller_at_any_await_leaves_the_others_alone() {
    // Caller 0 starts the flight, the others join; each subset leaves while it is under way.
    for leaving in 0_u8..16 {
        let rig = Rig::default();
        let jwt = expired(&rig).await;
        rig.fail([Fault::Held]);
        let mut tasks: Vec<_> = (0..4)
            .map(|_| {
                let jwt = jwt.clone();
                Some(tokio::spawn(async move { jwt.authorize(&cx()).await }))
            })
            .collect();
        rig.arrived.notified().await;
        rig.arrived.notified().await;
        for (bit, task) in tasks.iter_mut().enumerate() {
            if leaving & (1 << bit) != 0 {
                let task = task.take().unwrap();
                task.abort();
                assert!(task.await.unwrap_err().is_cancelled());
            }
        }
        rig.release.notify_one();
        for task in tasks.into_iter().flatten() {
            assert_eq!(token(&task.await.unwrap().unwrap()), "s3cr3t-a2");
        }
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
        assert_eq!(rig.count("/refresh"), 1, "{leaving:04b}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_transport_is_an_error_and_the_next_flight_works() {
    let rig = Rig::default();
    let jwt = expired(&rig).await;
    rig.fail([Fault::Panic]);
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    advance(secs(3601)).await;
    rig.fail([Fault::Panic, Fault::Panic]);
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Interrupted);
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a3");
}

/// Starts a refresh, and leaves once the server has the request.
async fn leave_under_way(rig: &Rig, jwt: &Jwt) {
    let arrived = rig.arrival("/refresh");
    let cx = cx();
    tokio::select! {
        answer = jwt.authorize(&cx) => panic!("{answer:?}"),
        () = arrived => {}
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

#[test]
fn a_runtime_that_goes_away_loses_nothing() {
    let (rig, clock) = (Rig::default(), TestClock::new());
    let jwt = rig.builder().login(USER, PASSWORD).clock(clock.clone()).build().unwrap();
    let first = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    first.block_on(jwt.authorize(&cx())).unwrap();
    clock.set(3601);
    rig.fail([Fault::Held]);
    first.block_on(leave_under_way(&rig, &jwt));
    drop(first);
    rig.release.notify_one();
    assert_eq!(token(&runtime().block_on(jwt.authorize(&cx())).unwrap()), "s3cr3t-a2");
    assert_eq!((rig.count("/login"), rig.count("/refresh")), (1, 1));
}

#[test]
fn a_runtime_that_nobody_drives_holds_nothing_up() {
    let (rig, clock, store) = (Rig::default(), TestClock::new(), MemoryStore::new());
    let builder = || rig.builder().login(USER, PASSWORD).store(store.clone()).clock(clock.clone());
    let jwt = builder().build().unwrap();
    let idle = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    idle.block_on(jwt.authorize(&cx())).unwrap();
    clock.set(3601);
    rig.fail([Fault::Held]);
    idle.block_on(leave_under_way(&rig, &jwt));
    // `idle` is alive and is not polled any more. The flight ends without it, and another provider on the same store sees it.
    rig.release.notify_one();
    let other = builder().build().unwrap();
    assert_eq!(token(&runtime().block_on(other.authorize(&cx())).unwrap()), "s3cr3t-a2");
    assert_eq!((rig.count("/login"), rig.count("/refresh")), (1, 1));
}

#[test]
fn a_child_that_was_forked_does_not_wait_for_a_flight_of_its_parent() {
    let (rig, clock) = (Rig::default(), TestClock::new());
    let jwt = rig.builder().login(USER, PASSWORD).clock(clock.clone()).build().unwrap();
    let caller = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    caller.block_on(jwt.authorize(&cx())).unwrap();
    clock.set(3601);
    // Nobody in the child will ever hear the answer.
    rig.fail([Fault::Held]);
    caller.block_on(leave_under_way(&rig, &jwt));
    jwt.as_if_forked();
    // What became of the token is not known there, so the password is used.
    caller.block_on(jwt.authorize(&cx())).unwrap();
    assert_eq!((rig.count("/login"), rig.count("/refresh")), (2, 1));
    assert!(caller.block_on(jwt.settle(secs(10))));
}

#[test]
fn no_runtime_is_needed() {
    let jwt = Rig::default().builder().login(USER, PASSWORD).build().unwrap();
    let cx = cx();
    let mut waiting = Box::pin(jwt.authorize(&cx));
    struct Thread(std::thread::Thread);
    impl std::task::Wake for Thread {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Thread(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let begun = std::time::Instant::now();
    let answer = loop {
        assert!(begun.elapsed() < secs(60), "nobody answers");
        match waiting.as_mut().poll(&mut context) {
            std::task::Poll::Ready(answer) => break answer,
            std::task::Poll::Pending => std::thread::park_timeout(secs(10)),
        }
    };
    assert_eq!(token(&answer.unwrap()), "s3cr3t-a1");
}

#[test]
fn settling_waits_for_what_is_under_way() {
    let (rig, clock) = (Rig::default(), TestClock::new());
    let jwt = rig.builder().login(USER, PASSWORD).clock(clock.clone()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(jwt.authorize(&cx())).unwrap();
    assert!(runtime.block_on(jwt.settle(secs(10))));
    clock.set(3601);
    rig.fail([Fault::Held]);
    runtime.block_on(leave_under_way(&rig, &jwt));
    assert!(!runtime.block_on(jwt.settle(Duration::from_millis(5))));
    rig.release.notify_one();
    assert!(runtime.block_on(jwt.settle(secs(10))));
    assert_eq!(jwt.refreshes(), 1);
}

#[tokio::test]
async fn settling_ends_where_nobody_drives_the_runtime_of_logins() {
    let undriven = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let jwt =
        Rig::default().builder().login(USER, PASSWORD).runtime(undriven.handle().clone()).build().unwrap();
    assert!(!jwt.settle(Duration::ZERO).await);
    undriven.shutdown_background();
}

#[tokio::test(start_paused = true)]
async fn building_and_dropping_providers_starts_nothing() {
    let before = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    for _ in 0..1000 {
        drop(Rig::default().with_login());
    }
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), before);
}

#[tokio::test(start_paused = true)]
async fn logins_on_request_and_requests_wait_for_each_other() {
    let rig = Rig::default();
    let jwt = rig.with_login();
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let jwt = jwt.clone();
            tokio::spawn(async move {
                if n % 4 == 0 {
                    jwt.login().await.unwrap();
                }
                jwt.authorize(&cx()).await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(rig.count("/login") <= 11);
    assert_eq!(rig.count("/refresh"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_password_that_may_have_arrived_with_a_lost_flight_is_not_sent_again() {
    let rig = Rig::default();
    rig.fail([Fault::Panic]);
    let error = rig.with_login().authorize(&cx()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    assert!(error.is_login_failure(), "{error:?}");
    assert_eq!(rig.count("/login"), 1);
}
