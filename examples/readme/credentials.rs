use edgequake_auth::{AuthContext, Chain, Env, KeyFile, SharedCredentials};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A key of the environment, else one that is mounted as a file and may be rotated.
    let chain = Chain::builder()
        .environment(Env::from_process())
        .stored_login(KeyFile::new("/run/secrets/edgequake"));
    let credentials = SharedCredentials::from(chain.build());

    let mut headers = http::HeaderMap::new();
    let server = AuthContext::new("https://eq.example.com".parse()?);
    credentials.authorize(&server).await?.apply(&mut headers);
    println!("{headers:?}");
    Ok(())
}
