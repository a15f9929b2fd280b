//! Reports and conflicts as lines of text.
//!
//! PURE. One line each, so that they can be searched and counted; long values are cut.

use std::fmt;

use super::op::{Clash, Conflict, ElementRef, Kept};
use super::report::{FieldChange, LayoutKind, Report};

/// Characters of a value that are shown.
const SHOWN: usize = 80;

impl fmt::Display for ElementRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kind.is_empty() { "element" } else { &self.kind };
        write!(f, "{kind} {}", self.id.as_deref().unwrap_or(&self.key))?;
        match &self.name {
            Some(name) => write!(f, " {}", quoted(name)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.removed {
            writeln!(f, "removed  {}", entry.element)?;
        }
        for entry in &self.added {
            match &entry.container {
                Some(container) => writeln!(f, "added    {} in {container}", entry.element)?,
                None => writeln!(f, "added    {}", entry.element)?,
            }
        }
        for entry in &self.moved {
            writeln!(f, "moved    {} from {} to {}", entry.element, entry.from, entry.to)?;
        }
        for entry in &self.renamed {
            let ElementRef { kind, id, key, .. } = &entry.element;
            let id = id.as_deref().unwrap_or(key);
            let (from, to) = (optional(entry.from.as_deref()), optional(entry.to.as_deref()));
            writeln!(f, "renamed  {kind} {id}: {from} -> {to}")?;
        }
        for entry in &self.reconnected {
            for change in &entry.changes {
                writeln!(f, "rejoined {}: {change}", entry.element)?;
            }
        }
        for entry in &self.changed {
            for change in &entry.changes {
                writeln!(f, "changed  {}: {change}", entry.element)?;
            }
        }
        for change in &self.document {
            writeln!(f, "document {change}")?;
        }
        for entry in &self.layout {
            write!(f, "layout   {} {}", entry.element, word(entry.change))?;
            match (&entry.from, &entry.to) {
                (None, None) => writeln!(f)?,
                (from, to) => {
                    let (from, to) = (optional(from.as_deref()), optional(to.as_deref()));
                    writeln!(f, ": {from} -> {to}")?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (optional(self.from.as_deref()), optional(self.to.as_deref()));
        write!(f, "{}: {from} -> {to}", self.field)
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.element)?;
        match &self.clash {
            Clash::Field { field, base, current, saved, kept } => {
                let [base, current, saved] =
                    [base, current, saved].map(|value| optional(value.as_deref()));
                write!(
                    f,
                    "{field} was {base}; ours {current}, theirs {saved}; kept {}",
                    side(*kept)
                )
            }
            Clash::DeletedMeanwhile => {
                write!(f, "deleted by ours, changed by theirs; stays deleted")
            }
            Clash::ChangedMeanwhile { kept: Kept::Saved } => {
                write!(f, "changed by ours, deleted by theirs; deleted")
            }
            Clash::ChangedMeanwhile { kept: Kept::Current } => {
                write!(f, "changed by ours, deleted by theirs; kept")
            }
            Clash::TargetDeleted { field, target } => {
                write!(f, "{field} of theirs leads to {target}, which ours deleted")
            }
            Clash::ParentDeleted { parent } => {
                write!(f, "theirs puts it into {parent}, which ours deleted")
            }
        }
    }
}

fn side(kept: Kept) -> &'static str {
    match kept {
        Kept::Current => "ours",
        Kept::Saved => "theirs",
    }
}

fn word(kind: LayoutKind) -> &'static str {
    match kind {
        LayoutKind::Moved => "moved",
        LayoutKind::Resized => "resized",
        LayoutKind::Rerouted => "rerouted",
        LayoutKind::Label => "label",
        LayoutKind::Style => "style",
        LayoutKind::Shown => "shown",
        LayoutKind::Hidden => "hidden",
        LayoutKind::OtherDiagram => "on another diagram",
    }
}

fn optional(value: Option<&str>) -> String {
    value.map_or_else(|| "nothing".to_owned(), quoted)
}

fn quoted(value: &str) -> String {
    let mut cut: String = value.chars().take(SHOWN).collect();
    if cut.len() < value.len() {
        cut.push('…');
    }
    format!("{cut:?}")
}
