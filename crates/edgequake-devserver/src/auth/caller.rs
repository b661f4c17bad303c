//! Whom a token stands for.

use edgequake_types::session::Role;
use edgequake_types::{TenantId, UserId, WorkspaceId};
use jiff::Timestamp;
use uuid::Uuid;

use super::credential::Credential;
use super::permission::Grants;
use super::token::Signer;
use crate::log::CredentialKind;
use crate::options::{Era, Options};
use crate::state::Store;

/// Whom a request comes from.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    /// The lower of the credential's role and the user's own.
    pub(crate) role: Role,
    /// What the scopes of a key allow; everything for other callers.
    pub(crate) grants: Grants,
}

#[derive(Debug, Clone)]
pub(crate) enum Identity {
    /// Nobody: a public operation.
    Nobody,
    /// The built-in administrator, when authentication is off.
    BuiltIn(UserId),
    Master,
    Static,
    Key {
        user: UserId,
    },
    Session {
        user: UserId,
        jti: Uuid,
        tenant: TenantId,
        workspace: WorkspaceId,
    },
}

impl Caller {
    pub(crate) const NOBODY: Self =
        Self { identity: Identity::Nobody, role: Role::Readonly, grants: Grants::READ_AND_QUERY };

    /// The administrator that everybody is when authentication is off.
    pub(crate) fn built_in(user: UserId) -> Self {
        Self { identity: Identity::BuiltIn(user), role: Role::Admin, grants: Grants::ALL }
    }

    /// Whether a good credential came along.
    pub(crate) fn is_somebody(&self) -> bool {
        !matches!(self.identity, Identity::Nobody)
    }

    /// What the server calls the caller: the id of the user, or a name for a key without one.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.identity {
            Identity::Nobody => None,
            Identity::Master => Some("master-api-key"),
            Identity::Static => Some("static-api-key"),
            Identity::BuiltIn(_) | Identity::Key { .. } | Identity::Session { .. } => {
                self.user_id().map(AsRef::as_ref)
            }
        }
    }

    /// The account behind the credential; master and static keys have none.
    pub(crate) fn user_id(&self) -> Option<&UserId> {
        match &self.identity {
            Identity::BuiltIn(user) | Identity::Key { user } | Identity::Session { user, .. } => Some(user),
            Identity::Nobody | Identity::Master | Identity::Static => None,
        }
    }

    /// Tries the one token of a request: master key, static keys, generated keys, access tokens, in this order.
    pub(crate) fn identify(
        credential: &Credential,
        options: &Options,
        signer: &Signer,
        store: &mut Store,
        now: Timestamp,
    ) -> Option<Self> {
        let token = credential.token.expose();
        match credential.kind(options) {
            CredentialKind::MasterKey => {
                Some(Self { identity: Identity::Master, role: Role::Admin, grants: Grants::ALL })
            }
            CredentialKind::StaticKey => Some(match options.era {
                Era::B => Self { identity: Identity::Static, role: Role::Admin, grants: Grants::ALL },
                Era::C => {
                    let grants = Grants::READ_AND_QUERY;
                    Self { identity: Identity::Static, role: grants.role(), grants }
                }
            }),
            CredentialKind::ApiKey => {
                let key = store.api_keys.authenticate(token, now)?;
                let (user, key_id) = (key.user.clone(), key.key_id.clone());
                let grants = key.grants(options.era);
                let role = store.accounts.effective_role(&user, grants.role(), options.era, now)?;
                store.api_keys.mark_used(&key_id, now);
                Some(Self { identity: Identity::Key { user }, role, grants })
            }
            CredentialKind::AccessToken | CredentialKind::Unknown => {
                let claims = signer.verify(token, now)?;
                if !store.sessions.accepts(&claims) {
                    return None;
                }
                let role = store.accounts.effective_role(&claims.sub, claims.role, options.era, now)?;
                let identity = Identity::Session {
                    user: claims.sub,
                    jti: claims.jti,
                    tenant: claims.tenant_id,
                    workspace: claims.workspace_id,
                };
                Some(Self { identity, role, grants: Grants::ALL })
            }
            CredentialKind::None => None,
        }
    }
}
