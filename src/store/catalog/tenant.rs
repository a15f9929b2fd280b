//! The words for tenants: plans and what they allow, projects.
//!
//! PURE.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::id::{OrgId, ProjectId, UserId};
use crate::limits;

/// What an organisation pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// The smallest.
    Free,
    /// For teams.
    Pro,
    /// For companies.
    Enterprise,
    /// As many as the disk holds: for those who run the server for themselves.
    Unlimited,
}

impl Plan {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
            Self::Unlimited => "unlimited",
        }
    }
}

impl FromStr for Plan {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Free, Self::Pro, Self::Enterprise, Self::Unlimited]
            .into_iter()
            .find(|plan| plan.as_str() == text)
            .ok_or_else(|| "must be free, pro, enterprise or unlimited".to_owned())
    }
}

/// What plans allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plans {
    /// The plan of an organisation that was given none.
    pub default: Plan,
    /// Diagrams of a free one.
    pub free: u32,
    /// Diagrams of a pro one.
    pub pro: u32,
    /// Diagrams of an enterprise one.
    pub enterprise: u32,
}

impl Default for Plans {
    fn default() -> Self {
        Self {
            default: Plan::Unlimited,
            free: limits::DIAGRAMS_FREE,
            pro: limits::DIAGRAMS_PRO,
            enterprise: limits::DIAGRAMS_ENTERPRISE,
        }
    }
}

impl Plans {
    /// Diagrams that a plan allows; `None`: any number.
    pub fn diagrams(&self, plan: Plan) -> Option<u32> {
        match plan {
            Plan::Free => Some(self.free),
            Plan::Pro => Some(self.pro),
            Plan::Enterprise => Some(self.enterprise),
            Plan::Unlimited => None,
        }
    }
}

/// An organisation as its people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Its plan, its own or that of the settings.
    pub plan: Plan,
    /// Diagrams that are not deleted.
    pub diagrams: u32,
    /// Diagrams that it may have; `None`: any number.
    pub allowed: Option<u32>,
    /// Counts every change of any of its diagrams.
    pub change: u64,
}

/// A project: diagrams that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// What people call it.
    pub name: String,
    /// Who created it.
    pub created_by: UserId,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// Grows with every change: fit for an entity tag.
    pub change: u64,
}
