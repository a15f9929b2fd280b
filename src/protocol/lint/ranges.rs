//! Sorted, merged sets of clock ranges.
//!
//! PURE. Ranges never touch or overlap, so that a set has one form and takes as little as it can.

/// A set of clocks, kept as half-open ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    /// A set out of ranges in any order; empty ones vanish.
    pub fn from_unsorted(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.retain(|(start, end)| start < end);
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        Self(merged)
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ranges in it.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The ranges, in order, ends exclusive.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.0.iter().copied()
    }

    /// The end of the last range.
    pub fn end(&self) -> u32 {
        self.0.last().map_or(0, |(_, end)| *end)
    }

    /// Whether a clock is in it.
    pub fn contains(&self, clock: u32) -> bool {
        let next = self.0.partition_point(|(start, _)| *start <= clock);
        next.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, end)| clock < *end)
    }

    /// Whether all clocks from `start` to before `end` are in it.
    pub fn covers(&self, start: u32, end: u32) -> bool {
        let next = self.0.partition_point(|(from, _)| *from <= start);
        next.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, to)| end <= *to)
    }

    /// Adds one range. Amortised constant at the end, linear in what lies behind it elsewhere.
    pub fn insert(&mut self, start: u32, end: u32) {
        if start >= end {
            return;
        }
        let first = self.0.partition_point(|(_, before)| *before < start);
        let last = first + self.0[first..].partition_point(|(after, _)| *after <= end);
        let mut joined = (start, end);
        for (from, to) in &self.0[first..last] {
            joined = (joined.0.min(*from), joined.1.max(*to));
        }
        self.0.splice(first..last, [joined]);
    }

    /// Adds all of another set, linear in both.
    pub fn merge(&mut self, other: &Self) {
        if other.0.len() <= 4 {
            for (start, end) in other.iter() {
                self.insert(start, end);
            }
        } else {
            let mut all = std::mem::take(&mut self.0);
            all.extend_from_slice(&other.0);
            *self = Self::from_unsorted(all);
        }
    }

    /// What is in here and not in `other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for (mut start, end) in self.iter() {
            let first = other.0.partition_point(|(_, before)| *before <= start);
            for (from, to) in &other.0[first..] {
                if *from >= end {
                    break;
                }
                if *from > start {
                    left.push((start, *from));
                }
                start = start.max(*to);
            }
            if start < end {
                left.push((start, end));
            }
        }
        Self(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn clocks(ranges: &Ranges) -> BTreeSet<u32> {
        ranges.iter().flat_map(|(start, end)| start..end).collect()
    }

    #[test]
    fn sets_behave_like_sets_of_clocks() {
        let mut rng = fastrand::Rng::with_seed(3);
        for _ in 0..5000 {
            let mut random = |n: usize| -> Vec<(u32, u32)> {
                (0..n)
                    .map(|_| {
                        let start = rng.u32(..40);
                        (start, start + rng.u32(..6))
                    })
                    .collect()
            };
            let (a, b) = (random(6), random(8));
            let (one, two) = (Ranges::from_unsorted(a.clone()), Ranges::from_unsorted(b.clone()));
            let mut grown = Ranges::default();
            for (start, end) in a {
                grown.insert(start, end);
            }
            assert_eq!(grown, one);
            let mut both = one.clone();
            both.merge(&two);
            assert_eq!(clocks(&both), &clocks(&one) | &clocks(&two));
            assert_eq!(clocks(&one.minus(&two)), &clocks(&one) - &clocks(&two));
            assert_eq!(Ranges::from_unsorted(both.iter().collect()), both);
            for clock in 0..50 {
                assert_eq!(one.contains(clock), clocks(&one).contains(&clock));
                let four = (clock..clock + 4).all(|clock| clocks(&one).contains(&clock));
                assert_eq!(one.covers(clock, clock + 4), four);
            }
        }
    }
}
