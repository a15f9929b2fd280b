//! Who may act in which organisation: what a token claims, weighed against the stored membership.
//!
//! The membership decides; a token can only narrow it, and brings in who is not known yet as the settings
//! allow. Look-ups are remembered and follow the store's count of changes, which every node reads a few times
//! a second: what is changed here acts at once, what is changed elsewhere within that. Must not know HTTP or
//! sockets; whoever holds something open follows a standing.

mod remembered;

use std::collections::HashMap;
use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::auth::{Claimed, Identity};
use crate::config::{Auth, Provisioning};
use crate::id::{OrgId, UserId};
use crate::limits;
use crate::room::session::Role;
use crate::store::StoreError;
use crate::store::catalog::{Email, Member, Newcomer, OrgRole};
use crate::store::sqlite::Catalog;
use remembered::{Key, Remembered};

/// What a user is to an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No member, and never one: a guest, or somebody who has not come yet.
    Unknown,
    /// Added by an admin, and not come yet since then.
    Awaited(OrgRole),
    /// A member.
    Member(OrgRole),
    /// A member no more.
    Removed,
}

impl Standing {
    fn of(member: &Member) -> Self {
        match (member.removed_at, member.joined_at) {
            (Some(_), _) => Self::Removed,
            (None, Some(_)) => Self::Member(member.role),
            (None, None) => Self::Awaited(member.role),
        }
    }

    /// The most that any token gives; none: the user must leave. Whoever is no member holds a token that was
    /// made for it on purpose; one of an earlier membership gives no more than the present one, come or not.
    fn most(self) -> Option<OrgRole> {
        match self {
            Self::Removed => None,
            Self::Unknown => Some(OrgRole::Admin),
            Self::Awaited(role) | Self::Member(role) => Some(role),
        }
    }

    /// What is left of a role that a room token gives; none: the user must leave.
    pub fn in_room(self, granted: Role) -> Option<Role> {
        self.most().map(|most| if most.may_write() { granted } else { Role::Viewer })
    }
}

/// Why a valid token opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// It was removed from the organisation.
    #[error("you were removed from the organisation")]
    Removed,
    /// Whoever invited it was.
    #[error("whoever invited you was removed from the organisation: ask for a new invitation")]
    InviterRemoved,
    /// Nobody has added it, and the settings don't let it in by itself.
    #[error("you are no member of the organisation: ask an admin of it to add you")]
    NoMember,
    /// The token names no organisation, and the settings neither.
    #[error("the token names no organisation")]
    NoOrg,
    /// Nobody knows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who may become a member without an admin's doing.
#[derive(Debug)]
struct Policy {
    provisioning: Provisioning,
    domains: HashMap<String, OrgId>,
    default_org: Option<OrgId>,
    default_role: OrgRole,
}

impl Policy {
    /// The organisation that a token is for, and the role that its holder gets there if nobody knows it.
    fn place(&self, who: &Claimed) -> Option<(OrgId, Option<OrgRole>)> {
        let role = who.role.unwrap_or(self.default_role);
        let named = who.org.as_ref();
        let of_domain = who.email.as_ref().and_then(|email| self.domains.get(email.domain()));
        let default = self.default_org.as_ref();
        Some(match self.provisioning {
            Provisioning::Open => (named.or(default)?.clone(), Some(role)),
            Provisioning::Invite => (named.or(default)?.clone(), None),
            Provisioning::Domain => {
                let org = named.or(of_domain).or(default)?;
                (org.clone(), of_domain.filter(|of_domain| *of_domain == org).map(|_| role))
            }
        })
    }
}

/// Who may act where.
#[derive(Debug)]
pub struct Members {
    catalog: Catalog,
    policy: Policy,
    remembered: Remembered,
    /// Held while changes are read, so that they are taken in order.
    reading: tokio::sync::Mutex<()>,
}

