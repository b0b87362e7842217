//! Clients of a service on every node, that ask and ask while something happens to what is behind it.
//!
//! One client of a node makes a connection for each request, as many scripts do; the other one keeps its connection for as long as the
//! server does, as most programs do. They are threads that have moved into the node's network, so kube-proxy leads them as it leads all
//! that runs there.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::SOON;
use crate::node::Node;
use crate::wait::wait_for;

/// A request that is not answered by then has failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// No client asks for longer, whatever becomes of the test.
const LONGEST: Duration = Duration::from_secs(600);
/// Between two requests of a client, so that it leaves something of the machine to those that it asks.
const PAUSE: Duration = Duration::from_millis(10);

/// What clients have seen.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many requests were sent.
    pub requests: usize,
    /// Over how many connections.
    pub connections: usize,
    /// How often each answer came.
    pub answers: BTreeMap<String, usize>,
    /// Requests without a good answer, in words.
    pub failed: Vec<String>,
}

/// Clients that are asking.
pub struct Traffic {
    address: SocketAddrV4,
    start: Instant,
    ends: AtomicBool,
    tally: Mutex<Tally>,
}

impl Traffic {
    /// Has clients on all nodes ask the address, waits until each is answered, does the work, and tells what the clients have seen.
    pub fn during<T>(
        nodes: &[Node<'_>],
        address: SocketAddrV4,
        work: impl FnOnce(&Traffic) -> Result<T>,
    ) -> Result<(T, Tally)> {
        for node in nodes {
            wait_for(&format!("kube-proxy of {} to lead to {address}", node.name()), SOON, || {
                Ok(ask(node, address, "/").ok())
            })?;
        }
        let (ends, tally) = (AtomicBool::new(false), Mutex::default());
        let traffic = Traffic { address, start: Instant::now(), ends, tally };
        let asking = &traffic;
        let done = std::thread::scope(|scope| {
            let clients: Vec<_> = nodes
                .iter()
                .flat_map(|node| [(node, false), (node, true)])
                .map(|(node, keeps)| scope.spawn(move || asking.ask_until_the_end(node, keeps)))
                .collect();
            let done = work(asking);
            asking.ends.store(true, Ordering::Relaxed);
            for client in clients {
                client.join().map_err(|_panic| anyhow!("a client panicked"))??;
            }
            done
        })?;
        let seconds = traffic.start.elapsed().as_secs_f64();
        let tally = traffic.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        eprintln!(
            "    {} requests over {} connections in {seconds:.1} s, {} failed",
            tally.requests,
            tally.connections,
            tally.failed.len(),
        );
        Ok((done, tally))
    }

    /// Waits until so many different answers have come from now on: from so many pods, where these say who they are.
    pub fn wait_for_answers(&self, count: usize) -> Result<()> {
        let before = self.tally().answers.clone();
        wait_for(&format!("{count} different answers"), SOON, || {
            let now = &self.tally().answers;
            let is_new = |(answer, times): &(&String, &usize)| before.get(*answer) != Some(*times);
            Ok((now.iter().filter(is_new).count() == count).then_some(()))
        })
    }

    fn ask_until_the_end(&self, node: &Node<'_>, keeps: bool) -> Result<()> {
        node.enter_network()?;
        let mut kept: Option<Connection> = None;
        while !self.ends.load(Ordering::Relaxed) && self.start.elapsed() < LONGEST {
            // As a client does that takes a connection from its pool.
            let mut connection = kept.take().filter(Connection::is_open);
            let is_new = connection.is_none();
            let answer = self.ask_by(&mut connection, keeps);
            let mut tally = self.tally();
            tally.requests += 1;
            tally.connections += usize::from(is_new);
            match answer {
                Ok(answer) => *tally.answers.entry(answer).or_default() += 1,
                Err(error) => tally.failed.push(format!(
                    "{} after {:.1} s, by a {} connection: {error:#}",
                    node.name(),
                    self.start.elapsed().as_secs_f64(),
                    if is_new { "new" } else { "kept" },
                )),
            }
            drop(tally);
            kept = connection.filter(|connection| connection.may_be_kept);
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Asks by this connection, or by a new one, which is left there then.
    fn ask_by(&self, connection: &mut Option<Connection>, keeps: bool) -> Result<String> {
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(Connection::to(self.address)?),
        };
        connection.ask("/", keeps)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks once, from a node, and gives the body of the answer.
pub fn ask(node: &Node<'_>, address: SocketAddrV4, path: &str) -> Result<String> {
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            node.enter_network()?;
            Connection::to(address)?.ask(path, false)
        });
        client.join().map_err(|_panic| anyhow!("a client panicked"))?
    })
}

