use edgequake_client::Client;
use edgequake_client::auth::{StaticKey, Tokens};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let visitor = Client::from_env()?;
    let login = visitor.auth().login("user@example.com", "SecurePassword123!").await?;
    println!("{} token for {:?} s", login.token_type, login.expires_in);

    // A client that presents this very token, and is refused when it has expired.
    let client = visitor.with_credentials(StaticKey::new(login.access_token.clone())?);
    println!("{}", client.auth().me().await?.user.email);

    // A refresh by hand.
    let refresh_token = login.refresh_token.ok_or("this server gives no refresh tokens")?;
    let renewed = visitor.auth().refresh(refresh_token).await?;

    // A client that takes over tokens from elsewhere, and renews them by itself.
    let session = visitor.session_builder().tokens(Tokens::from(renewed)).build()?;
    let client = visitor.with_session(session);
    println!("{}", client.auth().me().await?.user.email);
    Ok(())
}
