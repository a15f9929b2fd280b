use crate::craft::*;
use crate::lint_fuzz::{new_doc, new_have};
use atelier::protocol::lint::{Verdict, outline, outline_trusted};
use std::time::Instant;
use yrs::updates::decoder::Decode;
use yrs::{ReadTxn, Transact, Update};

fn run(name: &str, crafts: &[Craft]) {
    let (mut have, doc) = (new_have(), new_doc());
    for c in crafts {
        let u = c.bytes();
        let t = Instant::now();
        let o = match outline(&u) {
            Ok(o) => o,
            Err(e) => {
                println!("{name}: refused {e}");
                return;
            }
        };
        let t1 = t.elapsed();
        let v = have.judge(&u, &o);
        let t2 = t.elapsed() - t1;
        let Verdict::Fits(f) = v else {
            println!(
                "{name}: {:?}",
                match v {
                    Verdict::Refused(m) => m.0,
                    Verdict::Gap => "gap",
                    _ => "covered",
                }
            );
            return;
        };
        let t = Instant::now();
        have.absorb(&f.outline);
        let t3 = t.elapsed();
        let t = Instant::now();
        let mut txn = doc.transact_mut();
        txn.apply_update(Update::decode_v1(&u).unwrap()).unwrap();
        let t4 = t.elapsed();
        drop(txn);
        let t5 = t.elapsed() - t4;
        println!(
            "{name}: bytes {} outline {t1:?} judge {t2:?} absorb {t3:?} apply {t4:?} commit {t5:?} missing {} heap {}",
            u.len(),
            doc.transact().has_missing_updates(),
            have.heap_bytes()
        );
    }
    let t = Instant::now();
    let s = doc.transact().encode_state_as_update_v1(&Default::default());
    let t1 = t.elapsed();
    let d2 = new_doc();
    d2.transact_mut().apply_update(Update::decode_v1(&s).unwrap()).unwrap();
    println!(
        "{name}: encode {t1:?} reload {:?} {}",
        t.elapsed() - t1,
        outline_trusted(&s.into()).is_ok()
    );
}

#[test]
fn explore_client_chain() {
    // client i waits for client i-1 (lower ids come later in yrs)
    let n = std::env::var("N").map_or(19_000u64, |n| n.parse().unwrap());
    let mut c = Craft::default();
    for i in 1..=n {
        let t = text("t", "a");
        c = c.section(i, 0, [if i > 1 { t.after((i - 1, 0)) } else { t }]);
    }
    run("chain up", &[c]);
    let mut c = Craft::default();
    for i in 1..=n {
        let t = text("t", "a");
        c = c.section(i, 0, [if i < n { t.after((i + 1, 0)) } else { t }]);
    }
    run("chain down", &[c]);
}

#[test]
fn explore_conflicts() {
    let n = 10_000u64;
    let all = |from: u64| {
        let mut c = Craft::default();
        for i in from..from + n {
            c = c.section(i, 0, [text("t", "a")]);
        }
        c
    };
    run("conflict low then high", &[all(1), all(50_000)]);
    let two = |cl: u64, k: usize| Craft::default().section(cl, 0, (0..k).map(|_| text("t", "a")));
    run("one client many", &[two(1, 20_000), two(2, 20_000)]);
    let keyed = |cl: u64, k: usize| {
        Craft::default().section(
            cl,
            0,
            (0..k).map(|_| item(Parent::Root("m"), Some("k"), Content::Binary(vec![]))),
        )
    };
    run("one key many", &[keyed(1, 20_000), keyed(2, 20_000)]);
}

#[test]
fn explore_big() {
    let c = Craft::default().section(
        1,
        0,
        (0..200_000)
            .map(|_| Struct::Item(item(Parent::Root("m"), Some("k"), Content::Binary(vec![])))),
    );
    run("200k map sets of one key without origin", &[c]);
    let mut c = Craft::default().section(
        1,
        0,
        (0..200_000u32).map(|i| {
            let it = item(Parent::Root("m"), Some("k"), Content::Binary(vec![]));
            if i > 0 { it.after((1, i - 1)) } else { it }
        }),
    );
    run("200k map sets of one key chained", &[c.clone()]);
    c = c.delete(1, &[(0, 200_000)]);
    run("and deleted", &[c]);
    let c = Craft::default()
        .section(1, 0, (0..100_000u32).map(|_| text("t", "a")))
        .delete(1, &(0..50_000).map(|i| (i * 2, 1)).collect::<Vec<_>>());
    run("100k texts half deleted", &[c]);
    let mut v = vec![];
    v.push(Craft::default().section(1, 0, [text("t", &"a".repeat(1_000_000))]));
    v.push(Craft::default().delete(1, &(0..400_000).map(|i| (i * 2, 1)).collect::<Vec<_>>()));
    run("one text, 400k holes", &v);
    let mut v = vec![];
    v.push(Craft::default().section(1, 0, [text("t", &"a".repeat(1_000_000))]));
    v.push(Craft::default().section(
        2,
        0,
        (0..50_000u32).map(|i| text("t", "b").after((1, (i * 7919) % 999_999))),
    ));
    run("one text, 50k splits", &v);
}
