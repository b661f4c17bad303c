//! Spans for `tracing`: one for each operation, one for each attempt in it, and no secret in either.

use std::error::Error;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use edgequake_client::Client;
use edgequake_client::types::query::Query;
use edgequake_devserver::{DevServer, Role};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Prints what is logged, and keeps it for a look at the end.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stdout().write_all(bytes)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .without_time()
        .with_writer(log.clone())
        .init();

    let password = "correct horse battery staple";
    let server = DevServer::builder().user("ada", "ada@example.com", password, Role::User).start().await?;
    let client = Client::builder().base_url(server.url()).build()?.login("ada", password).await?;
    client.query().execute(Query::new("A question about somebody")).await?;
    // Two attempts in one operation: the token is refused, renewed, and the request sent again.
    server.expire_access_tokens();
    client.query().execute(Query::new("Another question about somebody")).await?;
    // The client itself may be logged, too.
    tracing::info!(?client, "done");

    let text = String::from_utf8(log.0.lock().unwrap_or_else(PoisonError::into_inner).clone())?;
    // The path template and the status are there...
    assert!(text.contains("/api/v1/query") && text.contains("status=200") && text.contains("status=401"));
    // ... and neither password nor token (a JWT begins with `eyJ`), nor what was asked.
    for secret in [password, "eyJ", "somebody"] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
    server.shutdown().await;
    Ok(())
}
