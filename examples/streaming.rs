//! Streamed answers: the events one by one, the statistics at the end, and how to stop early.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use edgequake_client::Client;
use edgequake_client::types::documents::UploadText;
use edgequake_client::types::query::{Query, QueryEvent, QueryMode, StreamQuery};
use edgequake_devserver::DevServer;
use futures_util::{StreamExt, TryStreamExt, pin_mut};

const TEXT: &str = "# Bridges\n\nThe old bridge opened in 1931. It was built by Mona Steel in four years. \
                    Until then a ferry crossed the river every hour.";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = DevServer::builder().auth(false).token_delay(Duration::from_millis(10)).start().await?;
    let client = Client::builder().base_url(server.url()).build()?;
    let uploaded = client.documents().upload_text(UploadText::new(TEXT).title("Bridges")).await?;
    client.documents().wait_for(&uploaded).await?;

    // Event by event. A failure inside the stream is an `Err` like any other, and so is a stream that is cut short:
    // `None` comes after the regular end only.
    let question = Query::new("When did the old bridge open?").mode(QueryMode::Mix).max_results(3);
    let mut answer = String::new();
    let mut events = client.query().stream(question.clone()).await?;
    while let Some(event) = events.next().await {
        match event? {
            QueryEvent::Context { sources, .. } => println!("{} source(s)", sources.len()),
            QueryEvent::Token { content, .. } => {
                print!("{content}");
                std::io::stdout().flush()?;
                answer.push_str(&content);
            }
            QueryEvent::Thinking { content, .. } => println!("({content})"),
            QueryEvent::Done { stats, llm_model, .. } => {
                let time = stats.and_then(|stats| stats.total_time_ms);
                println!("\n{} in {} ms", llm_model.unwrap_or_default(), time.unwrap_or(0));
            }
            // Servers may learn to send more.
            _ => {}
        }
    }
    assert!(answer.contains("1931"), "{answer}");

    // It is a `Stream`, so everything of `StreamExt` fits: only the text of the tokens, gathered.
    let events = client.query().stream(question.clone()).await?;
    let tokens = events.try_filter_map(async |event| {
        Ok(match event {
            QueryEvent::Token { content, .. } => Some(content),
            _ => None,
        })
    });
    let gathered: String = tokens.try_collect().await?;
    assert_eq!(gathered, answer);

    // Enough after three tokens: dropping the stream closes it, and the server stops writing.
    let events = client.query().stream(StreamQuery::from(question)).await?;
    let tokens =
        events.filter(|event| std::future::ready(matches!(event, Ok(QueryEvent::Token { .. })))).take(3);
    pin_mut!(tokens);
    let mut seen = 0;
    while let Some(token) = tokens.try_next().await? {
        seen += 1;
        println!("{seen}: {token:?}");
    }
    assert_eq!(seen, 3);
    server.shutdown().await;
    Ok(())
}
