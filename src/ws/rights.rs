//! What an open socket may do: the least of what its newest token gives and what its user, or whoever invited it
//! as a guest, is to the organisation.
//!
//! One writer: whatever changes either goes through here to the room, so that no older right overtakes a newer
//! one, and no socket that does not read delays it.

use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use crate::members::Following;
use crate::protocol::close::CloseCode;
use crate::protocol::frame;
use crate::room::registry::{Inbox, Role};

/// What the newest token of a socket gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) role: Role,
    pub(super) expires: SystemTime,
}

/// The rights of one socket.
#[derive(Debug)]
pub(super) struct Rights {
    /// What its user, or of a guest who invited it, is to the organisation.
    pub(super) standing: Following,
    /// What the room knows.
    pub(super) role: Role,
}

impl Rights {
    /// Keeps the room informed until the user must leave; then the code to close with (R2).
    pub(super) async fn hold(
        mut self,
        mut granted: watch::Receiver<Terms>,
        inbox: &Inbox,
        replies: mpsc::Sender<Bytes>,
    ) -> CloseCode {
        let mut is_news = false;
        loop {
            let token = granted.borrow_and_update().role;
            let Some(role) = self.standing.now().in_room(token) else {
                return CloseCode::Forbidden;
            };
            if role != self.role {
                self.role = role;
                if inbox.set_role(role).await.is_err() {
                    // The outbox says why; the writer is about to read it.
                    std::future::pending::<()>().await;
                }
            }
            // A client knows what its token says. One that does not read learns it from what is refused.
            if (is_news || role != token) && replies.try_send(frame::role(role.as_str())).is_err() {
                tracing::debug!("a client was not told of its role");
            }
            is_news = tokio::select! {
                () = self.standing.changed() => true,
                changed = granted.changed() => {
                    if changed.is_err() {
                        // The reader has ended, and with it the socket: somebody else says so.
                        std::future::pending::<()>().await;
                    }
                    false
                }
            };
        }
    }
}
