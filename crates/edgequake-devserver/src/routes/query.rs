//! Queries, answered in full or as a stream.

use std::sync::PoisonError;
use std::time::Duration;

use edgequake_types::query::{
    ContentGranularity, DocumentFilter, HistoryRole, Query, QueryAnswer, QueryEvent, QueryMode, QueryStats,
    Source, StreamFormat, StreamQuery, Subgraph,
};
use edgequake_types::session::Role;
use futures_util::{Stream, StreamExt, stream};
use tokio::time::Instant;
use uuid::Uuid;

use super::sources::{self, Names};
use crate::config::Era;
use crate::error::Refusal;
use crate::events::EventStream;
use crate::reply::Reply;
use crate::retrieval::index::Hit;
use crate::retrieval::search::{self, Arms, Found, Request};
use crate::retrieval::{answer, follow_up};
use crate::route::Call;
use crate::state::space::Space;

/// The default number of sources of an answer.
const DEFAULT_SOURCES: u64 = 5;

/// The maximum number of sources of an answer.
const MAX_SOURCES: u64 = 50;

/// The names of providers that a query may ask for; whichever it is, the answer is made here. A blank one counts as none.
const PROVIDERS: [&str; 9] =
    ["", "anthropic", "devserver", "gemini", "lmstudio", "mistral", "mock", "ollama", "openai"];

/// The search results, before an answer is composed.
struct Retrieved {
    mode: QueryMode,
    /// What is looked for and quoted from: the question, or what it refers to.
    subject: String,
    hits: Vec<Hit>,
    sources: Vec<Source>,
    subgraph: Option<Subgraph>,
    duration: Duration,
}

pub(super) async fn ask(call: Call, query: Query) -> Result<Reply<QueryAnswer>, Refusal> {
    let said = query.conversation_history.as_deref().unwrap_or_default();
    let previous = said.iter().rev().find(|message| message.role == HistoryRole::User);
    let found = retrieve(&call, &query, previous.map(|message| message.content.as_str())).await?;
    let started = Instant::now();
    let text = match (query.context_only, query.prompt_only) {
        (Some(true), _) => String::new(),
        (_, Some(true)) => answer::prompt(&query.query, &found.hits),
        _ => quote(&found).await?,
    };
    let mut answer = QueryAnswer::new(text, found.mode.clone());
    answer.stats = stats(&call, &found, started.elapsed(), &answer.answer);
    (answer.sources, answer.subgraph) = (found.sources, found.subgraph);
    // The conversation is not stored, but the real server returns an id.
    answer.conversation_id = query.conversation_history.map(|_| Uuid::new_v4().to_string());
    Ok(Reply::new(answer))
}

async fn retrieve(call: &Call, query: &Query, previous: Option<&str>) -> Result<Retrieved, Refusal> {
    let place = call.workspace(Refusal::bad_request)?;
    if query.query.trim().is_empty() {
        return Err(Refusal::validation("query must not be blank"));
    }
    if query.content_granularity == Some(ContentGranularity::Debug) && call.caller.role != Role::Admin {
        return Err(Refusal::forbidden("admin_required"));
    }
    if let Some(provider) = query.llm_provider.as_deref().filter(|name| !PROVIDERS.contains(name)) {
        return Err(Refusal::bad_request(format!("Unknown provider: {provider}")));
    }
    let started = Instant::now();
    let limit = query.max_results.unwrap_or(DEFAULT_SOURCES).min(MAX_SOURCES);
    let mode = mode(query.mode.as_ref());
    let filter = query.document_filter.clone().unwrap_or_default();
    let space = call.app.spaces.get(&place).filter(|_| mode != QueryMode::Bypass);
    let subject = follow_up::subject(&query.query, previous);
    let (mut found, names) = match space {
        Some(space) => {
            let (query, arms) = (subject.clone(), Arms::of(&mode));
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let request = move || search(&space, Request { query: &query, limit, arms }, &filter);
            tokio::task::spawn_blocking(request).await.map_err(|_| Refusal::internal())?
        }
        None => Default::default(),
    };
    found.hits.retain(|hit| names.of(hit).is_some());
    let mut sources = sources::sources(&found, &names, query.content_granularity.as_ref());
    if let Some(most) = query.max_results {
        sources.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    }
    let subgraph = query.include_subgraph.unwrap_or(true).then(|| sources::subgraph(&found, &names));
    let subgraph = subgraph.filter(|graph| !graph.entities.is_empty() || !graph.relationships.is_empty());
    call.app.counters.queries.increment();
    Ok(Retrieved { mode, subject, hits: found.hits, sources, subgraph, duration: started.elapsed() })
}

