//! The seeded simulator: k nodes and m clients in one thread, on the memory log and a lossy, reordering,
//! doubling bus, with crashes, slow readers, failing appends and clock jumps; then the promises are checked.
//!
//! It runs the product's own core, replica, committer, lifecycle, feed and outbox; only what `task`,
//! `registry` and a socket do is played here. Replay one seed: `SIM_SEED=7 cargo test --test it sim_`.

mod client;
mod node;
mod promises;
mod trouble;
mod world;

use std::time::{Duration, Instant};

use world::{Happened, World};

/// Seeds that every run plays, at least.
const SEEDS: u64 = 120;
/// Further seeds are played while this time has not passed.
const TIME_BOX: Duration = Duration::from_secs(20);

fn play(seed: u64) -> Happened {
    println!("replay with: SIM_SEED={seed} cargo test --profile ci --test it sim_ -- --nocapture");
    World::new(seed).play()
}

#[test]
fn sim_p1_p2_p3_p4_p9_p11_hold_on_many_seeds_and_enough_happened() {
    if let Some(seed) = std::env::var("SIM_SEED").ok().and_then(|seed| seed.parse().ok()) {
        println!("{:#?}", play(seed));
        return;
    }
    let begun = Instant::now();
    let mut total = Happened::default();
    let mut seeds = 0;
    while seeds < SEEDS || begun.elapsed() < TIME_BOX {
        total.add(&play(seeds));
        seeds += 1;
    }
    println!("{seeds} seeds: {total:#?}");
    total.assert_enough(seeds);
}

/// A hint took the content of an earlier own row, which a foreign snapshot had swallowed, for the row at
/// its head: the receiver skipped that row for ever.
#[test]
fn sim_seed_190_a_hint_never_carries_the_content_of_another_row() {
    play(190);
}
