//! Orders for a run of nodes in one gap.
//!
//! PURE. Halving the gap again and again keeps the orders of a long run as short as its logarithm;
//! one after the other they would grow with the run.

use crate::bpmn::order;

/// `count` ascending orders between two neighbours (`None`: no neighbour on that side).
pub(super) fn spread(
    low: Option<&str>,
    high: Option<&str>,
    count: usize,
    rng: &mut fastrand::Rng,
) -> Vec<String> {
    if high.is_none() || low.is_none() {
        return one_sided(low, high, count, rng);
    }
    let mut orders: Vec<Option<String>> = vec![None; count];
    let mut gaps = vec![(0, count)];
    while let Some((from, to)) = gaps.pop() {
        if from >= to {
            continue;
        }
        let middle = from.midpoint(to);
        let below = from.checked_sub(1).and_then(|at| orders.get(at)).and_then(Option::as_deref);
        let above = orders.get(to).and_then(Option::as_deref);
        let order = order::between(below.or(low), above.or(high), rng);
        if let Some(slot) = orders.get_mut(middle) {
            *slot = Some(order);
        }
        gaps.push((from, middle));
        gaps.push((middle.saturating_add(1), to));
    }
    orders.into_iter().flatten().collect()
}

/// Appending or prepending: the integer part of an order grows by one each time.
fn one_sided(
    low: Option<&str>,
    high: Option<&str>,
    count: usize,
    rng: &mut fastrand::Rng,
) -> Vec<String> {
    let mut orders: Vec<String> = Vec::with_capacity(count);
    for _ in 0..count {
        let last = orders.last().map(String::as_str);
        let order = match high {
            None => order::between(last.or(low), None, rng),
            Some(high) => order::between(None, last.or(Some(high)), rng),
        };
        orders.push(order);
    }
    if high.is_some() {
        orders.reverse();
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::spread;

    fn ascending(low: Option<&str>, high: Option<&str>, count: usize) -> Vec<String> {
        let orders = spread(low, high, count, &mut fastrand::Rng::with_seed(7));
        assert_eq!(orders.len(), count);
        let all: Vec<&str> =
            low.into_iter().chain(orders.iter().map(String::as_str)).chain(high).collect();
        assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
        orders
    }

    #[test]
    fn runs_ascend_between_their_neighbours() {
        ascending(None, None, 50);
        ascending(Some("a1"), None, 50);
        ascending(None, Some("a1"), 50);
        ascending(Some("a1"), Some("a2"), 50);
    }

    #[test]
    fn a_thousand_nodes_in_one_gap_keep_short_orders() {
        let longest = ascending(Some("a1"), Some("a2"), 1000).iter().map(String::len).max();
        assert!(longest.is_some_and(|length| length < 30), "{longest:?}");
    }
}
