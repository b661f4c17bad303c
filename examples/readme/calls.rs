use std::io::Write;
use std::time::Duration;

use edgequake_client::Client;
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::types::query::{QueryEvent, StreamQuery};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    // A call is a value: it may be given a limit, a workspace or a header before it is awaited.
    let list = client.documents().list(ListDocuments::new().page_size(50));
    let page = list.timeout(Duration::from_secs(10)).workspace("default").await?;
    println!("{} of {} documents", page.documents.len(), page.total);

    // All pages, one document at a time.
    let mut documents = client.documents().list(ListDocuments::new()).items();
    while let Some(document) = documents.next().await {
        let document = document?;
        println!("{} {:?}", document.id, document.title);
    }

    // An answer as it is written.
    let mut events = client.query().stream(StreamQuery::new("Which bridges are there?")).await?;
    while let Some(event) = events.next().await {
        if let QueryEvent::Token { content, .. } = event? {
            print!("{content}");
            std::io::stdout().flush()?;
        }
    }
    println!();
    Ok(())
}
