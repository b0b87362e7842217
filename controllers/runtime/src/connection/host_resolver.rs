//! Host names to addresses. Replaceable, because the system's resolver needs files that a bare image may not have.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

/// The addresses of a host, to come.
pub type Resolved = BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

/// Finds the addresses of a host. The ports in the answer do not matter.
pub trait ResolveHost: Send + Sync {
    /// Looks a name up; never called for what is an address already.
    fn resolve(&self, host: &str) -> Resolved;
}

/// The system's own resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl ResolveHost for SystemResolver {
    fn resolve(&self, host: &str) -> Resolved {
        let host = host.to_owned();
        async move { Ok(tokio::net::lookup_host((host.as_str(), 0)).await?.collect()) }.boxed()
    }
}

/// A resolver in the form that hyper wants.
#[derive(Clone)]
pub(super) struct ResolverService(pub(super) Arc<dyn ResolveHost>);

impl Service<Name> for ResolverService {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        self.0.resolve(name.as_str()).map(|resolved| resolved.map(Vec::into_iter)).boxed()
    }
}
