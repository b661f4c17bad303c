//! One request on a connection of its own, with blocking sockets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use bytes::Bytes;
use http::{Request, Response};

/// Sends a request of a token transport, and calls `sent` before it waits for the answer.
pub(crate) fn post(
    address: SocketAddr,
    agent: &str,
    request: &Request<Bytes>,
    sent: impl FnOnce(),
) -> std::io::Result<Response<Bytes>> {
    let mut stream = TcpStream::connect(address)?;
    let (path, body) = (request.uri().path(), request.body());
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\nuser-agent: {agent}\r\n");
    for (name, value) in request.headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().map_err(std::io::Error::other)?));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(&[head.as_bytes(), body].concat())?;
    sent();
    let (first, body) = receive(&stream)?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
    let status = status.ok_or(std::io::ErrorKind::InvalidData)?;
    Response::builder().status(status).body(Bytes::from(body)).map_err(std::io::Error::other)
}

/// The first line of a message, and its body.
pub(crate) fn receive(stream: &TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            // Cut short by a kill: no message at all.
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((first, body))
}
