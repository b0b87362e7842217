//! How many creates of one owner may be on their way at once.

/// A window that starts at one, grows by one with each acknowledgement, so that it doubles with each round trip, and halves
/// on failure: a quota or a webhook that refuses everything sees one request per try, not five hundred.
///
/// Upstream's counterpart is `slowStartBatch` in pkg/controller/replicaset/replica_set.go, which waits for each whole batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    size: usize,
}

/// The largest window: upstream's burst for ReplicaSets and ReplicationControllers.
pub const LARGEST_WINDOW: usize = 500;

impl Default for Window {
    fn default() -> Window {
        Window { size: 1 }
    }
}

impl Window {
    /// How many creates may be in flight.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A create was acknowledged.
    pub fn grow(&mut self) {
        self.size = (self.size + 1).min(LARGEST_WINDOW);
    }

    /// A create failed.
    pub fn halve(&mut self) {
        self.size = (self.size / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_with_each_round_of_acknowledgements_and_halves_on_failure() {
        let mut window = Window::default();
        let mut sizes = vec![window.size()];
        for _ in 0..10 {
            for _ in 0..window.size() {
                window.grow();
            }
            sizes.push(window.size());
        }
        assert_eq!(sizes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 500, 500]);
        for _ in 0..20 {
            window.halve();
        }
        assert_eq!(window.size(), 1);
    }
}
