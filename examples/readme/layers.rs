use bytes::Bytes;
use edgequake_client::auth::{SharedCredentials, StaticKey};
use edgequake_client::layers::auth::AuthLayer;
use edgequake_client::layers::guard::{GuardLayer, TrustedOrigin};
use edgequake_client::layers::unauthorized::UnauthorizedLayer;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{ServiceBuilder, ServiceExt};

#[tokio::main]
async fn main() -> Result<(), edgequake_client::BoxError> {
    let base = std::env::var("EDGEQUAKE_BASE_URL")?;
    let credentials = SharedCredentials::from(StaticKey::new(std::env::var("EDGEQUAKE_API_KEY")?)?);
    let trusted = TrustedOrigin::new(base.parse()?);

    let transport: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let stack = ServiceBuilder::new()
        // Sends a request once more after a 401, with another credential if there is one.
        .layer(UnauthorizedLayer::new(credentials.clone()))
        .layer(AuthLayer::new(credentials, trusted.clone()))
        // Innermost: credentials go to this origin and nowhere else.
        .layer(GuardLayer::new(trusted))
        .service(transport);

    let request = Request::get(format!("{base}/api/v1/tasks")).body(Full::default())?;
    let answer = stack.oneshot(request).await?;
    println!("{}", answer.status());
    Ok(())
}
