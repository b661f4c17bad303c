use edgequake_types::query::{Query, QueryAnswer, QueryMode};
use edgequake_types::{Decode, Endpoint};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A client writes the request ...
    let request = Query::new("When did the bridge open?").mode(QueryMode::Mix).to_request()?;
    assert_eq!((request.method(), request.uri().path()), (&Query::METHOD, Query::PATH));

    // ... a server reads it and writes the answer ...
    let (parts, body) = request.into_parts();
    let query = Query::from_request(&parts, &body.bytes().unwrap_or_default())?;
    let answer = QueryAnswer::new("In 1931.", query.mode.unwrap_or(QueryMode::Mix));
    let response = Query::respond(&answer)?;

    // ... and the client reads that.
    let (head, body) = response.into_parts();
    println!("{}", QueryAnswer::decode(&head, body)?.answer);
    Ok(())
}
