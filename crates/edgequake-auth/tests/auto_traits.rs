//! What a public type can be used for is part of its contract: sent, shared, cloned, awaited on any thread.

use edgequake_auth::{
    Anonymous, AuthContext, Authorization, Chain, ChainBuilder, Credentials, CredentialsError, DotEnv,
    DotEnvKey, Env, FallbackStore, FileStore, Jwt, JwtBuilder, KeyFile, LogoutOutcome, LostSessions,
    MemoryStore, Password, Program, Record, SecretFile, ServerKey, Session, SessionWatch, SharedCredentials,
    StaticKey, StoreError, TokenStore, Tokens, TransportError,
};

fn shared<T: Send + Sync + 'static>() {}
fn cloned<T: Clone>() {}

#[test]
fn types_can_be_sent_and_shared() {
    shared::<(Anonymous, AuthContext, Authorization, Chain, ChainBuilder, CredentialsError, DotEnv, DotEnvKey)>(
    );
    shared::<(
        Env,
        FallbackStore<FileStore, MemoryStore>,
        Jwt,
        JwtBuilder,
        KeyFile,
        Session,
        SharedCredentials,
    )>();
    shared::<(Password, Program, SecretFile)>();
    shared::<(
        LogoutOutcome,
        StaticKey,
        StoreError,
        Record,
        Tokens,
        TransportError,
        SessionWatch,
        LostSessions,
    )>();
    cloned::<(Password, Program, SecretFile)>();
    cloned::<(SharedCredentials, Jwt, StaticKey, Env, DotEnv, DotEnvKey, KeyFile, CredentialsError, FileStore)>(
    );
}

#[test]
fn futures_can_be_sent() {
    fn future(_: &(impl Future + Send)) {}

    let context = AuthContext::new("http://localhost".parse().unwrap());
    let (shared, env, store) = (SharedCredentials::anonymous(), Env::with(|_| None), MemoryStore::new());
    future(&shared.authorize(&context));
    future(&env.authorize(&context));
    future(&DotEnv::load("x"));
    let file = SecretFile::new("x");
    future(&file.read());
    let password = Password::from(file.clone());
    future(&password.read());
    let key = ServerKey::from(context.origin().clone()).account("mona");
    future(&store.read(&key));
    fn of_a_login(jwt: &Jwt) {
        future(&jwt.login());
        future(&jwt.login_as("mona", "pw"));
        future(&jwt.logout());
        future(&jwt.settle(std::time::Duration::ZERO));
        future(&jwt.token());
        future(&jwt.refresh_now());
    }
    let _ = of_a_login;
}
