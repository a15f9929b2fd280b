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

use world::{Happened, World};

/// Seeds that every run plays: the same ones each time.
const SEEDS: u64 = 120;

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
    let mut total = Happened::default();
    for seed in 0..SEEDS {
        total.add(&play(seed));
    }
    println!("{SEEDS} seeds: {total:#?}");
    total.assert_enough(SEEDS);
}
