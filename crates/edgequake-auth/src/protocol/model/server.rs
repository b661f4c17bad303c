//! A server of the newest kind: a refresh token works once, and one that is shown again ends its session.

/// A refresh token: of which session of the server, and the how many-th of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Token(pub(super) u8);

/// No session of a model lives through more refreshes.
const REFRESHES: u8 = 16;

impl Token {
    pub(super) fn first(session: u8) -> Self {
        Self(session * REFRESHES)
    }

    pub(super) fn session(self) -> usize {
        usize::from(self.0 / REFRESHES)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Server(Vec<Session>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Session {
    /// The token that works.
    current: Token,
    over: bool,
    /// Whether the token before was shown when it might have been shown before, so that this session may be lost. It excuses no
    /// other token, and no other session.
    excused: bool,
}

/// What the server does with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served {
    Successor(Token),
    /// Its session is over.
    Refused,
    /// It was shown before, so its session is over from now on. Whether one of those who showed it had reason to expect that.
    Reused {
        excused: bool,
    },
}

impl Server {
    pub(super) fn begin(&mut self) -> Token {
        let token = Token::first(u8::try_from(self.0.len()).unwrap_or(u8::MAX));
        self.0.push(Session { current: token, over: false, excused: false });
        token
    }

    pub(super) fn end(&mut self, token: Token) {
        if let Some(session) = self.0.get_mut(token.session()) {
            (session.over, session.excused) = (true, false);
        }
    }

    /// `lenient` gives the successor again to who shows its predecessor.
    pub(super) fn take(&mut self, token: Token, excused: bool, lenient: bool) -> Served {
        let Some(session) = self.0.get_mut(token.session()).filter(|session| !session.over) else {
            return Served::Refused;
        };
        if token == session.current {
            session.current = Token(token.0 + 1);
            session.excused = excused;
            return Served::Successor(session.current);
        }
        let latest = token.0 + 1 == session.current.0;
        if lenient && latest {
            return Served::Successor(session.current);
        }
        let excused = excused || (latest && session.excused);
        self.end(token);
        Served::Reused { excused }
    }

    /// Whether the token would be taken, or its session is over anyway.
    pub(super) fn works(&self, token: Token) -> bool {
        self.0.get(token.session()).is_some_and(|session| session.over || session.current == token)
    }

    /// The newest token of a token's session.
    pub(super) fn newest(&self, token: Token) -> Option<Token> {
        self.0.get(token.session()).map(|session| session.current)
    }

    /// Whether the token is the newest one of a session that lasts.
    pub(super) fn is_newest(&self, token: Token) -> bool {
        self.0.get(token.session()).is_some_and(|session| !session.over && session.current == token)
    }
}
