//! User accounts and their lockout.

use std::collections::HashMap;
use std::time::Duration;

use edgequake_types::UserId;
use edgequake_types::session::{Role, User};
use jiff::Timestamp;

use super::new_user_id;
use crate::auth::permission::lower;
use crate::clock::{later, written};
use crate::options::Era;

/// An account with what nobody may see of it.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) user: User,
    /// `None` for an account that cannot log in.
    pub(crate) password_hash: Option<String>,
    /// Failed logins since the last success.
    failures: u32,
    locked_until: Option<Timestamp>,
}

impl Account {
    pub(crate) fn is_active(&self) -> bool {
        self.user.is_active != Some(false)
    }

    pub(crate) fn is_locked(&self, now: Timestamp) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    /// Counts a failed login; true when it locks the account. Only a success clears the count, so after the lockout a
    /// single failure locks again.
    pub(crate) fn fail(&mut self, limit: u32, lockout: Duration, now: Timestamp) -> bool {
        self.failures = self.failures.saturating_add(1);
        let locks = self.failures >= limit;
        if locks {
            self.locked_until = Some(later(now, lockout));
        }
        locks
    }

    pub(crate) fn succeed(&mut self, now: Timestamp) {
        self.failures = 0;
        self.locked_until = None;
        self.user.last_login_at = Some(written(now));
    }
}

/// What an account is changed to.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) role: Option<Role>,
    pub(crate) is_active: Option<bool>,
    pub(crate) email: Option<String>,
}

/// Why a change is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// The name or the e-mail address belongs to another account.
    Taken,
    /// Nobody could administer the server any more.
    LastAdmin,
    Unknown,
}

#[derive(Debug, Default)]
pub(crate) struct Accounts(HashMap<UserId, Account>);

impl Accounts {
    pub(crate) fn get(&self, user: &UserId) -> Option<&Account> {
        self.0.get(user)
    }

    pub(crate) fn get_mut(&mut self, user: &UserId) -> Option<&mut Account> {
        self.0.get_mut(user)
    }

    /// The account of a user name or an e-mail address, in any case.
    pub(crate) fn find_mut(&mut self, identifier: &str) -> Option<&mut Account> {
        let identifier = identifier.trim().to_lowercase();
        self.0.values_mut().find(|account| {
            account.user.username.to_lowercase() == identifier
                || account.user.email.to_lowercase() == identifier
        })
    }

    pub(crate) fn insert(
        &mut self,
        mut user: User,
        password_hash: Option<String>,
        now: Timestamp,
    ) -> Result<User, Conflict> {
        if self.find_mut(&user.username).is_some() || self.find_mut(&user.email).is_some() {
            return Err(Conflict::Taken);
        }
        user.created_at = Some(written(now));
        user.updated_at = Some(written(now));
        let account = Account { user: user.clone(), password_hash, failures: 0, locked_until: None };
        self.0.insert(user.user_id.clone(), account);
        Ok(user)
    }

    /// A new account with a new id.
    pub(crate) fn create(
        &mut self,
        username: &str,
        email: &str,
        role: Role,
        password_hash: String,
        now: Timestamp,
    ) -> Result<User, Conflict> {
        let user = User::new(new_user_id(), username.trim(), email.trim(), role);
        self.insert(user, Some(password_hash), now)
    }

    pub(crate) fn update(&mut self, user: &UserId, change: Change, now: Timestamp) -> Result<User, Conflict> {
        let leaves =
            change.role.as_ref().is_some_and(|role| *role != Role::Admin) || change.is_active == Some(false);
        if leaves && self.is_last_admin(user) {
            return Err(Conflict::LastAdmin);
        }
        let owner = change.email.as_ref().and_then(|email| self.find_mut(email));
        if owner.is_some_and(|other| other.user.user_id != *user) {
            return Err(Conflict::Taken);
        }
        let account = self.0.get_mut(user).ok_or(Conflict::Unknown)?;
        if let Some(role) = change.role {
            account.user.role = role;
        }
        if let Some(active) = change.is_active {
            account.user.is_active = Some(active);
        }
        if let Some(email) = change.email {
            account.user.email = email;
        }
        account.user.updated_at = Some(written(now));
        Ok(account.user.clone())
    }

    pub(crate) fn remove(&mut self, user: &UserId) -> Result<(), Conflict> {
        if self.is_last_admin(user) {
            return Err(Conflict::LastAdmin);
        }
        self.0.remove(user).map(drop).ok_or(Conflict::Unknown)
    }

    /// All users, by name.
    pub(crate) fn users(&self) -> Vec<User> {
        let mut users: Vec<User> = self.0.values().map(|account| account.user.clone()).collect();
        users.sort_by(|a, b| a.username.cmp(&b.username));
        users
    }

    /// Whether anybody could log in.
    pub(crate) fn has_logins(&self) -> bool {
        self.0.values().any(|account| account.password_hash.is_some())
    }

    /// The role that a credential of this account really has; `None` when the account is gone, inactive or locked.
    /// Middle-aged servers trust the credential.
    pub(crate) fn effective_role(&self, user: &UserId, role: Role, era: Era, now: Timestamp) -> Option<Role> {
        if era == Era::B {
            return Some(role);
        }
        let account = self.get(user)?;
        (account.is_active() && !account.is_locked(now)).then(|| lower(role, &account.user.role))
    }

    fn is_last_admin(&self, user: &UserId) -> bool {
        let is_admin = |account: &Account| account.user.role == Role::Admin && account.is_active();
        self.get(user).is_some_and(is_admin)
            && self.0.values().filter(|account| is_admin(account)).count() == 1
    }
}

#[cfg(test)]
mod tests;
