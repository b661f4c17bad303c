//! User accounts and their lockout.

use std::collections::HashMap;
use std::time::Duration;

use edgequake_types::session::{Role, User};
use edgequake_types::{Secret, UserId};

use super::new_user_id;
use crate::clock::{Timestamp, rfc3339};
use crate::password::PasswordHash;

/// How many accounts there may be.
const CAPACITY: usize = 10_000;

/// An account, with its secrets.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) user: User,
    /// `None` for an account that cannot log in.
    password_hash: Option<PasswordHash>,
    /// Failed logins since the last success.
    failures: u32,
    locked_until: Option<Timestamp>,
}

impl Account {
    pub(crate) fn has_password(&self, password: &Secret) -> bool {
        self.password_hash.as_ref().is_some_and(|hash| hash.verify(password))
    }

    pub(crate) fn is_active(&self) -> bool {
        self.user.is_active != Some(false)
    }

    pub(crate) fn is_locked(&self, now: Timestamp) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    /// Counts a failed login; true when it locks the account. Only a successful login resets the count, so after the
    /// lockout a single failure locks the account again.
    pub(crate) fn record_failure(&mut self, limit: u32, lockout: Duration, now: Timestamp) -> bool {
        self.failures = self.failures.saturating_add(1);
        let locks = self.failures >= limit;
        if locks {
            self.locked_until = Some(now.saturating_add(lockout));
        }
        locks
    }

    pub(crate) fn record_login(&mut self, now: Timestamp) {
        self.failures = 0;
        self.locked_until = None;
        self.user.last_login_at = Some(rfc3339(now));
    }
}

/// Changes to an account.
#[derive(Debug, Default)]
pub(crate) struct AccountChange {
    pub(crate) role: Option<Role>,
    pub(crate) is_active: Option<bool>,
    pub(crate) email: Option<String>,
}

/// Why an account is not created, changed or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountError {
    /// The name or the e-mail address belongs to another account.
    Taken,
    /// There are too many accounts.
    Full,
    /// The server would be left without an administrator.
    LastAdmin,
    Unknown,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts(HashMap<UserId, Account>);

impl Accounts {
    pub(crate) fn get(&self, user: &UserId) -> Option<&Account> {
        self.0.get(user)
    }

    /// Finds an account by user name or e-mail address, ignoring case.
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
        password_hash: Option<PasswordHash>,
        now: Timestamp,
    ) -> Result<User, AccountError> {
        if self.find_mut(&user.username).is_some() || self.find_mut(&user.email).is_some() {
            return Err(AccountError::Taken);
        }
        if self.0.len() >= CAPACITY {
            return Err(AccountError::Full);
        }
        user.created_at = Some(rfc3339(now));
        user.updated_at = Some(rfc3339(now));
        let account = Account { user: user.clone(), password_hash, failures: 0, locked_until: None };
        self.0.insert(user.user_id.clone(), account);
        Ok(user)
    }

    /// Creates an account with a new id.
    pub(crate) fn create(
        &mut self,
        username: &str,
        email: &str,
        role: Role,
        password_hash: PasswordHash,
        now: Timestamp,
    ) -> Result<User, AccountError> {
        let user = User::new(new_user_id(), username.trim(), email.trim(), role);
        self.insert(user, Some(password_hash), now)
    }

    pub(crate) fn update(
        &mut self,
        user: &UserId,
        change: AccountChange,
        now: Timestamp,
    ) -> Result<User, AccountError> {
        let stops_being_admin =
            change.role.as_ref().is_some_and(|role| *role != Role::Admin) || change.is_active == Some(false);
        if stops_being_admin && self.is_last_admin(user) {
            return Err(AccountError::LastAdmin);
        }
        let owner = change.email.as_ref().and_then(|email| self.find_mut(email));
        if owner.is_some_and(|other| other.user.user_id != *user) {
            return Err(AccountError::Taken);
        }
        let account = self.0.get_mut(user).ok_or(AccountError::Unknown)?;
        if let Some(role) = change.role {
            account.user.role = role;
        }
        if let Some(active) = change.is_active {
            account.user.is_active = Some(active);
        }
        if let Some(email) = change.email {
            account.user.email = email;
        }
        account.user.updated_at = Some(rfc3339(now));
        Ok(account.user.clone())
    }

    pub(crate) fn remove(&mut self, user: &UserId) -> Result<(), AccountError> {
        if self.is_last_admin(user) {
            return Err(AccountError::LastAdmin);
        }
        self.0.remove(user).map(drop).ok_or(AccountError::Unknown)
    }

    /// All users, by name.
    pub(crate) fn users(&self) -> Vec<User> {
        let mut users: Vec<User> = self.0.values().map(|account| account.user.clone()).collect();
        users.sort_by(|a, b| a.username.cmp(&b.username));
        users
    }

    /// Whether any account can log in.
    pub(crate) fn has_login_users(&self) -> bool {
        self.0.values().any(|account| account.password_hash.is_some())
    }

    fn is_last_admin(&self, user: &UserId) -> bool {
        let is_admin = |account: &Account| account.user.role == Role::Admin && account.is_active();
        self.get(user).is_some_and(is_admin)
            && self.0.values().filter(|account| is_admin(account)).count() == 1
    }
}

#[cfg(test)]
mod tests;
