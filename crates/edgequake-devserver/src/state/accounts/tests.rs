use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn accounts() -> (Accounts, UserId) {
    let mut accounts = Accounts::default();
    let ada = accounts
        .create("Ada", "ada@corp.test", Role::Admin, "hash".to_owned(), at("2026-01-01T00:00:00Z"))
        .unwrap();
    (accounts, ada.user_id)
}

#[test]
fn names_and_addresses_are_unique_in_any_case_and_across_each_other() {
    let (mut accounts, ada) = accounts();
    let now = at("2026-01-02T00:00:00Z");
    for (name, email) in
        [("ADA", "x@corp.test"), ("x", "Ada@Corp.test"), ("ada@corp.test", "x@corp.test"), ("x", "ada")]
    {
        assert_eq!(
            accounts.create(name, email, Role::User, String::new(), now),
            Err(Conflict::Taken),
            "{name} {email}"
        );
    }
    let bob = accounts.create("bob", "bob@corp.test", Role::User, String::new(), now).unwrap();
    let to = |email: &str| Change { email: Some(email.to_owned()), ..Change::default() };
    assert_eq!(accounts.update(&bob.user_id, to("ADA@corp.test"), now), Err(Conflict::Taken));
    assert_eq!(accounts.update(&ada, to("ADA@corp.test"), now).unwrap().email, "ADA@corp.test");
    assert_eq!(
        accounts.users().iter().map(|user| user.username.as_str()).collect::<Vec<_>>(),
        ["Ada", "bob"]
    );
}

#[test]
fn the_last_administrator_stays() {
    let (mut accounts, ada) = accounts();
    let now = at("2026-01-02T00:00:00Z");
    let demoted = || Change { role: Some(Role::User), ..Change::default() };
    let retired = || Change { is_active: Some(false), ..Change::default() };
    assert_eq!(accounts.update(&ada, demoted(), now), Err(Conflict::LastAdmin));
    assert_eq!(accounts.update(&ada, retired(), now), Err(Conflict::LastAdmin));
    assert_eq!(accounts.remove(&ada), Err(Conflict::LastAdmin));
    let bob = accounts.create("bob", "bob@corp.test", Role::Admin, String::new(), now).unwrap();
    assert_eq!(accounts.update(&ada, demoted(), now).unwrap().role, Role::User);
    // An inactive administrator administers nothing.
    assert_eq!(accounts.update(&bob.user_id, retired(), now), Err(Conflict::LastAdmin));
    assert_eq!(accounts.remove(&ada), Ok(()));
    assert_eq!(accounts.remove(&ada), Err(Conflict::Unknown));
}

#[test]
fn the_effective_role_is_the_lower_one_of_a_living_account() {
    let (mut accounts, ada) = accounts();
    let now = at("2026-01-02T00:00:00Z");
    assert_eq!(accounts.effective_role(&ada, Role::Readonly, Era::C, now), Some(Role::Readonly));
    accounts.get_mut(&ada).unwrap().user.role = Role::User;
    assert_eq!(accounts.effective_role(&ada, Role::Admin, Era::C, now), Some(Role::User));
    accounts.get_mut(&ada).unwrap().fail(1, Duration::from_secs(60), now);
    assert_eq!(accounts.effective_role(&ada, Role::Admin, Era::C, now), None);
    assert_eq!(
        accounts.effective_role(&ada, Role::Admin, Era::C, at("2026-01-02T00:01:00Z")),
        Some(Role::User)
    );
    accounts.get_mut(&ada).unwrap().user.is_active = Some(false);
    assert_eq!(accounts.effective_role(&ada, Role::Admin, Era::C, at("2026-01-03T00:00:00Z")), None);
    assert_eq!(accounts.effective_role(&ada, Role::Admin, Era::B, now), Some(Role::Admin));
}

#[test]
fn a_lockout_ends_but_the_count_stays_until_a_success() {
    let (mut accounts, ada) = accounts();
    let account = accounts.get_mut(&ada).unwrap();
    let (now, later) = (at("2026-01-02T00:00:00Z"), at("2026-01-02T00:15:00Z"));
    let quarter = Duration::from_secs(15 * 60);
    assert!(!account.fail(3, quarter, now) && !account.fail(3, quarter, now) && !account.is_locked(now));
    assert!(account.fail(3, quarter, now) && account.is_locked(now));
    assert!(!account.is_locked(later));
    assert!(account.fail(3, quarter, later) && account.is_locked(later));
    account.succeed(later);
    assert!(!account.is_locked(later) && !account.fail(3, quarter, later));
    assert_eq!(account.user.last_login_at, Some(written(later)));
}
