//! What a request requires, and what a role or the scopes of an API key grant.

use edgequake_types::api_keys::KeyScope;
use edgequake_types::session::Role;
use http::Method;

use super::caller::Caller;
use crate::config::{Config, Era};
use crate::error::Refusal;

/// The POSTs that only query.
const QUERY_PATHS: [&str; 9] = [
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

/// What a request requires of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    Read,
    Query,
    Write,
    Admin,
}

impl Permission {
    pub(crate) fn required_by(method: &Method, path: &str) -> Self {
        if path.starts_with("/api/v1/admin/") {
            Self::Admin
        } else if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            Self::Read
        } else if *method == Method::POST && QUERY_PATHS.contains(&path) {
            Self::Query
        } else {
            Self::Write
        }
    }
}

/// What the scopes of an API key grant; everything for other credentials.
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

    /// What the scopes of a key grant. Era B servers check only for `admin`, and let every key write.
    pub(crate) fn from_key_scopes(scopes: &[KeyScope], era: Era) -> Self {
        match era {
            Era::C => Self::from_scopes(scopes),
            Era::B if scopes.contains(&KeyScope::All) => Self::ALL,
            Era::B => Self::from_scopes(&[KeyScope::Read, KeyScope::Query, KeyScope::Write]),
        }
    }

    fn from_scopes(scopes: &[KeyScope]) -> Self {
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

    /// The role that these grants correspond to.
    pub(crate) fn role(self) -> Role {
        match self {
            Self { all: true, .. } => Role::Admin,
            Self { write: true, .. } => Role::User,
            _ => Role::Readonly,
        }
    }

    fn allow(self, permission: Permission) -> bool {
        self.all
            || match permission {
                Permission::Read => self.read,
                Permission::Query => self.query,
                Permission::Write => self.write,
                Permission::Admin => false,
            }
    }
}

/// The lower of two roles.
pub(crate) fn lower_role(one: Role, other: &Role) -> Role {
    if rank(other) < rank(&one) { other.clone() } else { one }
}

fn rank(role: &Role) -> u8 {
    match role {
        Role::Admin => 2,
        Role::User => 1,
        // An unknown role may only read.
        _ => 0,
    }
}

/// Checks that both the role and the grants of the caller allow the request.
///
/// # Errors
///
/// 403, with the reason in the diagnostics.
pub(crate) fn check(config: &Config, caller: &Caller, permission: Permission) -> Result<(), Refusal> {
    if permission == Permission::Admin && caller.role != Role::Admin {
        return Err(Refusal::forbidden("admin_required"));
    }
    if config.era == Era::B {
        return Ok(());
    }
    if !caller.grants.allow(permission) {
        return Err(Refusal::forbidden("insufficient_scope"));
    }
    if permission == Permission::Write && rank(&caller.role) == 0 {
        return Err(Refusal::forbidden("readonly_role"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_permissions() {
        for (method, path, permission) in [
            (Method::GET, "/api/v1/documents", Permission::Read),
            (Method::HEAD, "/api/v1/documents", Permission::Read),
            (Method::POST, "/api/v1/query", Permission::Query),
            (Method::POST, "/api/v1/query/stream", Permission::Query),
            (Method::PUT, "/api/v1/query", Permission::Write),
            (Method::POST, "/api/v1/query/", Permission::Write),
            (Method::POST, "/api/v1/auth/logout", Permission::Write),
            (Method::POST, "/api/v1/chat/completions", Permission::Write),
            (Method::DELETE, "/api/v1/documents/1", Permission::Write),
            (Method::GET, "/api/v1/admin/config/defaults", Permission::Admin),
        ] {
            assert_eq!(Permission::required_by(&method, path), permission, "{method} {path}");
        }
    }

    #[test]
    fn scopes_grant_what_they_name() {
        use Permission::{Admin, Query, Read, Write};
        for (scopes, role, allowed) in [
            (vec![KeyScope::Read], Role::Readonly, vec![Read]),
            (vec![KeyScope::Read, KeyScope::Query], Role::Readonly, vec![Read, Query]),
            (vec![KeyScope::Write], Role::User, vec![Write]),
            (vec![KeyScope::All], Role::Admin, vec![Read, Query, Write, Admin]),
            (vec![KeyScope::Other("edgequake:future".into())], Role::Readonly, vec![]),
        ] {
            let grants = Grants::from_scopes(&scopes);
            assert_eq!(grants.role(), role, "{scopes:?}");
            let found: Vec<Permission> = [Read, Query, Write, Admin]
                .into_iter()
                .filter(|permission| grants.allow(*permission))
                .collect();
            assert_eq!(found, allowed, "{scopes:?}");
        }
    }

    #[test]
    fn key_scopes_in_each_era() {
        for (scopes, era, role) in [
            (vec![KeyScope::Read], Era::C, Role::Readonly),
            (vec![KeyScope::Read], Era::B, Role::User),
            (vec![KeyScope::All], Era::B, Role::Admin),
            (vec![KeyScope::All], Era::C, Role::Admin),
        ] {
            assert_eq!(Grants::from_key_scopes(&scopes, era).role(), role, "{scopes:?} {era:?}");
        }
    }

    #[test]
    fn the_lower_role_wins() {
        for (one, other, expected) in [
            (Role::Admin, Role::User, Role::User),
            (Role::Readonly, Role::Admin, Role::Readonly),
            (Role::User, Role::Other("owner".into()), Role::Other("owner".into())),
        ] {
            assert_eq!(lower_role(one.clone(), &other), expected, "{one} {other}");
        }
    }
}
