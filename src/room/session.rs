//! Contract stub.

/// What a session may do in its room (ROOM R2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads and writes.
    Editor,
    /// Reads; its awareness is shown.
    Viewer,
}
