//! Invitations: a link that lets people without an account into one diagram, and the guests who come by it.
//!
//! An invitation is a token of its own purpose: it opens no API and no room, only a session of a guest, which may
//! do no more than whoever invited may at the time. It can't be taken back before its end, so its life is bounded.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Common, Keys, Purpose, TokenError, check_usage};
use crate::id::{DiagramId, OrgId, UserId};
use crate::room::session::Role;

const INVITE: Purpose = Purpose { audience: "atelier-invite", usage: "invite" };

/// What a caller without a seat in the organisation is limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The one diagram that it can reach.
    pub diagram: DiagramId,
    /// Who invited it: it may do no more than that one may now.
    pub by: UserId,
    /// When its invitation ends, and with it all that was made of it.
    pub until: SystemTime,
}

/// A verified invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// The tenant that owns the diagram.
    pub org: OrgId,
    /// The one diagram that this opens.
    pub diagram: DiagramId,
    /// What its guests may do there.
    pub role: Role,
    /// Who invites.
    pub by: UserId,
    /// When it ends, in whole seconds.
    pub expires: SystemTime,
}

impl Keys {
    /// The token of an invitation.
    ///
    /// # Errors
    /// `Malformed` when it can't be signed.
    pub fn mint_invite(&self, invite: &Invite, now: SystemTime) -> Result<String, TokenError> {
        self.sign(&InviteClaims {
            common: self.common(INVITE, &invite.by, &invite.org, now, invite.expires),
            diagram: invite.diagram.clone(),
            role: invite.role,
        })
    }

    /// What this token invites to.
    ///
    /// # Errors
    /// Why it was not accepted.
    pub fn invite(&self, token: &str) -> Result<Invite, TokenError> {
        let claims: InviteClaims = self.verify(token, INVITE)?;
        check_usage(&claims.common, INVITE)?;
        Ok(Invite {
            org: claims.common.org,
            diagram: claims.diagram,
            role: claims.role,
            by: claims.common.sub,
            expires: UNIX_EPOCH + Duration::from_secs(claims.common.exp),
        })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct InviteClaims {
    #[serde(flatten)]
    common: Common,
    diagram: DiagramId,
    role: Role,
}
