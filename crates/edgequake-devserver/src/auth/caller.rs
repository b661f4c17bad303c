//! The caller that a token identifies.

use edgequake_types::session::Role;
use edgequake_types::{TenantId, UserId};
use uuid::Uuid;

use super::credential::Credential;
use super::permission::{Grants, lower_role};
use super::token::Signer;
use crate::clock::Timestamp;
use crate::config::{Config, Era};
use crate::ledger::SessionId;
use crate::log::CredentialKind;
use crate::place::Place;
use crate::state::Directory;
use crate::state::accounts::Accounts;

/// The sender of a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    /// The lower of the credential's role and the user's role.
    pub(crate) role: Role,
    /// What the scopes of an API key grant; everything for other credentials.
    pub(crate) grants: Grants,
}

#[derive(Debug, Clone)]
pub(crate) enum Identity {
    /// No credential was needed or valid.
    Anonymous,
    /// The built-in administrator, when authentication is off.
    BuiltIn(UserId),
    MasterKey,
    StaticKey,
    ApiKey {
        user: UserId,
    },
    Session {
        user: UserId,
        jti: Uuid,
        id: SessionId,
        /// The place in the claims of the access token.
        place: Place,
    },
}

impl Caller {
    pub(crate) const ANONYMOUS: Self =
        Self { identity: Identity::Anonymous, role: Role::Readonly, grants: Grants::READ_AND_QUERY };

    /// The administrator that every caller is when authentication is off.
    pub(crate) fn built_in(user: UserId) -> Self {
        Self { identity: Identity::BuiltIn(user), role: Role::Admin, grants: Grants::ALL }
    }

    /// Whether the caller is known.
    pub(crate) fn is_authenticated(&self) -> bool {
        !matches!(self.identity, Identity::Anonymous)
    }

    /// What the caller is rate-limited by: the tenant and the user, or the name of a key that belongs to no user.
    pub(crate) fn rate_limit_key(&self, tenant: Option<&str>) -> Option<String> {
        let tenant = match &self.identity {
            Identity::Session { place, .. } => tenant.unwrap_or(place.tenant.as_str()),
            _ => tenant.unwrap_or_default(),
        };
        let name = match &self.identity {
            Identity::Anonymous => return None,
            Identity::MasterKey => "master-api-key",
            Identity::StaticKey => "static-api-key",
            Identity::BuiltIn(user) | Identity::ApiKey { user } | Identity::Session { user, .. } => {
                user.as_str()
            }
        };
        let default = matches!(tenant, "" | "default").then(TenantId::server_default);
        Some(format!("{} {name}", default.as_ref().map_or(tenant, TenantId::as_str)))
    }

    /// The user that the credential belongs to; master and static keys belong to none.
    pub(crate) fn user_id(&self) -> Option<&UserId> {
        match &self.identity {
            Identity::BuiltIn(user) | Identity::ApiKey { user } | Identity::Session { user, .. } => {
                Some(user)
            }
            Identity::Anonymous | Identity::MasterKey | Identity::StaticKey => None,
        }
    }

    /// Identifies the caller by the token: as the master key, a static key, a generated key or an access token.
    pub(crate) fn identify(
        credential: &Credential,
        config: &Config,
        signer: &Signer,
        directory: &mut Directory,
        now: Timestamp,
    ) -> Option<Self> {
        let token = credential.token.expose();
        match credential.kind(config) {
            CredentialKind::MasterKey => {
                Some(Self { identity: Identity::MasterKey, role: Role::Admin, grants: Grants::ALL })
            }
            CredentialKind::StaticKey => Some(match config.era {
                Era::B => Self { identity: Identity::StaticKey, role: Role::Admin, grants: Grants::ALL },
                Era::C => {
                    let grants = Grants::READ_AND_QUERY;
                    Self { identity: Identity::StaticKey, role: grants.role(), grants }
                }
            }),
            CredentialKind::ApiKey => {
                let key = directory.api_keys.authenticate(token, now)?;
                let (user, key_id) = (key.user.clone(), key.key_id.clone());
                let grants = Grants::from_key_scopes(&key.scopes, config.era);
                let role = effective_role(&directory.accounts, &user, grants.role(), config.era, now)?;
                directory.api_keys.mark_used(&key_id, now);
                Some(Self { identity: Identity::ApiKey { user }, role, grants })
            }
            CredentialKind::AccessToken | CredentialKind::Unknown => {
                let claims = signer.verify(token, now)?;
                if !directory.sessions.accepts(claims.jti, claims.serial()) {
                    return None;
                }
                let id = claims.session();
                let role = effective_role(&directory.accounts, &claims.sub, claims.role, config.era, now)?;
                let identity = Identity::Session {
                    id,
                    user: claims.sub,
                    jti: claims.jti,
                    place: Place { tenant: claims.tenant_id, workspace: claims.workspace_id },
                };
                Some(Self { identity, role, grants: Grants::ALL })
            }
            CredentialKind::None => None,
        }
    }
}

/// The role of a credential, limited by its user's role; `None` when the account is gone, inactive or locked. Era B
/// servers trust the credential.
fn effective_role(accounts: &Accounts, user: &UserId, role: Role, era: Era, now: Timestamp) -> Option<Role> {
    if era == Era::B {
        return Some(role);
    }
    let account = accounts.get(user)?;
    (account.is_active() && !account.is_locked(now)).then(|| lower_role(role, &account.user.role))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use edgequake_types::Secret;

    use super::*;
    use crate::password::PasswordHash;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_effective_role_is_the_lower_one_of_an_active_account() {
        let mut accounts = Accounts::default();
        let created = at("2026-01-01T00:00:00Z");
        let hash = PasswordHash::new(&Secret::new("correct horse")).unwrap();
        let ada = accounts.create("Ada", "ada@corp.test", Role::Admin, hash, created).unwrap();
        let ada = ada.user_id;
        let now = at("2026-01-02T00:00:00Z");
        assert_eq!(effective_role(&accounts, &ada, Role::Readonly, Era::C, now), Some(Role::Readonly));
        accounts.find_mut("ada").unwrap().user.role = Role::User;
        assert_eq!(effective_role(&accounts, &ada, Role::Admin, Era::C, now), Some(Role::User));
        accounts.find_mut("ada").unwrap().record_failure(1, Duration::from_secs(60), now);
        assert_eq!(effective_role(&accounts, &ada, Role::Admin, Era::C, now), None);
        assert_eq!(
            effective_role(&accounts, &ada, Role::Admin, Era::C, at("2026-01-02T00:01:00Z")),
            Some(Role::User)
        );
        accounts.find_mut("ada").unwrap().user.is_active = Some(false);
        assert_eq!(effective_role(&accounts, &ada, Role::Admin, Era::C, at("2026-01-03T00:00:00Z")), None);
        assert_eq!(effective_role(&accounts, &ada, Role::Admin, Era::B, now), Some(Role::Admin));
    }
}
