//! What a request needs, and what a role or the scopes of a key grant.

use edgequake_types::api_keys::KeyScope;
use edgequake_types::session::Role;
use http::Method;

use super::caller::Caller;
use crate::error::Refusal;
use crate::options::{Era, Options};

/// The questions that read although they are POSTs.
const QUESTIONS: [&str; 9] = [
    "/api/v1/query",
    "/api/v1/query/stream",
    "/api/v1/query/context",
    "/api/v1/query/context/search",
    "/api/v1/graph/degrees/batch",
    "/api/v1/ingestion/progress",
    "/api/v1/pipeline/costs/estimate",
    "/api/chat",
    "/api/generate",
];

/// What a request needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Read,
    Query,
    Write,
    Admin,
}

impl Need {
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        if path.starts_with("/api/v1/admin/") {
            Self::Admin
        } else if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            Self::Read
        } else if *method == Method::POST && QUESTIONS.contains(&path) {
            Self::Query
        } else {
            Self::Write
        }
    }
}

/// What the scopes of a key grant; everything for callers that are no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grants {
    read: bool,
    query: bool,
    write: bool,
    all: bool,
}

impl Grants {
    pub(crate) const ALL: Self = Self { read: true, query: true, write: true, all: true };
    pub(crate) const READ_AND_QUERY: Self = Self { read: true, query: true, write: false, all: false };

    pub(crate) fn of(scopes: &[KeyScope]) -> Self {
        let mut grants = Self { read: false, query: false, write: false, all: false };
        for scope in scopes {
            match scope {
                KeyScope::Read => grants.read = true,
                KeyScope::Query => grants.query = true,
                KeyScope::Write => grants.write = true,
                KeyScope::All => grants = Self::ALL,
                _ => {}
            }
        }
        grants
    }

    /// The role that these scopes amount to.
    pub(crate) fn role(self) -> Role {
        match self {
            Self { all: true, .. } => Role::Admin,
            Self { write: true, .. } => Role::User,
            _ => Role::Readonly,
        }
    }

    fn allow(self, need: Need) -> bool {
        self.all
            || match need {
                Need::Read => self.read,
                Need::Query => self.query,
                Need::Write => self.write,
                Need::Admin => false,
            }
    }
}

/// The lower of two roles.
pub(crate) fn lower(one: Role, other: &Role) -> Role {
    if rank(other) < rank(&one) { other.clone() } else { one }
}

fn rank(role: &Role) -> u8 {
    match role {
        Role::Admin => 2,
        Role::User => 1,
        // A role that nobody knows grants no more than reading.
        _ => 0,
    }
}

/// Refuses what neither the role nor the key's scopes allow.
///
/// # Errors
///
/// 403 with the missing part in the diagnostics.
pub(crate) fn check(options: &Options, caller: &Caller, need: Need) -> Result<(), Refusal> {
    if need == Need::Admin && caller.role != Role::Admin {
        return Err(Refusal::forbidden("admin_required"));
    }
    if options.era == Era::B {
        return Ok(());
    }
    if !caller.grants.allow(need) {
        return Err(Refusal::forbidden("insufficient_scope"));
    }
    if need == Need::Write && rank(&caller.role) == 0 {
        return Err(Refusal::forbidden("readonly_role"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_requests_need() {
        for (method, path, need) in [
            (Method::GET, "/api/v1/documents", Need::Read),
            (Method::HEAD, "/api/v1/documents", Need::Read),
            (Method::POST, "/api/v1/query", Need::Query),
            (Method::POST, "/api/v1/query/stream", Need::Query),
            (Method::PUT, "/api/v1/query", Need::Write),
            (Method::POST, "/api/v1/query/", Need::Write),
            (Method::POST, "/api/v1/auth/logout", Need::Write),
            (Method::POST, "/api/v1/chat/completions", Need::Write),
            (Method::DELETE, "/api/v1/documents/1", Need::Write),
            (Method::GET, "/api/v1/admin/config/defaults", Need::Admin),
        ] {
            assert_eq!(Need::of(&method, path), need, "{method} {path}");
        }
    }

    #[test]
    fn scopes_grant_what_they_name() {
        use Need::{Admin, Query, Read, Write};
        for (scopes, role, allowed) in [
            (vec![KeyScope::Read], Role::Readonly, vec![Read]),
            (vec![KeyScope::Read, KeyScope::Query], Role::Readonly, vec![Read, Query]),
            (vec![KeyScope::Write], Role::User, vec![Write]),
            (vec![KeyScope::All], Role::Admin, vec![Read, Query, Write, Admin]),
            (vec![KeyScope::Other("edgequake:future".into())], Role::Readonly, vec![]),
        ] {
            let grants = Grants::of(&scopes);
            assert_eq!(grants.role(), role, "{scopes:?}");
            let found: Vec<Need> =
                [Read, Query, Write, Admin].into_iter().filter(|need| grants.allow(*need)).collect();
            assert_eq!(found, allowed, "{scopes:?}");
        }
    }

    #[test]
    fn the_lower_role_wins() {
        for (one, other, expected) in [
            (Role::Admin, Role::User, Role::User),
            (Role::Readonly, Role::Admin, Role::Readonly),
            (Role::User, Role::Other("owner".into()), Role::Other("owner".into())),
        ] {
            assert_eq!(lower(one.clone(), &other), expected, "{one} {other}");
        }
    }
}
