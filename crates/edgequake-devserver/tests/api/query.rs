//! Queries, in full and streamed.

use edgequake_types::WorkspaceId;
use edgequake_types::documents::{DeleteDocument, GetDocument};
use edgequake_types::query::{
    ContentGranularity, DocumentFilter, HistoryMessage, Query, QueryMode, StreamFormat, StreamQuery,
};
use edgequake_types::workspaces::GetWorkspaceStats;

use crate::documents::{default_workspace, ingest, wait_for_task};
use crate::support::{ADMIN, Api, Transcript, redact, with_users};

const BRIDGE: &str = "# Bridge\n\nThe bridge opened in 1931. It is made of steel.";
const CATS: &str = "Cats sleep all day. They eat fish.";

#[tokio::test]
async fn full_responses() {
    let (_server, api) = default_workspace(with_users()).await;
    ingest(&api, "Bridge", BRIDGE).await;
    ingest(&api, "Cats", CATS).await;
    let question = "When did the bridge open?";
    let mut transcript = Transcript::default();
    transcript.note("query", &api.send(&Query::new(question)).await);
    transcript.note("nothing found", &api.send(&Query::new("volcanoes")).await);
    transcript.note("stream", &api.send(&StreamQuery::new(question)).await);
    for format in [StreamFormat::V1, StreamFormat::V3] {
        let mut query = StreamQuery::new("steel?");
        query.stream_format = Some(format.clone());
        transcript.note(&format!("stream {format}"), &api.send(&query).await);
    }
    transcript.note("blank", &api.send(&StreamQuery::new(" ")).await);
    let _redacted = redact();
    insta::assert_snapshot!("query", transcript);
}

