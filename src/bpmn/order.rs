//! Stand-in.
const D: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
pub(crate) fn between(lo: Option<&str>, hi: Option<&str>, rng: &mut fastrand::Rng) -> String {
    let lo: Vec<usize> =
        lo.unwrap_or("").bytes().map(|b| D.iter().position(|d| *d == b).unwrap_or(0)).collect();
    let hi: Option<Vec<usize>> =
        hi.map(|h| h.bytes().map(|b| D.iter().position(|d| *d == b).unwrap_or(0)).collect());
    let mut out = Vec::new();
    let mut tight = hi.is_some();
    let mut i = 0;
    loop {
        let l = lo.get(i).copied().unwrap_or(0);
        let h = if tight { hi.as_ref().and_then(|h| h.get(i).copied()).unwrap_or(0) } else { 62 };
        if h > l + 1 {
            out.push((l + h) / 2);
            break;
        }
        out.push(l);
        if h > l {
            tight = false;
        }
        i += 1;
        if i > 5000 {
            break;
        }
    }
    out.push(rng.usize(1..62));
    out.iter().map(|d| D[*d] as char).collect()
}
