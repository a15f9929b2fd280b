//! Where boundary events and sequence flows hang: the first part of rule N11.
//!
//! PURE. A boundary event stands beside its host and a flow beside its ends; whoever moves the one while another
//! draws the other leaves them apart. Runs before liveness is known and drops nothing.

use super::graph::{Graph, Id, NONE, Role, TOP};
use super::repair::Reason;
use crate::bpmn::model::Value;
use crate::bpmn::tables;
use crate::limits::MAX_XML_DEPTH;

impl Graph<'_> {
    /// Hangs them into the container of what they join, also where what the records hang them on is gone: whoever
    /// deleted that never saw them in it. Gives those that stood elsewhere; `dry` leaves them there.
    pub(super) fn house(&mut self, dry: bool) -> Vec<Id> {
        let mut moved = Vec::new();
        // Flows may end at boundary events.
        for role in [Role::BoundaryEvent, Role::SequenceFlow] {
            let homes: Vec<(Id, Id)> = (0..)
                .zip(&self.nodes)
                .filter(|(id, _)| self.role(*id) == role && !self.is_raw(*id, Reason::N11))
                .filter_map(|(id, node)| {
                    let home = self.home(id, role).filter(|home| *home != node.parent)?;
                    (self.node(id)?.parent != TOP && self.is_container(home)).then_some((id, home))
                })
                .collect();
            for (id, home) in homes {
                moved.push(id);
                if let Some(node) = self.nodes.get_mut(id as usize).filter(|_| !dry) {
                    node.parent = home;
                }
            }
        }
        moved
    }

    /// The parent of what it joins.
    fn home(&self, id: Id, role: Role) -> Option<Id> {
        let parent = |id: Id| self.node(id).map(|n| n.parent);
        if role == Role::BoundaryEvent {
            let host = self.named(id, "attachedToRef");
            return host.filter(|host| self.is_of(*host, "Activity")).and_then(parent);
        }
        let end = |field| self.named(id, field).filter(|end| self.role(*end).is_flow_node());
        let (source, target) = (parent(end("sourceRef")?)?, parent(end("targetRef")?)?);
        (source == target).then_some(source)
    }

    fn is_of(&self, id: Id, ancestor: &str) -> bool {
        self.is_model(id) && self.tag(id).is_some_and(|t| tables::is_a(t.local, ancestor))
    }

    /// What a reference names, live or not.
    fn named(&self, id: Id, field: &str) -> Option<Id> {
        match self.node(id)?.record.0.get(field)? {
            Value::List(list) => self.find(list.first()?),
            Value::Text(_) => None,
        }
    }

    /// Whether it holds flow elements and its parents lead to the root, in as many levels as N3 goes, by nothing but
    /// such. Neither boundary events nor flows are such, so hanging them into it makes no cycle.
    fn is_container(&self, id: Id) -> bool {
        let mut at = id;
        for _ in 1..MAX_XML_DEPTH {
            let Some(node) = self.node(at).filter(|_| self.is_of(at, "FlowElementsContainer"))
            else {
                return false;
            };
            at = node.parent;
            if at == self.root {
                return at != NONE;
            }
        }
        false
    }
}