struct Connection {
    stream: BufReader<TcpStream>,
    may_be_kept: bool,
}

impl Connection {
    fn to(address: SocketAddrV4) -> Result<Connection> {
        let stream = TcpStream::connect_timeout(&address.into(), PATIENCE).context("cannot connect")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Connection { stream: BufReader::new(stream), may_be_kept: false })
    }

    /// Whether the server has not closed it yet.
    fn is_open(&self) -> bool {
        let stream = self.stream.get_ref();
        let Ok(()) = stream.set_nonblocking(true) else { return false };
        let is_silent =
            matches!(stream.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
        stream.set_nonblocking(false).is_ok() && is_silent
    }

    /// Sends a request, and gives the body of its answer, which must be one of success.
    fn ask(&mut self, path: &str, keeps: bool) -> Result<String> {
        self.may_be_kept = false;
        let connection = if keeps { "keep-alive" } else { "close" };
        let request = format!("GET {path} HTTP/1.1\r\nHost: service\r\nConnection: {connection}\r\n\r\n");
        self.stream.get_mut().write_all(request.as_bytes()).context("cannot send")?;
        let status = self.line()?;
        let mut length = None;
        let mut closes = !keeps;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':').map(|(name, value)| (name, value.trim())) {
                Some(("content-length", value)) => length = Some(value.parse().context("no length")?),
                Some(("connection", "close")) => closes = true,
                Some(("transfer-encoding", value)) => bail!("an answer that is {value} is not understood"),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length.context("an answer without a length is not understood")?];
        self.stream.read_exact(&mut body).context("the answer is cut off")?;
        let body = String::from_utf8_lossy(&body).trim().to_owned();
        ensure!(status.split(' ').nth(1) == Some("200"), "{status}: {body}");
        self.may_be_kept = !closes;
        Ok(body)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let count = self.stream.read_line(&mut line).context("no answer")?;
        ensure!(count > 0, "the connection was closed without an answer");
        Ok(line.trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// What a client makes of these answers to one request after the other, each of which is the last one of its connection.
    fn heard(answers: &'static [&'static str]) -> Vec<Result<(String, bool)>> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let std::net::SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("no IPv4") };
        let server = std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let read = stream.read(&mut [0; 1024]).unwrap();
                assert!(read > 0);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let ask = |_: &&str| {
            let mut connection = Connection::to(address)?;
            connection.ask("/", true).map(|body| (body, connection.may_be_kept))
        };
        let heard = answers.iter().map(ask).collect();
        server.join().unwrap();
        heard
    }

    #[test]
    fn answers_are_told_from_failures() {
        let heard = heard(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nyes",
            "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut",
            "",
        ]);
        let words: Vec<String> = heard
            .into_iter()
            .map(|heard| {
                heard.map_or_else(|error| format!("{error}"), |(body, kept)| format!("{body} {kept}"))
            })
            .collect();
        assert_eq!(
            words,
            [
                "yes true",
                "yes false",
                "HTTP/1.1 502 Bad Gateway: no",
                "the answer is cut off",
                "the connection was closed without an answer",
            ]
        );
    }

    #[test]
    fn a_connection_that_the_server_has_closed_is_noticed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let std::net::SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("no IPv4") };
        let connection = Connection::to(address).unwrap();
        let (stream, _) = listener.accept().unwrap();
        assert!(connection.is_open());
        drop(stream);
        wait_for("the end to be seen", SOON, || Ok((!connection.is_open()).then_some(()))).unwrap();
    }
}
