use edgequake_client::{Certificate, Client, HttpTransport, Proxies};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let authority = Certificate::from_pem(&std::fs::read("corp-ca.pem")?)?;
    let proxies = Proxies::all("http://user:password@proxy.corp.example:3128", ".corp.example, 10.0.0.0/8")?;
    let transport = HttpTransport::builder().certificate(authority).proxies(proxies);

    let client = Client::builder().env().transport(transport).build()?;
    println!("server {}", client.health().get().await?.version);
    Ok(())
}
