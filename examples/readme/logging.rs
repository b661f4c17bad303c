use edgequake_client::Client;

#[tokio::main]
async fn main() -> Result<(), edgequake_client::Error> {
    tracing_subscriber::fmt::init();

    let client = Client::from_env()?;
    println!("server {}", client.health().get().await?.version);
    Ok(())
}
