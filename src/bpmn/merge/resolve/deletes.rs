//! What goes, and what a changed node keeps from going.
//!
//! PURE.

use std::collections::BTreeMap;

use super::Resolver;
use crate::bpmn::merge::conflict::differs;
use crate::bpmn::merge::index::reference;
use crate::bpmn::merge::op::{Clash, Kept, Op, Write};
use crate::bpmn::model::{Record, Value};

impl Resolver<'_> {
    pub(super) fn deletes(&mut self, ops: &[Op]) {
        let mut doomed: BTreeMap<&str, Record> = BTreeMap::new();
        let mut kept: Vec<String> = Vec::new();
        for op in ops {
            let Op::Delete { key, base } = op else { continue };
            let Some(now) = self.record(key).cloned() else { continue };
            if differs(base, &now) {
                self.report(key, Clash::ChangedMeanwhile { kept: self.prefer });
                if self.prefer == Kept::Current {
                    kept.push(key.clone());
                }
            }
            doomed.insert(key, now);
        }
        self.spare(&mut doomed, kept);
        let gone = doomed.keys().map(|key| Write::Delete((*key).to_owned()));
        self.out.writes.extend(gone);
    }

    /// Takes from the doomed whatever a kept node needs to be seen: containers, targets, its shape.
    fn spare(&self, doomed: &mut BTreeMap<&str, Record>, mut kept: Vec<String>) {
        while let Some(key) = kept.pop() {
            let Some(record) = doomed.remove(key.as_str()) else { continue };
            kept.extend(record.place().map(|(_, parent)| parent.to_owned()));
            let targets = record.0.values().filter_map(|value| match value {
                Value::List(list) => list.first().cloned(),
                Value::Text(_) => None,
            });
            kept.extend(targets);
            let shows = |(shape, record): (&&str, &Record)| {
                (reference(record, "bpmnElement") == Some(key.as_str()))
                    .then(|| (*shape).to_owned())
            };
            kept.extend(doomed.iter().filter_map(shows));
        }
    }
}