#[tokio::test]
async fn query_options() {
    let (_server, api) = default_workspace(with_users()).await;
    let bridge = ingest(&api, "Bridge", BRIDGE).await;
    let cats = ingest(&api, "Cats", CATS).await;
    let both = "Do cats sleep on the bridge?";
    let sources = async |query: Query| {
        let answer = api.ok(&query).await;
        answer.sources.into_iter().map(|source| source.document_id.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(sources(Query::new(both)).await, [cats.clone(), bridge.clone()]);
    assert_eq!(sources(Query::new(both).max_results(1)).await, std::slice::from_ref(&cats));
    for (filter, found) in [
        (DocumentFilter::new().document_pattern("BRIDGE"), vec![bridge.clone()]),
        (DocumentFilter::new().document_ids([bridge.clone()]), vec![bridge.clone()]),
        (DocumentFilter::new().document_ids(Vec::<String>::new()), vec![cats.clone(), bridge.clone()]),
        (
            DocumentFilter::new().document_ids([bridge.clone()]).document_pattern("cats"),
            vec![cats.clone(), bridge.clone()],
        ),
        (DocumentFilter::new().date_to("2000"), vec![]),
    ] {
        assert_eq!(sources(Query::new(both).document_filter(filter.clone())).await, found, "{filter:?}");
    }
    for (mode, used) in [
        (None, QueryMode::Mix),
        (Some(QueryMode::Naive), QueryMode::Naive),
        (Some(QueryMode::Other("HYBRID".into())), QueryMode::Hybrid),
        (Some(QueryMode::Other("simple".into())), QueryMode::Mix),
    ] {
        let mut query = Query::new(both);
        query.mode = mode;
        assert_eq!(api.ok(&query).await.mode, Some(used));
    }
    let bypass = api.ok(&Query::new(both).mode(QueryMode::Bypass)).await;
    assert!(bypass.sources.is_empty() && bypass.answer.contains("bypass"));
    let context = api.ok(&Query::new(both).context_only(true)).await;
    assert!(context.answer.is_empty() && context.sources.len() == 2);
    let prompt = api.ok(&Query::new(both).prompt_only(true)).await;
    assert!(prompt.answer.contains(CATS) && prompt.answer.contains(both));
    let history = api.ok(&Query::new(both).conversation_history([HistoryMessage::user("hello")])).await;
    assert!(history.conversation_id.is_some());
}

#[tokio::test]
async fn an_unknown_provider_is_refused() {
    let (_server, api) = default_workspace(with_users()).await;
    for (provider, status) in [("nosuchprovider", 400), ("openai", 200), ("", 200)] {
        let query = Query::new("x").llm_provider(provider);
        assert_eq!(api.send(&query).await.status, status, "{provider}");
    }
}

#[tokio::test]
async fn agents_get_full_texts_and_only_administrators_may_debug() {
    let (server, api) = default_workspace(with_users()).await;
    let text = "word ".repeat(100);
    ingest(&api, "Words", &text).await;
    let snippet = async |api: &Api, granularity: Option<ContentGranularity>| {
        let mut query = Query::new("word");
        query.content_granularity = granularity;
        let answer = api.send(&query).await;
        if !answer.status.is_success() {
            return Err(answer.cause());
        }
        Ok(answer.model::<Query>().sources[0].snippet.as_ref().unwrap().len())
    };
    assert!(snippet(&api, None).await.unwrap() <= 203);
    assert_eq!(snippet(&api, Some(ContentGranularity::Agent)).await, Ok(text.trim_end().len()));
    assert_eq!(
        snippet(&api, Some(ContentGranularity::Debug)).await,
        Err("403 FORBIDDEN admin_required".to_owned())
    );
    let ada = Api::new(&server).logged_in(ADMIN).await.in_default();
    assert_eq!(snippet(&ada, Some(ContentGranularity::Debug)).await, Ok(text.trim_end().len()));
}

#[tokio::test]
async fn deleted_documents_are_not_found() {
    let (_server, api) = default_workspace(with_users()).await;
    let bridge = ingest(&api, "Bridge", BRIDGE).await;
    let nothing = async || {
        let answer = api.ok(&Query::new("bridge")).await;
        answer.sources.is_empty() && answer.answer == "Nothing in this workspace matches the question."
    };
    assert!(!nothing().await);
    let deleted = api.ok(&DeleteDocument::new(&bridge)).await;
    assert!(nothing().await, "a document that is being deleted is not quoted");
    wait_for_task(&api, &deleted.track_id.unwrap()).await;
    assert!(nothing().await);
}

#[tokio::test]
async fn a_query_is_validated_before_the_stream_starts() {
    let server = with_users().auth(false).start().await.unwrap();
    let api = Api::new(&server);
    let question = StreamQuery::new("bridge");
    for (workspace, cause) in [
        ("default", ""),
        ("workspace-123", "400 BAD_REQUEST"),
        ("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21", "404 NOT_FOUND"),
    ] {
        let answer = api.with("x-workspace-id", workspace).send(&question).await;
        assert_eq!(if answer.status == 200 { String::new() } else { answer.cause() }, cause, "{workspace}");
    }
    for (body, status) in [("{}", 422), ("{", 400), (r#"{"query":7}"#, 422)] {
        assert_eq!(api.post("/api/v1/query/stream", body).await.status, status, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_stream_is_kept_alive() {
    use edgequake_types::Endpoint;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    let delay = std::time::Duration::from_secs(20);
    let backend = edgequake_devserver::DevServer::builder().auth(false).token_delay(delay).build().unwrap();
    let request = StreamQuery::new("bridge").to_request().unwrap();
    let request = request.map(|body| String::from_utf8(body.bytes().unwrap().to_vec()).unwrap());
    let mut body = backend.service().oneshot(request).await.unwrap().into_body();
    let mut frames = Vec::new();
    while frames.len() < 4 {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        frames.push(String::from_utf8(frame.to_vec()).unwrap());
    }
    assert!(frames[0].contains("context"));
    assert_eq!(
        frames[1..],
        [": keep-alive\n\n", "data: {\"type\":\"token\",\"content\":\"Nothing \"}\n\n", ": keep-alive\n\n"]
    );
}

const HARBOUR: &str = "# Harbour\n\nThe Harbour Bridge was opened by Ada Berg. It is made of steel.";
const TOWER: &str = "The old tower near Harbour Bridge is closed.";
const FISH: &str = "Nobody may fish from a bridge of the harbour.";

#[tokio::test]
async fn each_mode_uses_a_context_of_its_own() {
    let (_server, api) = default_workspace(with_users()).await;
    let harbour = ingest(&api, "Harbour", HARBOUR).await;
    let tower = ingest(&api, "Tower", TOWER).await;
    ingest(&api, "Fish", FISH).await;
    let question = "Is the harbour bridge closed?";
    let mut seen = String::new();
    for mode in ["naive", "local", "global", "hybrid", "mix", "bypass"] {
        let answer = api.ok(&Query::new(question).mode(QueryMode::from(mode))).await;
        let sources = answer.sources.iter().map(|source| match source.source_type.as_str() {
            "chunk" => format!("chunk of {}", source.file_path.as_deref().unwrap()),
            other => format!("{other} {}", source.id),
        });
        let sources = sources.collect::<Vec<_>>().join(", ");
        let graph = answer.subgraph.map(|graph| (graph.entities.len(), graph.relationships.len()));
        seen.push_str(&format!("{mode}: {} | {sources} | {graph:?}\n", answer.answer));
    }
    insta::assert_snapshot!(seen);
    let mut without = Query::new(question);
    without.include_subgraph = Some(false);
    assert!(api.ok(&without).await.subgraph.is_none());
    let entity = api.ok(&Query::new(question).mode(QueryMode::Local)).await.sources.pop().unwrap();
    assert_eq!((entity.entity_type.as_deref(), entity.degree), (Some("CONCEPT"), Some(1)));
    assert_eq!(entity.source_chunk_ids.len(), 2);
    assert_eq!(entity.snippet.as_deref(), Some("The Harbour Bridge was opened by Ada Berg."));

    // What is counted is what is there.
    let counts = async |id| {
        let document = api.ok(&GetDocument::new(id)).await;
        (document.entity_count, document.relationship_count)
    };
    assert_eq!(counts(&harbour).await, (Some(2), Some(1)));
    assert_eq!(counts(&tower).await, (Some(1), Some(0)));
    let in_workspace = async || {
        let stats = api.ok(&GetWorkspaceStats::new(WorkspaceId::server_default())).await;
        (stats.entity_count, stats.relationship_count, stats.entity_type_count)
    };
    assert_eq!(in_workspace().await, (2, 1, Some(1)));
    let deleted = api.ok(&DeleteDocument::new(&harbour)).await;
    wait_for_task(&api, &deleted.track_id.unwrap()).await;
    assert_eq!(in_workspace().await, (1, 0, Some(1)));
}

#[tokio::test]
async fn a_follow_up_question_is_about_what_was_asked_before() {
    let (_server, api) = default_workspace(with_users()).await;
    ingest(&api, "Bridge", BRIDGE).await;
    ingest(&api, "Cats", CATS).await;
    let nothing = "Nothing in this workspace matches the question.";
    let history = [
        HistoryMessage::user("What do cats eat?"),
        HistoryMessage::user("Which bridge is that?"),
        HistoryMessage::assistant("The cats' one."),
    ];
    for (question, alone, following) in [
        ("And when was that?", nothing, "The bridge opened in 1931. [1]"),
        ("What is it made of?", "It is made of steel. [1]", "It is made of steel. [1]"),
        ("Do cats sleep?", "Cats sleep all day. [1]", "Cats sleep all day. [1]"),
    ] {
        assert_eq!(api.ok(&Query::new(question)).await.answer, alone, "{question}");
        let query = Query::new(question).conversation_history(history.clone());
        let answer = api.ok(&query).await;
        assert_eq!(answer.answer, following, "{question}");
    }
}
