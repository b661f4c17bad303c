use std::time::Duration;

use edgequake_client::Client;
use edgequake_client::auth::FileStore;

#[tokio::main]
async fn main() -> Result<(), edgequake_client::Error> {
    // The first run logs in with EDGEQUAKE_USERNAME and EDGEQUAKE_PASSWORD. Later ones go on with the session in the folder, and need
    // the name only.
    let client = Client::builder().env().token_store(FileStore::new("logins")).build()?;
    println!("{}", client.auth().me().await?.user.email);

    // A refresh token works once: its successor has to be in the folder before the process ends.
    if !client.settle(Duration::from_secs(10)).await {
        match client.session().and_then(|session| session.last_store_error()) {
            Some(why) => eprintln!("the session could not be stored: {why}"),
            None => eprintln!("the session could not be stored in time"),
        }
    }
    Ok(())
}
