//! Looking into etcd while something is measured.
//!
//! Asking the apiserver would take processor time from what is measured: a list decodes every pod, and each kubectl costs as
//! much as dozens of creates. etcd counts keys in an index that it has in memory, and its HTTP gateway on loopback
//! needs no TLS; what it counts is committed.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Longer than any answer takes.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A connection to etcd.
pub struct Etcd {
    stream: BufReader<TcpStream>,
}

impl Etcd {
    /// Connects to the gateway on this port of loopback.
    pub fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("cannot connect to etcd")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Etcd { stream: BufReader::new(stream) })
    }

    /// Counts the objects of a resource in a namespace.
    pub fn count(&mut self, resource: &str, namespace: &str) -> Result<u64> {
        let answer = self.range(range(resource, namespace), "count_only")?;
        // A zero is left out.
        Ok(number(answer.get("count")).unwrap_or_default())
    }

    /// How often the objects of a resource in a namespace were written since they were created.
    pub fn writes_of(&mut self, resource: &str, namespace: &str) -> Result<u64> {
        self.versions(range(resource, namespace))
    }

    /// How often the objects of a resource whose names begin like this were written since they were created. What was deleted
    /// counts no more.
    pub fn writes_of_some(&mut self, resource: &str, namespace: &str, prefix: &str) -> Result<u64> {
        self.versions(some(resource, namespace, prefix))
    }

    /// How much has been written to etcd, whatever it was.
    pub fn revision(&mut self) -> Result<u64> {
        let answer = self.range(range("none", "none"), "count_only")?;
        number(answer.pointer("/header/revision")).context("etcd does not tell its revision")
    }

    fn versions(&mut self, keys: [String; 2]) -> Result<u64> {
        let answer = self.range(keys, "keys_only")?;
        let objects = answer.get("kvs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Ok(objects.iter().filter_map(|object| number(object.get("version"))).sum())
    }

    /// Asks for keys from the first one up to the one behind them, and of these for that alone.
    fn range(&mut self, [first, behind]: [String; 2], only: &str) -> Result<Value> {
        let query = json!({"key": first, "range_end": behind, only: true, "serializable": true});
        let body = query.to_string();
        write!(
            self.stream.get_mut(),
            "POST /v3/kv/range HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .context("cannot ask etcd")?;
        let answer = read_answer(&mut self.stream).context("cannot read etcd's answer")?;
        serde_json::from_slice(&answer).context("etcd answers something that is no JSON")
    }
}

/// The first key of a resource in a namespace, and the first one behind all of them.
fn range(resource: &str, namespace: &str) -> [String; 2] {
    // Zero comes right behind the slash.
    ["/", "0"].map(|end| STANDARD.encode(format!("/registry/{resource}/{namespace}{end}")))
}

/// The first key of those that begin so, and the first one behind all that go on with a letter or digit.
fn some(resource: &str, namespace: &str, prefix: &str) -> [String; 2] {
    ["", "~"].map(|end| STANDARD.encode(format!("/registry/{resource}/{namespace}/{prefix}{end}")))
}

/// Reads an answer: a short one has a length, a long one comes in chunks that have one each.
fn read_answer(stream: &mut impl BufRead) -> Result<Vec<u8>> {
    let status = read_line(stream)?;
    let mut length = None;
    let mut is_chunked = false;
    loop {
        let line = read_line(stream)?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse()?);
        }
        is_chunked |= name.eq_ignore_ascii_case("transfer-encoding");
    }
    let mut body = Vec::new();
    if is_chunked {
        loop {
            let length =
                usize::from_str_radix(&read_line(stream)?, 16).context("a chunk without a length")?;
            let begin = body.len();
            body.resize(begin + length, 0);
            stream.read_exact(body.get_mut(begin..).unwrap_or_default())?;
            read_line(stream)?;
            if length == 0 {
                break;
            }
        }
    } else {
        body.resize(length.with_context(|| format!("no length: {status}"))?, 0);
        stream.read_exact(&mut body)?;
    }
    if status.split_whitespace().nth(1) != Some("200") {
        bail!("{status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(body)
}

fn read_line(stream: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// The gateway writes 64-bit numbers as text.
fn number(value: Option<&Value>) -> Option<u64> {
    value?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_to_their_end_and_no_further() {
        let mut two =
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\nwhy"
                .as_bytes();
        assert_eq!(read_answer(&mut two).unwrap(), b"{}");
        let error = read_answer(&mut two).unwrap_err().to_string();
        assert!(error.contains("400") && error.contains("why"), "{error}");
        assert!(read_answer(&mut "HTTP/1.1 200 OK\r\n\r\n".as_bytes()).is_err());

        let mut chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\na\r\n0123456789\r\n0\r\n\r\nHTTP".as_bytes();
        assert_eq!(read_answer(&mut chunks).unwrap(), b"{}0123456789");
        assert_eq!(chunks, b"HTTP");
    }

    #[test]
    fn numbers_are_text() {
        assert_eq!(number(Some(&json!("12"))), Some(12));
        assert_eq!(number(None), None);
    }
}
