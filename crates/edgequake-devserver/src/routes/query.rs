//! Queries, answered in full or as a stream.

use std::sync::PoisonError;
use std::time::Duration;

use edgequake_types::query::{
    BundleChunk, ChunkLineage, ContentGranularity, ContextBundle, DocumentFilter, Query, QueryAnswer,
    QueryEvent, QueryMode, QueryStats, Source, SourceType, StreamFormat, StreamQuery,
};
use edgequake_types::session::Role;
use futures_util::{Stream, StreamExt, stream};
use tokio::time::Instant;
use uuid::Uuid;

use crate::config::Era;
use crate::error::Refusal;
use crate::events::EventStream;
use crate::reply::Reply;
use crate::retrieval::answer;
use crate::retrieval::index::Hit;
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
    hits: Vec<Hit>,
    sources: Vec<Source>,
    duration: Duration,
}

pub(super) async fn ask(call: Call, query: Query) -> Result<Reply<QueryAnswer>, Refusal> {
    let found = retrieve(&call, &query).await?;
    let started = Instant::now();
    let text = match (query.context_only, query.prompt_only) {
        (Some(true), _) => String::new(),
        (_, Some(true)) => answer::prompt(&query.query, &found.hits),
        _ => quote(&query.query, &found).await?,
    };
    let mut answer = QueryAnswer::new(text, found.mode.clone());
    answer.stats = stats(&call, &found, started.elapsed(), &answer.answer);
    answer.sources = found.sources;
    // The conversation is not stored, but the real server returns an id.
    answer.conversation_id = query.conversation_history.map(|_| Uuid::new_v4().to_string());
    Ok(Reply::new(answer))
}

async fn retrieve(call: &Call, query: &Query) -> Result<Retrieved, Refusal> {
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
    let mode = mode(query.mode.as_ref());
    let filter = query.document_filter.clone().unwrap_or_default();
    let space = call.app.spaces.get(&place).filter(|_| mode != QueryMode::Bypass);
    let found = match space {
        Some(space) => {
            let text = query.query.clone();
            let limit = query.max_results.unwrap_or(DEFAULT_SOURCES).min(MAX_SOURCES) as usize;
            let search = tokio::task::spawn_blocking(move || search(&space, &text, &filter, limit));
            search.await.map_err(|_| Refusal::internal())?
        }
        None => Vec::new(),
    };
    let granularity = query.content_granularity.as_ref();
    let sources = found.iter().enumerate();
    let sources = sources.map(|(number, (hit, name))| source(number + 1, hit, name.clone(), granularity));
    let sources = sources.collect();
    let hits = found.into_iter().map(|(hit, _)| hit).collect();
    call.app.counters.queries.increment();
    Ok(Retrieved { mode, hits, sources, duration: started.elapsed() })
}

/// The best chunks of the documents that pass the filter, and the names of these documents.
fn search(space: &Space, query: &str, filter: &DocumentFilter, limit: usize) -> Vec<(Hit, String)> {
    let index = space.index.lock().unwrap_or_else(PoisonError::into_inner);
    let hits = index.search(query, limit, |id| {
        let contents = space.contents();
        let document = contents.documents.get(id);
        document.is_some_and(|document| document.is_searchable() && document.matches(filter))
    });
    drop(index);
    let contents = space.contents();
    // A document that was deleted since is not a source.
    let named = hits.into_iter().filter_map(|hit| {
        let document = contents.documents.get(&hit.document_id)?;
        let name = document.file_name.as_ref().unwrap_or(&document.title).clone();
        Some((hit, name))
    });
    named.collect()
}

/// The mode that is used: unknown ones mean the default.
fn mode(requested: Option<&QueryMode>) -> QueryMode {
    match requested.map(|mode| QueryMode::from(mode.as_str().to_ascii_lowercase().as_str())) {
        None | Some(QueryMode::Other(_)) => QueryMode::Mix,
        Some(known) => known,
    }
}

fn source(number: usize, hit: &Hit, name: String, granularity: Option<&ContentGranularity>) -> Source {
    let id = format!("{}-chunk-{}", hit.document_id, hit.number);
    let mut source = Source::new(SourceType::Chunk, id, f64::from(hit.score));
    source.snippet = Some(match granularity {
        Some(ContentGranularity::Agent | ContentGranularity::Debug) => hit.chunk.text.clone(),
        _ => answer::snippet(&hit.chunk.text),
    });
    source.reference_id = Some(number.into());
    source.document_id = Some(hit.document_id.clone());
    source.file_path = Some(name);
    source.chunk_index = Some(hit.number as u64);
    (source.start_line, source.end_line) = (Some(hit.chunk.lines.0), Some(hit.chunk.lines.1));
    source
}

/// Composes the answer from quotations.
async fn quote(query: &str, found: &Retrieved) -> Result<String, Refusal> {
    if found.mode == QueryMode::Bypass {
        return Ok("The mode `bypass` only asks a language model, and this server has none.".to_owned());
    }
    let (query, hits) = (query.to_owned(), found.hits.clone());
    let text = tokio::task::spawn_blocking(move || answer::answer(&query, &hits));
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
    let found = retrieve(&call, &query).await?;
    let text = quote(&query.query, &found).await?;
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
    if let QueryEvent::Context { query_mode, retrieval_time_ms, bundle, .. } = &mut context {
        *query_mode = Some(found.mode.clone());
        *retrieval_time_ms = milliseconds(found.duration);
        *bundle = with_bundle.then(|| self::bundle(&found));
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

/// The context in full, for agents.
fn bundle(found: &Retrieved) -> Box<ContextBundle> {
    let chunk = |(hit, source): (&Hit, &Source)| {
        let mut chunk = BundleChunk::new(source.id.clone(), hit.chunk.text.clone());
        chunk.score = source.score;
        chunk.token_count = hit.chunk.text.split_whitespace().count() as u64;
        chunk.reference_id = source.reference_id.clone();
        let mut lineage = ChunkLineage::new();
        lineage.document_id = source.document_id.clone();
        lineage.file_path = source.file_path.clone();
        (lineage.start_line, lineage.end_line) = (source.start_line, source.end_line);
        lineage.chunk_index = source.chunk_index;
        chunk.lineage = Some(lineage);
        chunk
    };
    let mut bundle = ContextBundle::default();
    bundle.chunks = found.hits.iter().zip(&found.sources).map(chunk).collect();
    Box::new(bundle)
}
