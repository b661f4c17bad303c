//! The dev server with answers to order, and what it was asked.

use edgequake_client::{Client, ClientBuilder};
use edgequake_devserver::{DevServer, Fault, RecordedRequest};

/// The id of every request that gets an ordered answer.
const REQUEST_ID: &str = "r-1";

/// A server that wants no credential, answers as these faults say, and records what it is asked.
pub(crate) async fn ordering(faults: impl IntoIterator<Item = Fault>) -> DevServer {
    let server = DevServer::builder().auth(false).start().await.unwrap();
    server.recorder().start();
    faults.into_iter().for_each(|fault| order(&server, fault));
    server
}

pub(crate) fn order(server: &DevServer, fault: Fault) {
    server.faults().add(fault).unwrap();
}

/// An answer to whatever is asked.
pub(crate) fn answer(status: u16, body: &str) -> Fault {
    let answer = Fault::status(status).header("x-request-id", REQUEST_ID);
    // There is no body to such an answer, not even an empty one.
    if status == 204 { answer } else { answer.body(body) }
}

/// An answer of another type than its body looks like.
pub(crate) fn page(status: u16, content_type: &str, body: &str) -> Fault {
    answer(status, body).header("content-type", content_type)
}

pub(crate) fn builder(server: &DevServer) -> ClientBuilder {
    Client::builder().base_url(server.url())
}

/// A client with a key, which the server takes for any other.
pub(crate) fn client(server: &DevServer) -> Client {
    builder(server).api_key("k1").build().unwrap()
}

/// How many requests there were for a path.
pub(crate) fn asked(server: &DevServer, path: &str) -> usize {
    server.request_log().iter().filter(|seen| seen.path == path).count()
}

/// The value of a header, by its lower-case name.
pub(crate) fn header<'a>(request: &'a RecordedRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
