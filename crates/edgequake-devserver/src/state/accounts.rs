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
pub(crate) struct Accounts {
    by_id: HashMap<UserId, Account>,
    /// By user name and by e-mail address, as [`key`] writes them.
    by_name: HashMap<String, UserId>,
}

/// What a user name or an e-mail address is found by: case and outer blanks make no difference.
fn key(identifier: &str) -> String {
    identifier.trim().to_lowercase()
}

impl Accounts {
    pub(crate) fn get(&self, user: &UserId) -> Option<&Account> {
        self.by_id.get(user)
    }

    /// The id of an account, by user name or e-mail address.
    pub(crate) fn id(&self, identifier: &str) -> Option<&UserId> {
        self.by_name.get(&key(identifier))
    }

    /// Finds an account by user name or e-mail address.
    pub(crate) fn find_mut(&mut self, identifier: &str) -> Option<&mut Account> {
        self.by_id.get_mut(self.by_name.get(&key(identifier))?)
    }

    pub(crate) fn insert(
        &mut self,
        mut user: User,
        password_hash: Option<PasswordHash>,
        now: Timestamp,
    ) -> Result<User, AccountError> {
        if self.id(&user.username).is_some() || self.id(&user.email).is_some() {
            return Err(AccountError::Taken);
        }
        if self.by_id.len() >= CAPACITY {
            return Err(AccountError::Full);
        }
        user.created_at = Some(rfc3339(now));
        user.updated_at = Some(rfc3339(now));
        let account = Account { user: user.clone(), password_hash, failures: 0, locked_until: None };
        for name in [&user.username, &user.email] {
            self.by_name.insert(key(name), user.user_id.clone());
        }
        self.by_id.insert(user.user_id.clone(), account);
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
        let owner = change.email.as_ref().and_then(|email| self.id(email));
        if owner.is_some_and(|owner| owner != user) {
            return Err(AccountError::Taken);
        }
        let account = self.by_id.get_mut(user).ok_or(AccountError::Unknown)?;
        if let Some(role) = change.role {
            account.user.role = role;
        }
        if let Some(active) = change.is_active {
            account.user.is_active = Some(active);
        }
        if let Some(email) = change.email {
            // A name may be an address, too, and stays.
            if key(&account.user.email) != key(&account.user.username) {
                self.by_name.remove(&key(&account.user.email));
            }
            self.by_name.insert(key(&email), user.clone());
            account.user.email = email;
        }
        account.user.updated_at = Some(rfc3339(now));
        Ok(account.user.clone())
    }

    pub(crate) fn remove(&mut self, user: &UserId) -> Result<(), AccountError> {
        if self.is_last_admin(user) {
            return Err(AccountError::LastAdmin);
        }
        let Account { user, .. } = self.by_id.remove(user).ok_or(AccountError::Unknown)?;
        for name in [&user.username, &user.email] {
            self.by_name.remove(&key(name));
        }
        Ok(())
    }

    /// All users, by name.
    pub(crate) fn users(&self) -> Vec<User> {
        let mut users: Vec<User> = self.by_id.values().map(|account| account.user.clone()).collect();
        users.sort_by(|a, b| a.username.cmp(&b.username));
        users
    }

    /// Whether any account can log in.
    pub(crate) fn has_login_users(&self) -> bool {
        self.by_id.values().any(|account| account.password_hash.is_some())
    }

    fn is_last_admin(&self, user: &UserId) -> bool {
        let is_admin = |account: &Account| account.user.role == Role::Admin && account.is_active();
        self.get(user).is_some_and(is_admin)
            && self.by_id.values().filter(|account| is_admin(account)).count() == 1
    }
}

#[cfg(test)]
mod tests;
