//! Which members of a list moved: all but a longest increasing subsequence.
//!
//! PURE.

/// For each entry of a new sequence, its position in the old one (`None`: not there): whether it may
/// keep its place. As many as possible do.
pub(super) fn stable(old_positions: &[Option<usize>]) -> Vec<bool> {
    // `tails[l]` is the index of the smallest last entry of an increasing run of length l + 1.
    let mut tails: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = vec![None; old_positions.len()];
    let at = |index: usize| old_positions.get(index).copied().flatten();
    for (index, position) in old_positions.iter().enumerate() {
        let Some(position) = *position else { continue };
        let length = tails.partition_point(|tail| at(*tail).is_some_and(|p| p < position));
        if let Some(slot) = previous.get_mut(index) {
            *slot = length.checked_sub(1).and_then(|l| tails.get(l).copied());
        }
        match tails.get_mut(length) {
            Some(tail) => *tail = index,
            None => tails.push(index),
        }
    }
    let mut keep = vec![false; old_positions.len()];
    let mut walk = tails.last().copied();
    while let Some(index) = walk {
        if let Some(slot) = keep.get_mut(index) {
            *slot = true;
        }
        walk = previous.get(index).copied().flatten();
    }
    keep
}

#[cfg(test)]
mod tests {
    use super::stable;

    fn kept(positions: &[i32]) -> Vec<i32> {
        let old: Vec<_> = positions.iter().map(|p| usize::try_from(*p).ok()).collect();
        let keep = stable(&old);
        positions.iter().zip(keep).filter_map(|(p, keep)| keep.then_some(*p)).collect()
    }

    #[test]
    fn nothing_moves_in_an_unchanged_list() {
        assert_eq!(kept(&[0, 1, 2, 3]), [0, 1, 2, 3]);
    }

    #[test]
    fn one_element_moved_to_the_end_is_the_only_one_that_moves() {
        assert_eq!(kept(&[1, 2, 3, 0]), [1, 2, 3]);
    }

    #[test]
    fn new_entries_never_keep_a_place() {
        assert_eq!(kept(&[-1, 0, -1, 1]), [0, 1]);
    }

    #[test]
    fn a_reversed_list_keeps_one() {
        assert_eq!(kept(&[3, 2, 1, 0]).len(), 1);
    }

    #[test]
    fn the_longest_run_is_found_among_shorter_ones() {
        assert_eq!(kept(&[5, 0, 6, 1, 7, 2, 3, 4]), [0, 1, 2, 3, 4]);
    }
}
