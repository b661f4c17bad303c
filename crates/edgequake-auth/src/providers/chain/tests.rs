use super::*;
use crate::{DotEnv, Env, StaticKey};

fn cx() -> AuthContext {
    AuthContext::new("http://localhost:8080".parse().unwrap())
}

fn env(value: Option<&'static str>) -> Env {
    Env::with(move |name| value.filter(|_| name == "EDGEQUAKE_API_KEY").map(str::to_owned))
}

fn dot_env(value: Option<&str>) -> crate::DotEnvKey {
    let text = value.map(|value| format!("EDGEQUAKE_API_KEY='{value}'\n")).unwrap_or_default();
    DotEnv::parse(".env", &text).unwrap().credentials()
}

fn sent(authorization: &Authorization) -> &str {
    authorization.header().map_or("", |(_, value)| value.to_str().unwrap())
}

#[tokio::test]
async fn explicit_comes_before_environment_before_dot_env_before_stored_login() {
    for present in 0_u8..16 {
        let has = |bit: u8| present & (1 << bit) != 0;
        let mut builder = Chain::builder();
        // Added in the opposite order: the calls do not decide.
        if has(3) {
            builder = builder.stored_login(StaticKey::new("storedk").unwrap());
        }
        builder = builder.dot_env(dot_env(has(2).then_some("filek")));
        builder = builder.environment(env(has(1).then_some("envk")));
        if has(0) {
            builder = builder.explicit(StaticKey::new("statk").unwrap());
        }
        let chain = builder.build();
        let expected = ["statk", "envk", "filek", "storedk"].into_iter().zip(0..).find(|(_, bit)| has(*bit));
        match (chain.authorize(&cx()).await, expected) {
            (Ok(authorization), Some((key, _))) => assert_eq!(sent(&authorization), format!("Bearer {key}")),
            (Err(error), None) => assert_eq!(error.kind(), CredentialsErrorKind::NotConfigured),
            (answer, expected) => panic!("{present:04b}: {answer:?}, expected {expected:?}"),
        }
    }
}

#[tokio::test]
async fn an_empty_variable_falls_through_to_the_next_source() {
    let alone = Chain::builder().environment(env(Some(""))).or_anonymous().build();
    assert_eq!(sent(&alone.authorize(&cx()).await.unwrap()), "");
    assert_eq!(alone.chosen(), Some("anonymous"));

    let with_file = Chain::builder().environment(env(Some(""))).dot_env(dot_env(Some("filek"))).build();
    assert_eq!(sent(&with_file.authorize(&cx()).await.unwrap()), "Bearer filek");

    let stored = StaticKey::new("storedk").unwrap();
    let with_login = Chain::builder().environment(env(Some(""))).stored_login(stored).build();
    assert_eq!(sent(&with_login.authorize(&cx()).await.unwrap()), "Bearer storedk");
}

#[tokio::test]
async fn a_broken_source_stops_the_chain_with_its_reason() {
    let chain = Chain::builder()
        .environment(env(Some("s3cr3t\u{200b}")))
        .stored_login(StaticKey::new("storedk").unwrap())
        .or_anonymous()
        .build();
    let error = chain.authorize(&cx()).await.unwrap_err();
    assert_eq!(error.kind(), CredentialsErrorKind::Invalid);
    assert!(error.to_string().starts_with("EDGEQUAKE_API_KEY "), "{error}");
    assert!(!format!("{error:?} {chain:?}").contains("s3cr3t"));
    assert_eq!(chain.chosen(), None);
}

#[tokio::test]
async fn nothing_configured_names_what_was_asked() {
    let chain = Chain::builder().environment(env(None)).dot_env(dot_env(None)).build();
    insta::assert_snapshot!(
        chain.authorize(&cx()).await.unwrap_err(),
        @"no credential is configured (asked: environment, .env)"
    );
    insta::assert_snapshot!(
        Chain::builder().build().authorize(&cx()).await.unwrap_err(),
        @"no credential is configured: the chain has no source"
    );
}

#[tokio::test]
async fn the_chosen_source_is_visible_without_its_secret() {
    let chain = Chain::builder().explicit(StaticKey::new("s3cr3t-k").unwrap()).build();
    assert!(chain.ready(&cx()).is_none());
    chain.authorize(&cx()).await.unwrap();
    assert!(chain.ready(&cx()).is_some());
    insta::assert_snapshot!(
        format!("{chain:?}"),
        @r#"Chain { chosen: Some("explicit"), sources: [(Explicit, StaticKey { header: "authorization", .. })] }"#
    );
}

/// A login that comes later.
#[derive(Debug, Clone, Default)]
struct Later(std::sync::Arc<std::sync::OnceLock<StaticKey>>);

impl Credentials for Later {
    fn ready(&self, cx: &AuthContext) -> Option<Authorization> {
        self.0.get()?.ready(cx)
    }

    async fn authorize(&self, cx: &AuthContext) -> Result<Authorization, CredentialsError> {
        let none = || CredentialsError::new(CredentialsErrorKind::NotConfigured, "not yet");
        self.ready(cx).ok_or_else(none)
    }
}

#[tokio::test]
async fn a_login_after_the_first_anonymous_request_is_taken_up() {
    let later = Later::default();
    let chain = Chain::builder().environment(env(None)).stored_login(later.clone()).or_anonymous().build();
    assert_eq!(sent(&chain.authorize(&cx()).await.unwrap()), "");
    assert_eq!(sent(&chain.ready(&cx()).unwrap()), "");
    later.0.set(StaticKey::new("storedk").unwrap()).unwrap();
    assert_eq!(sent(&chain.ready(&cx()).unwrap()), "Bearer storedk");
    assert_eq!(chain.chosen(), Some("stored login"));
}

/// Writes down the messages and fields of events.
#[derive(Clone, Default)]
struct Events(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl tracing::Subscriber for Events {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = String::new();
        event.record(&mut |field: &tracing::field::Field, value: &dyn fmt::Debug| {
            text += &format!("{field}={value:?} ");
        });
        self.0.lock().unwrap().push(text);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn the_choice_is_told_once() {
    let events = Events::default();
    // With one listener alone, tracing would keep for good that nobody listens to an event which a thread without any meets first.
    let _other = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let guard = tracing::subscriber::set_default(events.clone());
    let chain = Chain::builder().environment(env(Some("s3cr3t-k"))).build();
    chain.authorize(&cx()).await.unwrap();
    chain.authorize(&cx()).await.unwrap();
    drop(guard);
    let events = events.0.lock().unwrap().join("\n");
    assert_eq!(events, r#"message=credential source chosen source="environment" "#);
}
