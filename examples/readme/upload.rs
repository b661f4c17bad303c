use edgequake_client::{Client, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::from_env()?;

    // Read while it is sent, and never held in memory as a whole.
    let uploaded = client.documents().upload_file("report.md").title("Annual report").await?;

    match client.documents().wait_for(&uploaded).await {
        Ok(document) => println!("{}: {} chunks", document.id, document.chunk_count),
        Err(error) => match error.processing() {
            // The document failed, as a whole or in part, or was cancelled.
            Some(failure) => {
                eprintln!("{error}");
                // Another try helps if a model was overloaded. If the file is to blame, delete the document and upload a better one.
                if let Some(task) = &failure.task_id {
                    client.tasks().retry(task.clone()).await?;
                }
            }
            // The server could not be asked, or the wait took too long.
            None => return Err(error),
        },
    }
    Ok(())
}
