use edgequake_client::Client;
use edgequake_client::types::documents::UploadText;
use edgequake_client::types::query::Query;

#[tokio::main]
async fn main() -> Result<(), edgequake_client::Error> {
    // Address, credential, tenant and workspace from the environment: EDGEQUAKE_BASE_URL, EDGEQUAKE_API_KEY, ...
    let client = Client::from_env()?;

    let upload = UploadText::new("The harbour bridge opened in 1931.").title("Bridge");
    let uploaded = client.documents().upload_text(upload).await?;
    client.documents().wait_for(&uploaded).await?;

    let answer = client.query().execute(Query::new("When did the harbour bridge open?")).await?;
    println!("{}", answer.answer);
    for source in answer.sources {
        println!("  {}", source.file_path.unwrap_or_default());
    }
    Ok(())
}
