//! What goes wrong with the in-memory log, and when: by a script or by a seed, never by a clock.
//!
//! PURE: the same script or seed and the same calls give the same faults.

use std::collections::BTreeMap;

/// A call of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// `Log::append`.
    Append,
    /// `Log::find`.
    Find,
    /// `Log::read`.
    Read,
    /// `Log::snapshot`.
    Snapshot,
    /// `Log::heads`.
    Heads,
}

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails and changes nothing: `Refused` from an append, `Away` from the others.
    Refuse,
    /// The caller doesn't learn how it ended: `Unknown` from an append, `Away` from the others.
    Unknown(Fate),
    /// This call and the next ones, of whatever kind, find the store away.
    Away(u32),
}

/// What really became of a call whose outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was carried out.
    Stored,
    /// It never will be.
    Lost,
    /// It will be, after so many further calls, or when its batch is looked up.
    Late(u32),
}

/// How often what happens, per thousand calls, where a seed decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chances {
    /// Any call fails and changes nothing.
    pub refuse: u16,
    /// An append or a snapshot ends unknown; its fate is drawn too.
    pub unknown: u16,
    /// The store goes away for up to `away_calls` calls.
    pub away: u16,
    /// See `away`.
    pub away_calls: u32,
    /// One batch of an append is refused, the others are not.
    pub refuse_batch: u16,
    /// Longest time, in the caller's ticks, that an answer takes.
    pub latency: u32,
}

/// A plan of faults. The default plan has none.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    script: BTreeMap<(Op, u64), Fault>,
    random: Option<(fastrand::Rng, Chances)>,
    calls: BTreeMap<Op, u64>,
    away: u32,
}

impl Faults {
    /// Each fault strikes the n-th call of its kind, counted from 1.
    pub fn script(faults: impl IntoIterator<Item = (Op, u64, Fault)>) -> Self {
        let script = faults.into_iter().map(|(op, nth, fault)| ((op, nth), fault)).collect();
        Self { script, ..Self::default() }
    }

    /// Faults are drawn from the seed, call by call.
    pub fn seeded(seed: u64, chances: Chances) -> Self {
        Self { random: Some((fastrand::Rng::with_seed(seed), chances)), ..Self::default() }
    }

    /// What happens to this call.
    pub(super) fn strike(&mut self, op: Op) -> Option<Fault> {
        let count = self.calls.entry(op).or_default();
        *count += 1;
        let scripted = self.script.remove(&(op, *count));
        let fault = scripted.or_else(|| self.draw(op));
        if let Some(Fault::Away(calls)) = fault {
            self.away = self.away.max(calls);
        }
        if self.away > 0 {
            self.away -= 1;
            return Some(Fault::Refuse);
        }
        fault
    }

    /// Whether one batch of an append is refused by itself.
    pub(super) fn strikes_batch(&mut self) -> bool {
        self.random.as_mut().is_some_and(|(rng, chances)| hit(rng, chances.refuse_batch))
    }

    /// Ticks that the next answer takes.
    pub(super) fn latency(&mut self) -> u32 {
        self.random.as_mut().map_or(0, |(rng, chances)| rng.u32(0..=chances.latency))
    }

    fn draw(&mut self, op: Op) -> Option<Fault> {
        let (rng, chances) = self.random.as_mut()?;
        if hit(rng, chances.away) {
            return Some(Fault::Away(rng.u32(1..=chances.away_calls.max(1))));
        }
        if hit(rng, chances.refuse) {
            return Some(Fault::Refuse);
        }
        if matches!(op, Op::Append | Op::Snapshot) && hit(rng, chances.unknown) {
            return Some(Fault::Unknown(match rng.u8(0..3) {
                0 => Fate::Stored,
                1 => Fate::Lost,
                _ => Fate::Late(rng.u32(1..20)),
            }));
        }
        None
    }
}

fn hit(rng: &mut fastrand::Rng, per_thousand: u16) -> bool {
    rng.u16(0..1000) < per_thousand
}
