//! What a public type can be used for is part of its contract: sent, shared, cloned, awaited on any thread.

use edgequake_auth::{
    Anonymous, AuthContext, Authorization, Chain, ChainBuilder, Credentials, CredentialsError, DotEnv,
    DotEnvKey, Env, FallbackStore, FileStore, Jwt, JwtBuilder, KeyFile, LogoutOutcome, MemoryStore, Session,
    SharedCredentials, StaticKey, StoreError, StoreLock, StoredLogin, TokenStore, Tokens, TransportError,
};

fn shared<T: Send + Sync + 'static>() {}
fn cloned<T: Clone>() {}
fn sent<T: Send>(_: impl Fn(T)) {}

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
    shared::<(LogoutOutcome, StaticKey, StoreError, StoredLogin, Tokens, TransportError)>();
    sent::<StoreLock>(drop);
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
    future(&store.load(context.origin(), None));
    fn of_a_login(jwt: &Jwt) {
        future(&jwt.login());
        future(&jwt.login_as("mona", "pw"));
        future(&jwt.logout());
    }
    let _ = of_a_login;
}