impl Members {
    /// By these settings, from now on.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn open(
        catalog: Catalog,
        settings: &Auth,
        domains: HashMap<String, OrgId>,
    ) -> Result<Arc<Self>, StoreError> {
        let policy = Policy {
            provisioning: settings.provisioning,
            domains,
            default_org: settings.default_org.clone(),
            default_role: settings.default_role,
        };
        let (_, upto) = catalog.member_changes(u64::MAX).await?;
        let remembered = Remembered::from(upto);
        Ok(Arc::new(Self { catalog, policy, remembered, reading: tokio::sync::Mutex::default() }))
    }

    /// The organisation that a token is for.
    pub fn org_of(&self, who: &Claimed) -> Option<OrgId> {
        self.policy.place(who).map(|(org, _)| org)
    }

    /// Who a token's holder is here, brought in if it may come by itself.
    ///
    /// # Errors
    /// See [`NotAdmitted`].
    pub async fn admit(&self, who: Claimed) -> Result<Identity, NotAdmitted> {
        let (org, role) = self.policy.place(&who).ok_or(NotAdmitted::NoOrg)?;
        self.admit_as(org, role, who).await
    }

    /// The same for somebody whom the server itself signs in to this organisation: it becomes a member whatever
    /// the settings say of others.
    ///
    /// # Errors
    /// `Removed`, else as the store fails.
    pub async fn admit_at_home(&self, org: OrgId, who: Claimed) -> Result<Identity, NotAdmitted> {
        self.admit_as(org, Some(OrgRole::Member), who).await
    }

    async fn admit_as(
        &self,
        org: OrgId,
        first: Option<OrgRole>,
        who: Claimed,
    ) -> Result<Identity, NotAdmitted> {
        let Claimed { user, role: most, name, email, guest, .. } = who;
        if let Some(guest) = guest {
            // Its one right stands in its token, which only an invitation gives, for as long as whoever
            // invited it has that right.
            let inviter = self.standing(&org, &guest.by).await?;
            let role = most.unwrap_or(OrgRole::Viewer);
            let role = inviter.most().ok_or(NotAdmitted::InviterRemoved)?.min(role);
            return Ok(Identity { org, user, role, name, guest: Some(guest) });
        }
        let mut standing = self.standing(&org, &user).await?;
        match (standing, email) {
            (Standing::Member(_), Some(email)) => self.note_address(&org, &user, email).await,
            (Standing::Member(_), None) | (Standing::Removed, None) => {}
            // Who was removed may be awaited by its address.
            (_, email) => {
                let newcomer = Newcomer { user: user.clone(), email, role: first };
                standing = self.join(&org, newcomer).await?;
            }
        }
        match standing {
            Standing::Unknown | Standing::Awaited(_) => Err(NotAdmitted::NoMember),
            Standing::Removed => Err(NotAdmitted::Removed),
            Standing::Member(role) => {
                let role = most.map_or(role, |most| most.min(role));
                Ok(Identity { org, user, role, name, guest: None })
            }
        }
    }

    /// What somebody who comes is from then on.
    async fn join(&self, org: &OrgId, newcomer: Newcomer) -> Result<Standing, StoreError> {
        let joined = self.catalog.join_org(org, newcomer, OffsetDateTime::now_utc()).await?;
        let Some(member) = joined else { return Ok(Standing::Unknown) };
        self.refresh().await;
        Ok(Standing::of(&member))
    }

    /// Keeps a member's verified address, so that it is known by it again. That it can't be kept hinders nobody.
    async fn note_address(&self, org: &OrgId, user: &UserId, email: Email) {
        let key = (org.clone(), user.clone());
        if self.remembered.has_address(&key, &email) {
            return;
        }
        match self.catalog.note_address(org, user, &email).await {
            Ok(()) => self.remembered.put_address(key, email),
            Err(error) => tracing::warn!(user.id = %user, %error, "an address is not stored"),
        }
    }

    /// What a user is to an organisation.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn standing(&self, org: &OrgId, user: &UserId) -> Result<Standing, StoreError> {
        let key = (org.clone(), user.clone());
        if let Some(known) = self.remembered.get(&key) {
            return Ok(known);
        }
        let (member, upto) = self.catalog.membership(org, user).await?;
        let standing = member.as_ref().map_or(Standing::Unknown, Standing::of);
        self.remembered.put(key, standing, upto);
        Ok(standing)
    }

    /// What a user is to an organisation from now on.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn follow(
        self: &Arc<Self>,
        org: &OrgId,
        user: &UserId,
    ) -> Result<Following, StoreError> {
        // Followed before it is read: no change falls in between.
        let key = (org.clone(), user.clone());
        let changes = self.remembered.follow(&key);
        let members = Arc::clone(self);
        let mut following = Following { members, key, changes, first: Standing::Unknown };
        let news = *following.changes.borrow_and_update();
        if news.is_none() {
            following.first = self.standing(org, user).await?;
        }
        Ok(following)
    }

    /// Takes what changed since the last time: behind an own change, so that it acts at once.
    pub async fn refresh(&self) {
        let _one = self.reading.lock().await;
        loop {
            let after = self.remembered.upto();
            match self.catalog.member_changes(after).await {
                Ok((changed, upto)) => {
                    let last = changed.len() < limits::MEMBER_CHANGES as usize;
                    self.remembered.take(&changed, upto);
                    if last {
                        return;
                    }
                }
                // What is remembered grows old, and counts no more.
                Err(error) => {
                    tracing::debug!(%error, "changes of members could not be read");
                    return;
                }
            }
        }
    }

    /// Reads changes until `stop`: those of other nodes, and of commands.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(limits::MEMBERS_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            self.refresh().await;
        }
    }
}

/// A standing as it changes.
#[derive(Debug)]
pub struct Following {
    members: Arc<Members>,
    key: Key,
    changes: watch::Receiver<Option<Standing>>,
    /// What it was when nothing had changed yet.
    first: Standing,
}

impl Following {
    /// What it is.
    pub fn now(&self) -> Standing {
        self.changes.borrow().unwrap_or(self.first)
    }

    /// Waits for the next change. Cancel-safe.
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            // Nobody can tell any more: the node is stopping.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.members.remembered.unfollow(&self.key);
    }
}
