//! Order keys: strings that sort siblings and leave room between any two.
//!
//! PURE. Digits are base 62 in ASCII order, so byte order in Rust, code point order and UTF-16
//! order agree. A key is an integer part (`a0` … `az`, `b00` …, downwards `Zz` … `Z0`, `Yzz` …: the
//! first letter tells how many digits follow), then a fraction. Keys come from peers, so any
//! string is taken; what does not follow the scheme is an opaque string.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Random digits behind a new key: 3,844 to 1 against a clash of two inserts into one gap.
const RANDOM_DIGITS: usize = 2;

/// The key of the `index`-th of a run of siblings that all get their keys at once.
///
/// Keys grow with the index and never end in a fraction: the same list always gets the same keys.
#[must_use]
pub fn nth(index: usize) -> String {
    // The letter `a` + n stands for n + 1 digits.
    let mut first = 0_usize;
    let mut span = 62_usize;
    let mut letter = b'a';
    while letter < b'z' && index - first >= span {
        first += span;
        span = span.saturating_mul(62);
        letter += 1;
    }
    let length = usize::from(letter - b'a') + 1;
    let mut digits = vec![b'0'; length];
    let mut rest = index - first;
    for digit in digits.iter_mut().rev() {
        *digit = digit_at(rest % 62);
        rest /= 62;
    }
    let mut key = String::with_capacity(length + 1);
    key.push(char::from(letter));
    key.extend(digits.into_iter().map(char::from));
    key
}

/// A key between two siblings (`None`: the end of the list).
///
/// Total: where the keys leave room, the result is strictly between them; where they do not (equal
/// or reversed keys, or a neighbour made of least digits only) it is just behind the left one, and
/// the sort by (order, key) decides.
#[must_use]
pub fn between(left: Option<&str>, right: Option<&str>, rng: &mut fastrand::Rng) -> String {
    let mut key = match (left, right) {
        (None, None) => "a0".to_owned(),
        (Some(left), None) => after(left),
        (None, Some(right)) => before(right),
        (Some(left), Some(right)) if left < right => inside(left, right),
        (Some(left), Some(_)) => left.to_owned(),
    };
    for _ in 0..RANDOM_DIGITS {
        key.push(char::from(digit_at(rng.usize(0..62))));
    }
    // A key that ends in the least digit has no room before it.
    if key.ends_with('0') {
        key.pop();
        key.push(char::from(digit_at(rng.usize(1..62))));
    }
    key
}

fn digit_at(index: usize) -> u8 {
    DIGITS.get(index).copied().unwrap_or(b'z')
}

/// Appends: the next integer, or the key itself where it has no integer part to count up.
fn after(left: &str) -> String {
    integer_part(left).and_then(|int| step(int, true)).unwrap_or_else(|| left.to_owned())
}

/// Prepends: the integer before, or a string before an opaque one.
fn before(right: &str) -> String {
    integer_part(right)
        .and_then(|int| step(int, false))
        .unwrap_or_else(|| midpoint("", Some(right)))
}

/// Strictly between two keys, `left < right`; an integer of its own if one is free.
fn inside(left: &str, right: &str) -> String {
    let next = integer_part(left).and_then(|int| step(int, true));
    match next {
        // Not a prefix of `right`: the random digits behind it must not climb over.
        Some(int) if int.as_str() < right && !right.starts_with(&int) => int,
        _ => midpoint(left, Some(right)),
    }
}

/// The integer part of a key that follows the scheme.
fn integer_part(key: &str) -> Option<&str> {
    let letter = *key.as_bytes().first()?;
    let digits = match letter {
        b'a'..=b'z' => letter - b'a' + 1,
        b'A'..=b'Z' => b'Z' - letter + 1,
        _ => return None,
    };
    let int = key.get(..usize::from(digits) + 1)?;
    int.bytes().all(|b| b.is_ascii_alphanumeric()).then_some(int)
}

/// The integer after or before; none at the ends of the scale.
fn step(int: &str, up: bool) -> Option<String> {
    let mut bytes = int.as_bytes().to_vec();
    let (letter, digits) = bytes.split_first_mut()?;
    let (limit, wrapped) = if up { (b'z', b'0') } else { (b'0', b'z') };
    for digit in digits.iter_mut().rev() {
        if *digit != limit {
            let value = DIGITS.iter().position(|d| d == digit)?;
            *digit = digit_at(if up { value + 1 } else { value - 1 });
            return String::from_utf8(bytes).ok();
        }
        *digit = wrapped;
    }
    // All digits wrapped: the next letter has one digit more or less.
    let letter = *letter;
    let next = match (up, letter) {
        (true, b'z') | (false, b'A') => return None,
        (true, b'Z') => b'a',
        (false, b'a') => b'Z',
        (true, _) => letter + 1,
        (false, _) => letter - 1,
    };
    let digits = if next >= b'a' { next - b'a' + 1 } else { b'Z' - next + 1 };
    let mut out = String::with_capacity(usize::from(digits) + 1);
    out.push(char::from(next));
    out.extend(std::iter::repeat_n(char::from(wrapped), usize::from(digits)));
    Some(out)
}

