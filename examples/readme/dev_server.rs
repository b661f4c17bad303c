use edgequake_client::Client;
use edgequake_devserver::{DevServer, Role};

#[tokio::test]
async fn a_session_is_renewed() -> Result<(), Box<dyn std::error::Error>> {
    let server =
        DevServer::builder().user("mona", "mona@corp.test", "correct horse", Role::User).start().await?;
    let client = Client::builder().base_url(server.url()).build()?.login("mona", "correct horse").await?;

    server.expire_access_tokens();
    assert_eq!(client.auth().me().await?.user.email, "mona@corp.test");
    assert_eq!((server.stats().logins, server.stats().refreshes), (1, 1));
    server.shutdown().await;
    Ok(())
}
