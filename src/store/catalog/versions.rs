//! The words for a diagram's history: revisions, what made them, how long they are kept.
//!
//! PURE.

use std::time::Duration;

use bytes::Bytes;
use time::OffsetDateTime;

use crate::id::{UserId, Version};
use crate::limits;

/// What made a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Version 1: the bytes as they were uploaded.
    Upload,
    /// Somebody saved.
    Save,
    /// Somebody brought an older version back.
    Restore,
    /// Somebody gave the present state a name.
    Milestone,
    /// The server kept the state of a live room.
    Checkpoint,
    /// Hidden: what a reader of a live room was given, so that it can be the base of a save.
    Base,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Upload, Self::Save, Self::Restore, Self::Milestone, Self::Checkpoint, Self::Base];

    /// The word for it in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Save => "save",
            Self::Restore => "restore",
            Self::Milestone => "milestone",
            Self::Checkpoint => "checkpoint",
            Self::Base => "base",
        }
    }

    /// What people call it.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Upload => "uploaded",
            Self::Save => "saved",
            Self::Restore => "restored",
            Self::Milestone => "named",
            Self::Checkpoint => "automatic",
            Self::Base => "hidden",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it changes the diagram on purpose: what makes other saves on older versions stale.
    pub fn is_save(self) -> bool {
        matches!(self, Self::Upload | Self::Save | Self::Restore)
    }

    /// How much somebody meant it. Storing the newest revision's text again stores nothing, but what
    /// the server kept by itself becomes what somebody wanted.
    pub fn intent(self) -> u8 {
        match self {
            Self::Base => 0,
            Self::Checkpoint => 1,
            Self::Upload | Self::Save | Self::Restore | Self::Milestone => 2,
        }
    }
}

/// A revision to store.
#[derive(Debug, Clone)]
pub struct NewRevision {
    /// What made it; never `Upload`, which only creation stores.
    pub kind: Kind,
    /// The materialised text, UTF-8.
    pub bytes: Bytes,
    /// SHA-256 of it.
    pub hash: [u8; 32],
    /// See [`super::Diagram::summary`].
    pub summary: serde_json::Value,
    /// Who is behind it; for a checkpoint one of the editors.
    pub author: UserId,
    /// Who edited since the revision before, as far as this process knows; the store adds who it knows of.
    pub editors: Vec<UserId>,
    /// Of `editors` those who may have edited after the text was read: they belong to the next one too.
    pub still_editing: Vec<UserId>,
    /// What it is called; always there for a milestone.
    pub name: Option<String>,
    /// What the author said about it.
    pub message: Option<String>,
    /// The version that a restore brings back.
    pub source: Option<Version>,
    /// The time.
    pub now: OffsetDateTime,
}

/// What became of a new revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is this version.
    Stored(Version),
    /// The newest version has the same materialised text: no other was stored.
    Unchanged(Version),
}

impl Added {
    /// The version that holds this text.
    pub fn version(self) -> Version {
        match self {
            Self::Stored(version) | Self::Unchanged(version) => version,
        }
    }
}

/// A stored revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub version: Version,
    /// What made it.
    pub kind: Kind,
    /// Of version 1 the uploaded bytes, of others the materialised text in UTF-8.
    pub bytes: Bytes,
    /// SHA-256 of the materialised text (not of `bytes`, where version 1 came in another form).
    pub hash: [u8; 32],
    /// Who is behind it.
    pub author: UserId,
    /// What the author said about it.
    pub message: Option<String>,
    /// When it was stored.
    pub created_at: OffsetDateTime,
}

/// A revision as the history shows it: without its bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionEntry {
    /// Its number.
    pub version: Version,
    /// What made it.
    pub kind: Kind,
    /// What it is called.
    pub name: Option<String>,
    /// What its author said about it.
    pub message: Option<String>,
    /// Who is behind it.
    pub author: UserId,
    /// Who edited since the version before, the author first.
    pub authors: Vec<UserId>,
    /// The version that it brought back.
    pub source: Option<Version>,
    /// What it contains, as JSON; empty for revisions of an older Atelier.
    pub summary: serde_json::Value,
    /// Bytes of its text.
    pub size: u64,
    /// When it was stored.
    pub created_at: OffsetDateTime,
}

/// One page of a history, the newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Versions {
    /// The versions.
    pub entries: Vec<VersionEntry>,
    /// Where the next page begins: below this version. Absent on the last one.
    pub next: Option<Version>,
}

/// How long revisions are kept. Named ones, version 1 and the newest one are kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Newest automatic ones.
    pub automatic: u32,
    /// Newest saved and restored ones.
    pub saved: u32,
    /// Whatever is younger than this is kept anyway.
    pub younger_than: Duration,
    /// How long hidden ones can be the base of a save.
    pub base: Duration,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            automatic: limits::KEEP_AUTOMATIC,
            saved: limits::KEEP_SAVED,
            younger_than: limits::KEEP_ALL_FOR,
            base: limits::KEEP_BASES_FOR,
        }
    }
}
