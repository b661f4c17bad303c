use edgequake_client::types::query::Query;
use edgequake_client::{Client, Error};

/// The code to be tested: what the documents say, or `None` while the server is unavailable.
pub async fn look_up(client: &Client, question: &str) -> Result<Option<String>, Error> {
    match client.query().execute(Query::new(question)).await {
        Ok(answer) => Ok(Some(answer.answer)),
        Err(error) if error.is_retryable() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use edgequake_client::RetryConfig;
    use edgequake_client::types::documents::UploadText;
    use edgequake_devserver::{DevServer, Fault, Role};

    use super::*;

    #[tokio::test]
    async fn what_was_uploaded_is_found() -> Result<(), Box<dyn std::error::Error>> {
        // A server in memory, called without a socket.
        let server =
            DevServer::builder().user("mona", "mona@corp.test", "correct horse", Role::User).build()?;
        let client = Client::builder().build_on(server.service())?.login("mona", "correct horse").await?;

        let uploaded = client.documents().upload_text(UploadText::new("The bridge opened in 1931.")).await?;
        client.documents().wait_for(&uploaded).await?;
        let answer = look_up(&client, "When did the bridge open?").await?;
        assert!(answer.is_some_and(|answer| answer.contains("1931")));
        assert_eq!(server.stats().logins, 1);
        Ok(())
    }

    #[tokio::test]
    async fn an_unavailable_server_has_no_answer() -> Result<(), Box<dyn std::error::Error>> {
        let server = DevServer::builder().auth(false).build()?;
        let unavailable = server.faults().add(Fault::status(503).on("Query"))?;
        // Without retries: by default a 503 is retried for some seconds.
        let client = Client::builder().retry(RetryConfig::none()).build_on(server.service())?;
        assert_eq!(look_up(&client, "Is anybody there?").await?, None);
        assert_eq!(server.faults().hits(unavailable), 1);
        Ok(())
    }
}
