//! `atelier user`: who belongs to an organisation, and with which role.
//!
//! Works on the data folder, beside a running server too, on whose open sockets it acts within a second.

use clap::{Args, Subcommand};
use time::OffsetDateTime;

use super::{Common, Failure, data};
use crate::id::{OrgId, UserId};
use crate::limits::MAX_PAGE;
use crate::store::StoreError;
use crate::store::catalog::{Email, Member, MemberId, MemberQuery, NewMember, OrgRole};
use crate::store::sqlite::Catalog;

/// Arguments.
#[derive(Debug, Args)]
pub(super) struct User {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Add a member, by user id or by an e-mail address that is awaited
    Add {
        /// The organisation
        org: OrgId,
        /// The user id, as tokens name it in `sub`; left out where only the address is known
        #[arg(required_unless_present = "email")]
        user: Option<UserId>,
        /// The e-mail address
        #[arg(long)]
        email: Option<Email>,
        /// admin, member or viewer
        #[arg(long, default_value = "member")]
        role: OrgRole,
    },
    /// List the members of an organisation
    List {
        /// The organisation
        org: OrgId,
        /// Those who were removed instead
        #[arg(long)]
        removed: bool,
    },
    /// Give a member another role
    Role {
        /// The organisation
        org: OrgId,
        /// The user id, or the address that is awaited
        user: MemberId,
        /// admin, member or viewer
        role: OrgRole,
    },
    /// Remove a member: it gets in no more, whatever tokens it holds
    Remove {
        /// The organisation
        org: OrgId,
        /// The user id, or the address that is awaited
        user: MemberId,
    },
}

impl User {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.common.load(Vec::new())?;
        let store = data::open_existing(&config.store.data).await?;
        let done = carry_out(&store.catalog(), self.what).await;
        store.close().await;
        for member in done? {
            println!("{}", line(&member));
        }
        Ok(())
    }
}

/// The members to show.
async fn carry_out(catalog: &Catalog, what: What) -> Result<Vec<Member>, Failure> {
    let (by, now) = (data::operator()?, OffsetDateTime::now_utc());
    match what {
        What::Add { org, user, email, role } => {
            let id = user.map(MemberId::from).or_else(|| email.clone().map(MemberId::from));
            let id = id.ok_or_else(|| Failure::usage("name a user or an --email"))?;
            let new = NewMember { id, role, email };
            let added = catalog.add_member(&org, &by, new, now).await;
            added.map(|member| vec![member]).map_err(|error| match error {
                StoreError::Exists => {
                    Failure::usage("is a member already: see `atelier user role`")
                }
                other => Failure::usage(other),
            })
        }
        What::List { org, removed } => all(catalog, &org, removed).await.map_err(Failure::usage),
        What::Role { org, user, role } => {
            let changed = catalog.set_role(&org, &by, &user, role, now).await;
            changed.map(|member| vec![member]).map_err(refused)
        }
        What::Remove { org, user } => {
            catalog.remove_member(&org, &by, &user, now).await.map_err(refused)?;
            Ok(Vec::new())
        }
    }
}

fn refused(error: StoreError) -> Failure {
    match error {
        StoreError::NotFound => Failure::usage("there is no such member: see `atelier user list`"),
        other => Failure::usage(other),
    }
}

async fn all(catalog: &Catalog, org: &OrgId, removed: bool) -> Result<Vec<Member>, StoreError> {
    let mut all: Vec<Member> = Vec::new();
    let mut query = MemberQuery { removed, addresses: true, limit: MAX_PAGE, after: None };
    loop {
        let page = catalog.members(org, &query).await?;
        all.extend(page.members);
        query.after = page.next;
        if query.after.is_none() {
            return Ok(all);
        }
    }
}

/// Tab-separated: user or address, role, name, address, how it stands.
fn line(member: &Member) -> String {
    let state = match (member.removed_at, member.joined_at) {
        (Some(_), _) => "removed",
        (None, Some(_)) => "joined",
        (None, None) => "awaited",
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let (name, email) = (text(&member.name), text(&member.email));
    format!("{}\t{}\t{name}\t{email}\t{state}", member.id, member.role.as_str())
}
