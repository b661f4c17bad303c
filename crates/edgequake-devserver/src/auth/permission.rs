//! What a request requires, and what a role or the scopes of an API key grant.

use edgequake_types::api_keys::KeyScope;
use edgequake_types::session::Role;

use super::caller::Caller;
use crate::config::{Config, Era};
use crate::error::Refusal;

/// What an operation requires of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Any caller whose credential is valid.
    Known,
    Read,
    Query,
    Write,
    Admin,
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
                Permission::Known => true,
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
    if config.era == Era::B || permission == Permission::Known {
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
