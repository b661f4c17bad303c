use edgequake_client::Client;
use edgequake_client::types::documents::ListDocuments;

#[tokio::main]
async fn main() -> Result<(), edgequake_client::Error> {
    tracing_subscriber::fmt::init();

    let client = Client::from_env()?;
    let page = client.documents().list(ListDocuments::new()).await?;
    println!("{} documents", page.total);
    Ok(())
}
