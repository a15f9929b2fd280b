//! The atomic geometry values: bounds, labels and waypoints (rule D11).
//!
//! PURE. Numbers stay the strings that the author wrote: nothing here prints a float.

/// Whether a string may stand as a coordinate: `-?[0-9.eE+-]+`, not starting with `+`.
#[must_use]
pub fn is_number(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('+')
        && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
}

/// `"x y width height"` taken apart.
#[must_use]
pub fn parse_bounds(text: &str) -> Option<[&str; 4]> {
    let mut parts = text.split(' ');
    let bounds = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    (parts.next().is_none() && bounds.iter().all(|n| is_number(n))).then_some(bounds)
}

/// A label: `""` has no bounds.
#[must_use]
pub fn parse_label(text: &str) -> Option<Option<[&str; 4]>> {
    if text.is_empty() { Some(None) } else { parse_bounds(text).map(Some) }
}

/// `"x,y x,y …"` taken apart; the flag tells of the leading `+` (every waypoint carries the
/// attribute `geo.wx`).
#[must_use]
pub fn parse_waypoints(text: &str) -> Option<(bool, Vec<(&str, &str)>)> {
    let (typed, points) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let point =
        |p: &'_ str| p.split_once(',').filter(|(x, y)| is_number(x) && is_number(y)).is_some();
    if !points.split(' ').all(point) {
        return None;
    }
    Some((typed, points.split(' ').filter_map(|p| p.split_once(',')).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lexical_forms_stay_as_they_are() {
        assert_eq!(parse_bounds("828.0 -5 1e3 80"), Some(["828.0", "-5", "1e3", "80"]));
        assert_eq!(parse_waypoints("+1,2 3.50,-4"), Some((true, vec![("1", "2"), ("3.50", "-4")])));
        assert_eq!(parse_label(""), Some(None));
    }

    #[test]
    fn anything_else_is_no_geometry() {
        for text in ["", "1 2 3", "1 2 3 4 5", "1  2 3 4", "a b c d", "1 2 3 +4", "1,2 3 4"] {
            assert_eq!(parse_bounds(text), None, "{text}");
        }
        for text in ["", "+", "1", "1,2,3", "1,2  3,4", "1,2 ", "++1,2", "1,\"2"] {
            assert_eq!(parse_waypoints(text), None, "{text}");
        }
    }
}
