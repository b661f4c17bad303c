//! A connection to the dev server: HTTP/1.1 by hand, one request after the other, so that the client costs next to nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::failure::{During, Failure, Result};

/// How long an answer may take before the measurement fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection that stays open.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    address: String,
    workspace: String,
}

impl Connection {
    pub(super) fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).during("connecting to the dev server")?;
        stream.set_nodelay(true).during("connecting to the dev server")?;
        stream.set_read_timeout(Some(PATIENCE)).during("connecting to the dev server")?;
        let stream = BufReader::new(stream);
        Ok(Self { stream, address: address.to_owned(), workspace: "default".to_owned() })
    }

    /// The same connection, for requests in another workspace.
    pub(super) fn in_workspace(mut self, workspace: &str) -> Self {
        workspace.clone_into(&mut self.workspace);
        self
    }

    /// Sends a request, and reads nothing.
    pub(super) fn send(&mut self, method: &str, path: &str, body: &str) -> Result<()> {
        self.write(method, path, body, body.len())
    }

    /// Sends a request of whose body a byte is missing.
    pub(super) fn send_part(&mut self, method: &str, path: &str, part: &str) -> Result<()> {
        self.write(method, path, part, part.len() + 1)
    }

    fn write(&mut self, method: &str, path: &str, body: &str, length: usize) -> Result<()> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nx-tenant-id: default\r\nx-workspace-id: {}\r\n\
             content-type: application/json\r\nx-edgequake-confirm: delete-all-documents\r\n\
             content-length: {length}\r\n\r\n{body}",
            self.address, self.workspace,
        );
        self.stream.get_mut().write_all(request.as_bytes()).during(format!("sending {method} {path}"))
    }

    /// Another connection to the same server.
    pub(super) fn another(&self) -> Result<Self> {
        Self::open(&self.address)
    }

    /// Reads the head of an answer: its status, and the length of its body where it is told.
    pub(super) fn head(&mut self) -> Result<(u16, Option<usize>)> {
        let mut line = String::new();
        self.stream.read_line(&mut line).during("reading an answer")?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| Failure::new(format!("no answer but {line:?}")))?;
        let mut length = None;
        loop {
            line.clear();
            self.stream.read_line(&mut line).during("reading an answer")?;
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().ok();
                }
                Some(_) => {}
                None => return Ok((status, length)),
            }
        }
    }

    /// Sends a request and reads its answer: status and body.
    pub(super) fn call(&mut self, method: &str, path: &str, body: &str) -> Result<(u16, Vec<u8>)> {
        self.send(method, path, body)?;
        let (status, length) = self.head()?;
        let mut body = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut body).during(format!("reading the answer to {method} {path}"))?;
        Ok((status, body))
    }

    /// A call that must succeed, and its JSON.
    pub(super) fn ask(&mut self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = self.call(method, path, &body)?;
        if !(200..300).contains(&status) {
            let text = String::from_utf8_lossy(&answer).into_owned();
            return Err(Failure::new(format!("{method} {path} was answered with {status}: {text}")));
        }
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).during(format!("reading the answer to {method} {path}"))
    }

    /// Reads one byte of a body.
    pub(super) fn byte(&mut self) -> Result<()> {
        self.stream.read_exact(&mut [0]).during("reading a body")
    }
}
