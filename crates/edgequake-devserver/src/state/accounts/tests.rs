use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hash() -> PasswordHash {
    PasswordHash::new(&Secret::new("correct horse")).unwrap()
}

fn accounts() -> (Accounts, UserId) {
    let mut accounts = Accounts::default();
    let ada =
        accounts.create("Ada", "ada@corp.test", Role::Admin, hash(), at("2026-01-01T00:00:00Z")).unwrap();
    (accounts, ada.user_id)
}

#[test]
fn names_and_addresses_are_unique_ignoring_case_and_across_each_other() {
    let (mut accounts, ada) = accounts();
    let now = at("2026-01-02T00:00:00Z");
    for (name, email) in
        [("ADA", "x@corp.test"), ("x", "Ada@Corp.test"), ("ada@corp.test", "x@corp.test"), ("x", "ada")]
    {
        assert_eq!(
            accounts.create(name, email, Role::User, hash(), now),
            Err(AccountError::Taken),
            "{name} {email}"
        );
    }
    let bob = accounts.create("bob", "bob@corp.test", Role::User, hash(), now).unwrap();
    let to = |email: &str| AccountChange { email: Some(email.to_owned()), ..AccountChange::default() };
    assert_eq!(accounts.update(&bob.user_id, to("ADA@corp.test"), now), Err(AccountError::Taken));
    assert_eq!(accounts.update(&ada, to("ADA@corp.test"), now).unwrap().email, "ADA@corp.test");
    assert_eq!(
        accounts.users().iter().map(|user| user.username.as_str()).collect::<Vec<_>>(),
        ["Ada", "bob"]
    );
}

#[test]
fn the_last_administrator_cannot_be_removed() {
    let (mut accounts, ada) = accounts();
    let now = at("2026-01-02T00:00:00Z");
    let demoted = || AccountChange { role: Some(Role::User), ..AccountChange::default() };
    let deactivated = || AccountChange { is_active: Some(false), ..AccountChange::default() };
    assert_eq!(accounts.update(&ada, demoted(), now), Err(AccountError::LastAdmin));
    assert_eq!(accounts.update(&ada, deactivated(), now), Err(AccountError::LastAdmin));
    assert_eq!(accounts.remove(&ada), Err(AccountError::LastAdmin));
    let bob = accounts.create("bob", "bob@corp.test", Role::Admin, hash(), now).unwrap();
    assert_eq!(accounts.update(&ada, demoted(), now).unwrap().role, Role::User);
    // An inactive administrator does not count.
    assert_eq!(accounts.update(&bob.user_id, deactivated(), now), Err(AccountError::LastAdmin));
    assert_eq!(accounts.remove(&ada), Ok(()));
    assert_eq!(accounts.remove(&ada), Err(AccountError::Unknown));
}

#[test]
fn a_lockout_ends_but_only_a_login_resets_the_count() {
    let (mut accounts, _) = accounts();
    let account = accounts.find_mut("ada").unwrap();
    let (now, later) = (at("2026-01-02T00:00:00Z"), at("2026-01-02T00:15:00Z"));
    let quarter = Duration::from_secs(15 * 60);
    assert!(
        !account.record_failure(3, quarter, now)
            && !account.record_failure(3, quarter, now)
            && !account.is_locked(now)
    );
    assert!(account.record_failure(3, quarter, now) && account.is_locked(now));
    assert!(!account.is_locked(later));
    assert!(account.record_failure(3, quarter, later) && account.is_locked(later));
    account.record_login(later);
    assert!(!account.is_locked(later) && !account.record_failure(3, quarter, later));
    assert_eq!(account.user.last_login_at, Some(rfc3339(later)));
}

#[test]
fn an_address_is_free_again_once_it_is_changed_or_its_account_is_gone() {
    let (mut accounts, ada) = accounts();
    let now = at("2026-01-02T00:00:00Z");
    // A name that is the address as well stays when the address changes.
    let bob = accounts.create("bob@corp.test", "Bob@corp.test ", Role::User, hash(), now).unwrap().user_id;
    let to = |email: &str| AccountChange { email: Some(email.to_owned()), ..AccountChange::default() };
    accounts.update(&bob, to("robert@corp.test"), now).unwrap();
    for (name, owner) in [
        ("BOB@corp.test", Some(&bob)),
        (" Robert@corp.test", Some(&bob)),
        ("ada", Some(&ada)),
        ("ADA@CORP.TEST", Some(&ada)),
        ("nobody", None),
    ] {
        assert_eq!(accounts.id(name), owner, "{name}");
    }
    accounts.update(&bob, to("b@corp.test"), now).unwrap();
    assert_eq!(accounts.id("robert@corp.test"), None);
    accounts.remove(&bob).unwrap();
    assert_eq!((accounts.id("bob@corp.test"), accounts.id("b@corp.test")), (None, None));
    accounts.create("bob", "bob@corp.test", Role::User, hash(), now).unwrap();
}