/// A string after `left` and before `right`, which is no prefix of `right`.
///
/// Falls back to `left` where no digit string lies between.
fn midpoint(left: &str, right: Option<&str>) -> String {
    let mut out = String::new();
    let mut left_rest = left.chars();
    let mut right_rest = right.map(str::chars);
    loop {
        let low = left_rest.next();
        let high = right_rest.as_mut().map(Iterator::next);
        match (low, high) {
            // Bounded by the right key only up to here, or not at all: any digit above `low` does.
            (low, None) => match digit_between(low.unwrap_or('0'), None) {
                Some(digit) => {
                    out.push(digit);
                    return out;
                }
                None => out.extend(low),
            },
            (Some(low), Some(Some(high))) if low == high => out.push(low),
            (low, Some(Some(high))) => {
                if let Some(digit) = digit_between(low.unwrap_or('0'), Some(high)) {
                    out.push(digit);
                    return out;
                }
                let floor = low.unwrap_or('0');
                if floor < high {
                    // No digit between, but everything that starts with `floor` is below `high`.
                    out.push(floor);
                    right_rest = None;
                } else if low.is_none() && floor == high {
                    out.push(floor);
                } else {
                    return left.to_owned();
                }
            }
            (_, Some(None)) => return left.to_owned(),
        }
    }
}

/// The middle digit strictly between two characters.
fn digit_between(low: char, high: Option<char>) -> Option<char> {
    let inside: Vec<char> = DIGITS
        .iter()
        .map(|d| char::from(*d))
        .filter(|d| *d > low && high.is_none_or(|h| *d < h))
        .collect();
    inside.get(inside.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rng() -> fastrand::Rng {
        fastrand::Rng::with_seed(7)
    }

    #[test]
    fn the_keys_of_a_list_grow_and_stay_short() {
        let keys: Vec<String> = (0..5000).map(nth).collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
        assert_eq!((keys[0].as_str(), keys[61].as_str(), keys[62].as_str()), ("a0", "az", "b00"));
        assert!(keys.iter().all(|k| k.len() <= 4));
        assert!(nth(usize::MAX).len() <= 14);
    }

    #[test]
    fn a_new_key_lies_strictly_between_its_neighbours() {
        let mut rng = rng();
        let mut keys = vec![nth(0), nth(1)];
        for _ in 0..3000 {
            let at = rng.usize(0..=keys.len());
            let left = at.checked_sub(1).map(|i| keys[i].clone());
            let right = keys.get(at).cloned();
            let key = between(left.as_deref(), right.as_deref(), &mut rng);
            assert!(left.is_none_or(|l| l < key), "after its left neighbour");
            assert!(right.is_none_or(|r| key < r), "before its right neighbour");
            keys.insert(at, key);
        }
    }

    #[test]
    fn appends_and_prepends_stay_short() {
        let mut rng = rng();
        let (mut first, mut last) = (nth(0), nth(0));
        for _ in 0..2000 {
            last = between(Some(&last), None, &mut rng);
            first = between(None, Some(&first), &mut rng);
        }
        assert!(last.len() <= 5, "{last}");
        assert!(first.len() <= 5, "{first}");
    }

    #[test]
    fn inserts_into_one_gap_grow_slowly() {
        let mut rng = rng();
        let (left, mut right) = (nth(0), nth(1));
        for _ in 0..2000 {
            let key = between(Some(&left), Some(&right), &mut rng);
            assert!(left < key && key < right, "{left} < {key} < {right}");
            right = key;
        }
        assert!(right.len() < 800, "{}", right.len());
    }

    #[test]
    fn foreign_keys_are_taken_as_they_are() {
        let mut rng = rng();
        let odd = ["", "0", "00", "z1", "zz", "é", "a", "a0", "a01", "~", "A", "\u{10FFFF}", "Z"];
        for left in odd {
            assert!(between(Some(left), None, &mut rng).as_str() > left);
            drop(between(None, Some(left), &mut rng));
            for right in odd {
                let key = between(Some(left), Some(right), &mut rng);
                if left < right && !["", "0", "a"].contains(&left) {
                    assert!(left < key.as_str() && key.as_str() < right, "{left} {key} {right}");
                }
            }
        }
    }

    #[test]
    fn equal_neighbours_give_a_key_behind_them() {
        assert!(between(Some("a1"), Some("a1"), &mut rng()).as_str() > "a1");
    }
}
