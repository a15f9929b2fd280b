//! Where an update that broke a document is kept for the operator: one file each, in the data folder.
//!
//! Bounded in number and written off the room's task. Holds content, so it is as private as the database.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::id::DiagramId;
use crate::limits;
use crate::room::core::Quarantined;
use crate::room::registry::QuarantineSink;

/// The folder within the data folder.
const FOLDER: &str = "quarantine";

/// What the registry hands broken updates to.
pub(super) fn sink(data: &Path) -> QuarantineSink {
    let folder = data.join(FOLDER);
    let kept = Arc::new(AtomicUsize::new(0));
    Box::new(move |diagram, broken| {
        tracing::error!(
            room.id = %diagram,
            user.id = broken.user.as_ref().map(tracing::field::display),
            applied = broken.applied.0,
            bytes = broken.update.len(),
            why = broken.why,
            "an update was quarantined"
        );
        if kept.fetch_add(1, Ordering::Relaxed) >= limits::MAX_QUARANTINE_FILES {
            return;
        }
        let (folder, diagram) = (folder.clone(), diagram.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = keep(&folder, &diagram, &broken) {
                tracing::error!(%error, room.id = %diagram, "a quarantined update could not be kept");
            }
        });
    })
}

/// Writes `NAME.bin`, the update, and `NAME.json`, its context.
fn keep(folder: &Path, diagram: &DiagramId, broken: &Quarantined) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let name = uuid::Uuid::now_v7().simple().to_string();
    let context = json!({
        "room": diagram,
        "user": broken.user,
        "applied": broken.applied.0,
        "why": broken.why,
    });
    write(folder.join(format!("{name}.bin")), &broken.update)?;
    write(folder.join(format!("{name}.json")), context.to_string().as_bytes())
}

fn write(path: PathBuf, bytes: &[u8]) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}
