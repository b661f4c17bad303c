//! User accounts: who may create, see and change them.

use edgequake_types::documents::ListDocuments;
use edgequake_types::session::{Me, Role};
use edgequake_types::users::{CreateUser, DeleteUser, GetUser, ListUsers, UpdateUser};

use crate::support::{ADMIN, Api, PASSWORD, READER, Transcript, USER, redact, with_users};

fn nina() -> CreateUser {
    CreateUser::new("nina", "nina@corp.test", PASSWORD)
}

#[tokio::test]
async fn full_responses() {
    let server = with_users().start().await.unwrap();
    let ada = Api::new(&server).logged_in(ADMIN).await;
    let mut transcript = Transcript::default();
    let answer = ada.send(&nina().role(Role::Readonly)).await;
    transcript.note("create", &answer);
    let nina_id = answer.model::<CreateUser>().user.user_id;
    transcript.note("taken", &ada.send(&nina()).await);
    transcript.note("list", &ada.send(&ListUsers::new().page_size(2)).await);
    transcript.note("get", &ada.send(&GetUser::new(&nina_id)).await);
    transcript
        .note("update", &ada.send(&UpdateUser::new(&nina_id).role(Role::User).email("n@corp.test")).await);
    transcript.note("delete", &ada.send(&DeleteUser::new(&nina_id)).await);
    transcript.note("delete again", &ada.send(&DeleteUser::new(&nina_id)).await);
    let _redacted = redact();
    insta::assert_snapshot!("users", transcript);
}

#[tokio::test]
async fn anyone_may_register_with_the_default_role() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let with_bad_token = api.bearer("nonsense");
    for (number, (api, requested)) in
        [(&api, None), (&api, Some(Role::Admin)), (&with_bad_token, None)].into_iter().enumerate()
    {
        let name = format!("user{number}");
        let mut request = CreateUser::new(&name, format!("{name}@corp.test"), PASSWORD);
        request.role = requested;
        assert_eq!(api.ok(&request).await.user.role, Role::User);
        let newcomer = api.logged_in(&name).await;
        assert_eq!(newcomer.ok(&Me::new()).await.user.username, name);
        assert_eq!(newcomer.send(&ListDocuments::new()).await.status, 200, "a member of the default tenant");
    }
    let mona = api.logged_in(USER).await;
    assert_eq!(mona.send(&nina().role(Role::Admin)).await.cause(), "403 FORBIDDEN admin_required");
    assert_eq!(mona.ok(&nina()).await.user.role, Role::User);
}

#[tokio::test]
async fn with_closed_registration_only_administrators_create_accounts() {
    let server = with_users().registration(false).start().await.unwrap();
    let api = Api::new(&server);
    assert_eq!(api.send(&nina()).await.cause(), "401 UNAUTHORIZED");
    assert_eq!(api.logged_in(USER).await.send(&nina()).await.cause(), "403 FORBIDDEN registration_closed");
    assert_eq!(api.logged_in(ADMIN).await.ok(&nina().role(Role::Admin)).await.user.role, Role::Admin);

    let server = with_users().auth(false).registration(false).start().await.unwrap();
    assert_eq!(Api::new(&server).send(&nina()).await.cause(), "403 FORBIDDEN registration_closed");
    let server = with_users().auth(false).start().await.unwrap();
    assert_eq!(Api::new(&server).ok(&nina().role(Role::Admin)).await.user.role, Role::User);
}

#[tokio::test]
async fn new_accounts_are_validated() {
    let server = with_users().start().await.unwrap();
    let ada = Api::new(&server).logged_in(ADMIN).await;
    for (username, email, password, cause) in [
        ("", "n@corp.test", PASSWORD, "400 BAD_REQUEST"),
        ("nina", " ", PASSWORD, "400 BAD_REQUEST"),
        ("nina", "n@corp.test", "seven 7", "400 BAD_REQUEST"),
        ("MONA", "n@corp.test", PASSWORD, "409 CONFLICT"),
        ("nina", "Mona@corp.test", PASSWORD, "409 CONFLICT"),
    ] {
        assert_eq!(
            ada.send(&CreateUser::new(username, email, password)).await.cause(),
            cause,
            "{username} {email}"
        );
    }
    let unknown_role = ada.ok(&nina().role(Role::Other("developer".into()))).await;
    assert_eq!(unknown_role.user.role, Role::User);
}

#[tokio::test]
async fn only_administrators_manage_accounts() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let mona = api.logged_in(USER).await;
    let id = server.user_id(READER).unwrap();
    for answer in [
        mona.send(&ListUsers::new()).await,
        mona.send(&GetUser::new(&id)).await,
        mona.send(&UpdateUser::new(&id).is_active(false)).await,
        mona.send(&DeleteUser::new(&id)).await,
    ] {
        assert_eq!(answer.cause(), "403 FORBIDDEN admin_required");
    }
    let ada = api.logged_in(ADMIN).await;
    let admins = ada.ok(&ListUsers::new().role(Role::Admin)).await;
    assert_eq!(admins.users.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["ada"]);
    let own = server.user_id(ADMIN).unwrap();
    assert_eq!(ada.send(&UpdateUser::new(&own).role(Role::User)).await.cause(), "409 CONFLICT");
    assert_eq!(ada.send(&DeleteUser::new(&own)).await.cause(), "409 CONFLICT");
    assert_eq!(ada.get("/api/v1/users/not-a-uuid").await.cause(), "404 NOT_FOUND");
}

#[tokio::test]
async fn a_session_ends_with_its_account() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let (ada, mona, rita) = (api.logged_in(ADMIN).await, api.logged_in(USER).await, api.login(READER).await);
    let id = server.user_id(USER).unwrap();
    ada.ok(&UpdateUser::new(&id).is_active(false)).await;
    assert_eq!(mona.send(&Me::new()).await.cause(), "401 UNAUTHORIZED");
    let login = edgequake_types::session::Login::new(USER, PASSWORD);
    assert_eq!(api.send(&login).await.cause(), "403 FORBIDDEN account_inactive");
    ada.ok(&UpdateUser::new(&id).is_active(true)).await;
    mona.ok(&Me::new()).await;

    ada.ok(&DeleteUser::new(server.user_id(READER).unwrap())).await;
    assert_eq!(api.bearer(rita.access_token.expose()).send(&Me::new()).await.cause(), "401 UNAUTHORIZED");
    let refresh = edgequake_types::session::Refresh::new(rita.refresh_token.unwrap());
    assert_eq!(api.send(&refresh).await.cause(), "401 UNAUTHORIZED session_revoked");
}
