//! The state machine against a reference that knows only what has happened, over arbitrary histories.

use proptest::prelude::*;

use super::*;
use crate::jwt::access;

const FORCED_SPAN: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
enum Op {
    /// Both clocks go on; the wall clock is set by some seconds besides.
    Advance {
        millis: u64,
        set_by: i64,
    },
    /// The machine sleeps: only the wall clock goes on.
    Suspend {
        secs: u64,
    },
    Decide,
    /// The current flight ends.
    Finish(Answer),
    /// A flight that was given up ends after all.
    FinishLate(usize, Answer),
    Abandon,
    RejectCurrent,
    RejectOld(usize),
    /// With whether a logout that was asked for is lost.
    BeginLogin(bool),
    Close,
    Logout,
}

#[derive(Debug, Clone)]
enum Answer {
    Tokens {
        lifetime: Option<u64>,
        same_token: bool,
        refresh: bool,
        by: By,
    },
    Fails(Kind),
    /// The refresh token is refused and there is no password.
    Ends,
}

fn answer() -> impl Strategy<Value = Answer> {
    let lifetime = prop_oneof![
        Just(None),
        Just(Some(0)),
        Just(Some(1)),
        Just(Some(60)),
        Just(Some(3600)),
        Just(Some(u64::MAX))
    ];
    let by = prop_oneof![Just(By::Refresh), Just(By::Login), Just(By::Store)];
    let kind = prop_oneof![
        Just(Kind::Unavailable),
        Just(Kind::TimedOut),
        Just(Kind::Interrupted),
        Just(Kind::Unexpected),
        Just(Kind::Store)
    ];
    prop_oneof![
        5 => (lifetime, prop::bool::weighted(0.1), any::<bool>(), by)
            .prop_map(|(lifetime, same_token, refresh, by)| Answer::Tokens { lifetime, same_token, refresh, by }),
        4 => kind.prop_map(Answer::Fails),
        1 => Just(Answer::Ends),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let millis = prop_oneof![0_u64..2_000, 0_u64..120_000, 0_u64..7_200_000];
    let set_by = prop_oneof![8 => Just(0_i64), 1 => -100_000_i64..100_000];
    prop_oneof![
        6 => (millis, set_by).prop_map(|(millis, set_by)| Op::Advance { millis, set_by }),
        1 => (0_u64..100_000).prop_map(|secs| Op::Suspend { secs }),
        8 => Just(Op::Decide),
        6 => answer().prop_map(Op::Finish),
        2 => (any::<usize>(), answer()).prop_map(|(which, answer)| Op::FinishLate(which, answer)),
        1 => Just(Op::Abandon),
        3 => Just(Op::RejectCurrent),
        2 => any::<usize>().prop_map(Op::RejectOld),
        1 => any::<bool>().prop_map(Op::BeginLogin),
        1 => Just(Op::Close),
        1 => Just(Op::Logout),
    ]
}

/// What has happened, as an outsider would write it down.
struct World {
    state: State,
    now: Now,
    /// The flight that is under way, and whether it is a login that was asked for.
    flight: Option<(Ticket, bool)>,
    given_up: Vec<Ticket>,
    /// The token in use: its generation, and its end on both clocks.
    token: Option<(Generation, Option<Now>)>,
    refused: bool,
    old: Vec<Generation>,
    forced: Vec<Duration>,
    closed: bool,
    /// A logout was asked for and has not begun.
    closing: bool,
    /// Nothing but transient failures since the last success.
    renewable: bool,
    texts: u64,
}

impl World {
    fn new(stored: bool, password: bool) -> Self {
        Self {
            state: State::new(stored, password, true).with_session(None, Some("r0".into())),
            now: Now { wall: Duration::from_secs(1_800_000_000), mono: Duration::from_secs(1) },
            flight: None,
            given_up: Vec::new(),
            token: None,
            refused: false,
            old: Vec::new(),
            forced: Vec::new(),
            closed: false,
            closing: false,
            renewable: true,
            texts: 0,
        }
    }

    /// The token that must be handed out, if there is one.
    fn valid(&self) -> Option<Generation> {
        let (generation, end) = self.token?;
        let over = end.is_some_and(|end| self.now.wall >= end.wall || self.now.mono >= end.mono);
        (!over && !self.refused && !self.closed).then_some(generation)
    }

    fn decide(&mut self) -> Decision {
        let valid = self.valid();
        let decision = self.state.decide(self.now);
        match &decision {
            Decision::Use(authorization) | Decision::UseAndStart(authorization, _) => {
                assert_eq!(Some(authorization.generation()), valid, "handed out something else");
            }
            Decision::Join(ticket) => assert_eq!(Some(*ticket), self.flight.map(|(ticket, _)| ticket)),
            Decision::Start(_) | Decision::Pause(..) | Decision::Fail(_) => {}
        }
        assert!(
            valid.is_none() || matches!(decision, Decision::Use(_) | Decision::UseAndStart(..)),
            "a valid token was not handed out: {decision:?}"
        );
        if let Decision::Start(ticket) | Decision::UseAndStart(_, ticket) = &decision {
            assert!(self.flight.is_none(), "two flights");
            self.flight = Some((*ticket, false));
        }
        assert!(!self.closed || matches!(decision, Decision::Fail(_)), "logged out, and yet: {decision:?}");
        decision
    }

    fn finish(&mut self, ticket: Ticket, login: bool, answer: &Answer) {
        let current = self.flight.is_some_and(|(flight, _)| flight == ticket);
        let before = self.valid();
        let result = match answer {
            Answer::Tokens { lifetime, same_token, refresh, by } => {
                self.texts += u64::from(!same_token);
                let text = Secret::new(format!("t{}", self.texts));
                let lifetime = access::lifetime(lifetime.map(Duration::from_secs), &text, self.now);
                let token = Access::new(text).unwrap().with_lifetime(lifetime, self.now, EARLY, 0.5);
                let end = lifetime
                    .map(|lifetime| Now { wall: self.now.wall + lifetime, mono: self.now.mono + lifetime });
                let refresh = refresh.then(|| Secret::new(format!("r{}", self.texts)));
                let by = if login { By::Login } else { *by };
                Ok((Renewed { access: token.clone(), refresh, held: held(), by }, token.generation(), end))
            }
            Answer::Fails(kind) => Err((CredentialsError::new(*kind, "no"), None)),
            Answer::Ends => Err((session_expired(), Some(EndReason::Refused))),
        };
        let outcome = match result {
            Ok((renewed, generation, end)) => {
                let result = if login {
                    self.state.settle_login(self.now, ticket, Ok(renewed), ByLogin::Yes, 0.5)
                } else {
                    self.state.settle(self.now, ticket, Ok(Some(renewed)), 0.5)
                };
                if self.state.access.as_ref().map(Access::generation) == Some(generation) {
                    self.old.extend(self.token.map(|(generation, _)| generation));
                    self.token = Some((generation, end));
                    self.refused = false;
                    self.renewable = true;
                    self.closed &= !login || self.closing;
                    if login {
                        // A session of its own, with a force of its own.
                        self.forced.clear();
                    }
                }
                result
            }
            Err((error, end)) => {
                let ended = end.is_some();
                let result = if login {
                    self.state.settle_login(self.now, ticket, Err(error), ByLogin::Yes, 0.5)
                } else {
                    self.state.settle(
                        self.now,
                        ticket,
                        Err(Failure { error, ended: end, by_login: ByLogin::No }),
                        0.5,
                    )
                };
                self.renewable &= !(ended && current && !login);
                assert_eq!(self.valid(), before);
                result
            }
        };
        if current {
            self.flight = None;
        }
        if let Ok(authorization) = outcome {
            assert_eq!(self.token.map(|(generation, _)| generation), Some(authorization.generation()));
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Advance { millis, set_by } => {
                let wall = self.now.wall + Duration::from_millis(*millis);
                let by = Duration::from_secs(set_by.unsigned_abs());
                self.now.wall = if *set_by < 0 { wall.saturating_sub(by) } else { wall + by };
                self.now.mono += Duration::from_millis(*millis);
            }
            Op::Suspend { secs } => self.now.wall += Duration::from_secs(*secs),
            Op::Decide => drop(self.decide()),
            Op::Finish(answer) => {
                if let Some((ticket, login)) = self.flight {
                    self.finish(ticket, login, answer);
                }
            }
            Op::FinishLate(which, answer) => {
                if !self.given_up.is_empty() {
                    let ticket = self.given_up.swap_remove(which % self.given_up.len());
                    self.finish(ticket, false, answer);
                }
            }
            Op::Abandon => {
                if let Some((ticket, login)) = self.flight.take() {
                    self.state.abandon(ticket);
                    self.given_up.extend((!login).then_some(ticket));
                }
            }
            Op::RejectCurrent => {
                let Some((generation, _)) = self.token else { return };
                let aged = |access: &Access| access.is_stale(self.now) && !access.began_stale();
                let has_aged = self.state.access.as_ref().is_some_and(aged);
                let forces = !has_aged && !self.refused && self.flight.is_none();
                let recourse = self.state.rejected(self.now, generation);
                assert!(!has_aged || !matches!(recourse, Recourse::After(_)), "an old token counts");
                if recourse == Recourse::Retry {
                    assert!(!self.closed);
                    self.refused = true;
                    if forces {
                        let lately = |forced: &&Duration| self.now.mono < **forced + FORCED_SPAN;
                        assert!(self.forced.iter().filter(lately).count() < 3, "forced a fourth time");
                        self.forced.push(self.now.mono);
                    }
                }
            }
            Op::RejectOld(which) => {
                if !self.old.is_empty() {
                    let generation = self.old[which % self.old.len()];
                    let before = format!("{:?}", self.state);
                    let recourse = self.state.rejected(self.now, generation);
                    assert_eq!(recourse, if self.closed { Recourse::None } else { Recourse::Retry });
                    assert_eq!(format!("{:?}", self.state), before, "an old generation changed something");
                }
            }
            Op::BeginLogin(lost) => match self.state.begin_login(*lost) {
                Ok(ticket) => {
                    self.closing &= !lost;
                    assert!(self.flight.is_none(), "two flights");
                    self.flight = Some((ticket, true));
                }
                Err(busy) => assert_eq!(Some(busy), self.flight.map(|(ticket, _)| ticket)),
            },
            Op::Close => {
                self.state.close();
                (self.closed, self.closing) = (true, true);
            }
            Op::Logout => {
                if let Ok((ticket, _)) = self.state.begin_logout() {
                    self.state.abandon(ticket);
                    self.old.extend(self.token.take().map(|(generation, _)| generation));
                    (self.closed, self.closing, self.refused) = (true, false, false);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn no_history_breaks_a_promise(
        stored in any::<bool>(), password in any::<bool>(), ops in prop::collection::vec(op(), 1..80),
    ) {
        let mut world = World::new(stored, password);
        for op in &ops {
            world.apply(op);
        }
        // Whatever happened, as long as it was transient: once the pauses are over there is a way on.
        if world.renewable && !world.closed && world.state.refresh.is_some() {
            if let Some((ticket, _)) = world.flight.take() {
                world.state.abandon(ticket);
            }
            world.now.mono += Duration::from_secs(3600);
            let decision = world.decide();
            prop_assert!(!matches!(decision, Decision::Fail(_) | Decision::Pause(..)), "{:?}", decision);
        }
    }
}
