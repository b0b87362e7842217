//! Whether a world can come to rest from each of its states: without that, everything that is only looked at in states of rest
//! could be passed by, in a circle.

/// The states at rest and the steps between all states, backwards.
#[derive(Default)]
pub(super) struct Rest {
    /// States at rest.
    pub at_rest: Vec<u32>,
    /// Where a step leads, and where it comes from.
    pub steps: Vec<(u32, u32)>,
}

impl Rest {
    /// The first of so many states from which no way leads to one at rest.
    pub fn first_without(mut self, states: u32) -> Option<u32> {
        self.steps.sort_unstable();
        let mut can_rest = vec![false; usize::try_from(states).ok()?];
        let mut open = self.at_rest;
        while let Some(state) = open.pop() {
            let Some(known) = can_rest.get_mut(usize::try_from(state).ok()?) else { continue };
            if std::mem::replace(known, true) {
                continue;
            }
            let first = self.steps.partition_point(|(to, _)| *to < state);
            let leading_here = self.steps.iter().skip(first).take_while(|(to, _)| *to == state);
            open.extend(leading_here.map(|(_, from)| *from));
        }
        can_rest.iter().position(|known| !known).and_then(|position| u32::try_from(position).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_without_a_way_out_is_found() {
        let rest = |steps: &[(u32, u32)]| Rest {
            at_rest: vec![3],
            steps: steps.iter().map(|(from, to)| (*to, *from)).collect(),
        };
        assert_eq!(rest(&[(0, 1), (1, 2), (2, 1), (1, 3)]).first_without(4), None);
        assert_eq!(rest(&[(0, 1), (1, 2), (2, 1), (0, 3)]).first_without(4), Some(1));
    }
}
