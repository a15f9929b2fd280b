//! What an append does, decided from what is known about its rooms: which batches are refused, which
//! are there already, and which rows, bindings and heads the others write.
//!
//! PURE, so that every implementation of the log decides alike. Must not know which database asks.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::log::{Append, Outcome, Refusal, Row};
use crate::id::{BatchId, ClientId, DiagramId, NodeId, Seq, UserId};

/// What the store holds about the rooms of an append, read under the same lock.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The heads of those rooms that exist and are not gone.
    pub(super) heads: BTreeMap<DiagramId, Seq>,
    /// The newest batch that the appending node has in each room: another try of it stores nothing.
    pub(super) own: BTreeMap<DiagramId, (BatchId, Seq)>,
    /// The owners of the named client ids.
    pub(super) owners: BTreeMap<(DiagramId, ClientId), UserId>,
}

/// What to write, and what to answer once it is written.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In the order of the batches.
    pub(super) outcomes: Vec<Outcome>,
    /// New rows, in sequence within each room.
    pub(super) rows: Vec<(DiagramId, Row)>,
    /// New owners of client ids.
    pub(super) bindings: Vec<(DiagramId, ClientId, UserId)>,
    /// New heads and the batches that are there, in the order of the ids.
    pub(super) heads: BTreeMap<DiagramId, (Seq, BatchId)>,
}

/// Plans an append. A refused batch leaves no trace in what the others write.
pub(super) fn plan(node: NodeId, batches: Vec<Append>, mut known: Known) -> Plan {
    let mut plan = Plan::default();
    for append in batches {
        let outcome = match place(node, append, &mut known, &mut plan) {
            Ok(seq) => Outcome::Committed(seq),
            Err(refusal) => Outcome::Refused(refusal),
        };
        plan.outcomes.push(outcome);
    }
    plan
}

fn place(node: NodeId, append: Append, known: &mut Known, plan: &mut Plan) -> Result<Seq, Refusal> {
    let Append { room, batch, updates, bindings } = append;
    let head = *known.heads.get(&room).ok_or(Refusal::Gone)?;
    if let Some((own, seq)) = known.own.get(&room)
        && *own == batch
    {
        return Ok(*seq);
    }
    if updates.is_empty() {
        return Err(Refusal::Store("a batch needs at least one update".into()));
    }
    let mut new: BTreeMap<ClientId, UserId> = BTreeMap::new();
    for (client, user) in bindings {
        let owner = known.owners.get(&(room.clone(), client));
        match (owner, new.entry(client)) {
            (Some(owner), _) if *owner != user => return Err(Refusal::Bound(client)),
            (Some(_), _) => {}
            (None, Entry::Occupied(entry)) if *entry.get() != user => {
                return Err(Refusal::Bound(client));
            }
            (None, Entry::Occupied(_)) => {}
            (None, Entry::Vacant(entry)) => {
                entry.insert(user);
            }
        }
    }
    let seq = head.next();
    for (client, user) in new {
        known.owners.insert((room.clone(), client), user.clone());
        plan.bindings.push((room.clone(), client, user));
    }
    known.heads.insert(room.clone(), seq);
    known.own.insert(room.clone(), (batch, seq));
    plan.heads.insert(room.clone(), (seq, batch));
    plan.rows.push((room, Row { seq, node, batch, updates }));
    Ok(seq)
}
