//! What every controller needs: store, queue, gates, back-off, leases and the brain.
