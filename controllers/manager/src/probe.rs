//! One plain HTTP request, for pods that ask another pod how it is: the image has no other program.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use http::Uri;
use thiserror::Error;

/// What a server said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status code.
    pub code: u16,
    /// The body.
    pub body: String,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// Not an address that can be asked.
    #[error("{0:?} is not an address like http://127.0.0.1:8080/readyz")]
    Address(String),
    /// The name is not known.
    #[error("cannot resolve {name}: {error}")]
    Resolve { name: String, error: std::io::Error },
    /// Nobody answers at any of the addresses.
    #[error("cannot connect to {name}: {error}")]
    Connect { name: String, error: std::io::Error },
    /// The answer did not come, or not to its end.
    #[error("no answer from {name}: {error}")]
    Exchange { name: String, error: std::io::Error },
    /// The answer is not HTTP.
    #[error("{0} does not speak HTTP")]
    NotHttp(String),
}

/// More than this is not read; no health page is as long.
const LONGEST_ANSWER: u64 = 1 << 20;

/// Asks once.
pub fn get(url: &str, timeout: Duration) -> Result<Answer, ProbeError> {
    let uri: Uri = url.parse().map_err(|_| ProbeError::Address(url.to_owned()))?;
    let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(ProbeError::Address(url.to_owned()));
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let name = authority.to_string();
    let end = Instant::now() + timeout;
    let mut stream = connect(&uri, &name, end)?;
    // HTTP/1.0, so that the body comes in one piece and the connection closes behind it.
    let request = format!("GET {path} HTTP/1.0\r\nHost: {name}\r\nUser-Agent: mainstay-probe\r\n\r\n");
    let lost = |error| ProbeError::Exchange { name: name.clone(), error };
    stream.set_write_timeout(Some(left(end))).map_err(lost)?;
    stream.write_all(request.as_bytes()).map_err(lost)?;
    let bytes = read_until(stream, end).map_err(lost)?;
    parse(&String::from_utf8_lossy(&bytes)).ok_or(ProbeError::NotHttp(name))
}

fn connect(uri: &Uri, name: &str, end: Instant) -> Result<TcpStream, ProbeError> {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let addresses = (host, uri.port_u16().unwrap_or(80))
        .to_socket_addrs()
        .map_err(|error| ProbeError::Resolve { name: host.to_owned(), error })?;
    let mut failure = std::io::Error::other("the name has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, left(end)) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(ProbeError::Connect { name: name.to_owned(), error: failure })
}

/// Reads to the end of the stream; a server that sends a little now and then does not hold us beyond the end.
fn read_until(mut stream: TcpStream, end: Instant) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        stream.set_read_timeout(Some(left(end)))?;
        let count = stream.read(&mut buffer)?;
        bytes.extend(buffer.iter().take(count));
        if count == 0 || bytes.len() as u64 > LONGEST_ANSWER {
            return Ok(bytes);
        }
        if Instant::now() >= end {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
    }
}

/// Never zero, which the operating system would take for no limit.
fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut words = head.lines().next()?.split(' ');
    let code = words.next().filter(|version| version.starts_with("HTTP/")).and(words.next())?.parse().ok()?;
    Some(Answer { code, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A server that answers once, with these bytes, and tells what it was asked.
    fn serve(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 1024];
            let count = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..count]).into_owned()
        });
        (url, thread)
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn answers_are_read_whatever_they_say() {
        for (answer, code, body) in [
            ("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, "ok"),
            ("HTTP/1.1 500 Internal Server Error\r\n\r\n[-]cache failed\n", 500, "[-]cache failed\n"),
            ("HTTP/1.0 204 No Content\r\n\r\n", 204, ""),
        ] {
            let (url, server) = serve(answer);
            let expected = Answer { code, body: body.to_owned() };
            assert_eq!(get(&format!("{url}/readyz?verbose"), SECOND).unwrap(), expected);
            assert!(server.join().unwrap().starts_with("GET /readyz?verbose HTTP/1.0\r\nHost: 127.0.0.1:"));
        }
    }

    #[test]
    fn what_cannot_be_asked_is_an_error() {
        for url in ["https://127.0.0.1/", "127.0.0.1:8080", "http://", "", "http://a b/"] {
            assert!(matches!(get(url, SECOND), Err(ProbeError::Address(_))), "{url}");
        }
        let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(matches!(get(&format!("http://{unused}/"), SECOND), Err(ProbeError::Connect { .. })));
        let (url, server) = serve("SSH-2.0-x\r\n");
        assert!(matches!(get(&url, SECOND), Err(ProbeError::NotHttp(_))));
        server.join().unwrap();
    }

    #[test]
    fn a_silent_server_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let begin = Instant::now();
        assert!(matches!(get(&url, Duration::from_millis(50)), Err(ProbeError::Exchange { .. })));
        assert!(begin.elapsed() < 20 * SECOND);
    }
}