/// Searches the documents that pass the filter, and names those that were found.
fn search(space: &Space, request: Request<'_>, filter: &DocumentFilter) -> (Found, Names) {
    let index = space.index.lock().unwrap_or_else(PoisonError::into_inner);
    // What is injected is no document that a filter selects.
    let with_injections = *filter == DocumentFilter::new();
    let found = search::search(&index, request, |id| {
        let contents = space.contents();
        match contents.documents.get(id) {
            Some(document) => document.is_searchable() && document.matches(filter),
            None => with_injections && contents.injections.searchable(id).is_some(),
        }
    });
    drop(index);
    let names = Names::new(&found, &space.contents());
    (found, names)
}

/// The mode that is used: unknown ones mean the default.
fn mode(requested: Option<&QueryMode>) -> QueryMode {
    match requested.map(|mode| QueryMode::from(mode.as_str().to_ascii_lowercase().as_str())) {
        None | Some(QueryMode::Other(_)) => QueryMode::Mix,
        Some(known) => known,
    }
}

/// Composes the answer from quotations.
async fn quote(found: &Retrieved) -> Result<String, Refusal> {
    if found.mode == QueryMode::Bypass {
        return Ok("The mode `bypass` only asks a language model, and this server has none.".to_owned());
    }
    let (subject, hits) = (found.subject.clone(), found.hits.clone());
    let text = tokio::task::spawn_blocking(move || answer::answer(&subject, &hits));
    text.await.map_err(|_| Refusal::internal())
}

fn milliseconds(duration: Duration) -> Option<u64> {
    Some(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

fn stats(call: &Call, found: &Retrieved, generation: Duration, text: &str) -> QueryStats {
    let mut stats = QueryStats::default();
    stats.embedding_time_ms = Some(0);
    stats.keyword_time_ms = (call.app.config.era == Era::C).then_some(0);
    stats.retrieval_time_ms = milliseconds(found.duration);
    stats.generation_time_ms = milliseconds(generation);
    stats.total_time_ms = milliseconds(found.duration + generation);
    stats.sources_retrieved = Some(found.sources.len() as u64);
    stats.tokens_used = Some(text.split_whitespace().count() as u64);
    stats.llm_provider = Some("devserver".to_owned());
    stats.llm_model = Some("quotations".to_owned());
    stats
}

pub(super) async fn ask_stream(call: Call, request: StreamQuery) -> Result<EventStream<QueryEvent>, Refusal> {
    let StreamQuery { query, stream_format, .. } = request;
    // Real servers do not look at the history of a stream.
    let found = retrieve(&call, &query, None).await?;
    let text = quote(&found).await?;
    let tokens: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
    let delay = call.app.config.token_delay;
    let clock = call.app.clock.clone();
    let tokens = stream::iter(tokens).then(move |token| {
        let clock = clock.clone();
        async move {
            clock.pause(delay).await;
            token
        }
    });
    Ok(match stream_format {
        Some(StreamFormat::V1) => EventStream::text(tokens),
        format => EventStream::events(events(call, found, text, tokens, format == Some(StreamFormat::V3))),
    })
}

/// The context, the tokens, and the statistics.
fn events(
    call: Call,
    found: Retrieved,
    text: String,
    tokens: impl Stream<Item = String> + Send + 'static,
    with_bundle: bool,
) -> impl Stream<Item = QueryEvent> + Send + 'static {
    let mut context = QueryEvent::context(found.sources.clone());
    if let QueryEvent::Context { query_mode, retrieval_time_ms, subgraph, bundle, .. } = &mut context {
        *query_mode = Some(found.mode.clone());
        *retrieval_time_ms = milliseconds(found.duration);
        *bundle = with_bundle.then(|| sources::bundle(&found.hits, &found.sources, found.subgraph.clone()));
        *subgraph = found.subgraph.clone().filter(|_| !with_bundle);
    }
    let started = Instant::now();
    let done = async move {
        let mut stats = stats(&call, &found, started.elapsed(), &text);
        stats.query_mode = Some(found.mode.clone());
        QueryEvent::done(stats)
    };
    let tokens = tokens.map(QueryEvent::token);
    stream::iter([context]).chain(tokens).chain(stream::once(done))
}
