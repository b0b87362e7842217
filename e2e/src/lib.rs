//! The fixture that starts a real cluster, the tests against it, and the benchmarks beside the peer.
