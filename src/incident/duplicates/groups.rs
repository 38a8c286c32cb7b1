//! Groups that grow by joining: connected components, named by their first member.

/// Numbers 0, 1, 2 … in groups. The name of a group is its smallest number, so the order of joining leaves no trace.
#[derive(Debug, Clone, Default)]
pub struct Groups(Vec<usize>);

impl Groups {
    /// Adds the next number as a group of its own, and gives it.
    pub fn add(&mut self) -> usize {
        self.0.push(self.0.len());
        self.0.len() - 1
    }

    /// The smallest number of the group that `of` is in.
    #[must_use]
    pub fn first(&self, mut of: usize) -> usize {
        while self.0[of] != of {
            of = self.0[of];
        }
        of
    }

    /// Makes one group of the groups of both.
    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.shorten(a), self.shorten(b));
        self.0[a.max(b)] = a.min(b);
    }

    fn shorten(&mut self, of: usize) -> usize {
        let first = self.first(of);
        let mut at = of;
        while self.0[at] != first {
            at = std::mem::replace(&mut self.0[at], first);
        }
        first
    }
}
