//! `atelier org`: which organisations there are, what they have, and their plans.
//!
//! Works on the data folder, beside a running server too, on which it acts at once.

use clap::{Args, Subcommand};
use time::OffsetDateTime;

use super::{Common, Failure, data};
use crate::id::OrgId;
use crate::limits::MAX_PAGE;
use crate::store::StoreError;
use crate::store::catalog::{self, Plan};

/// Arguments.
#[derive(Debug, Args)]
pub(super) struct Org {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Create an organisation before anybody uses it
    Create {
        /// The organisation
        org: OrgId,
        /// Give it this plan: free, pro, enterprise or unlimited
        #[arg(long)]
        plan: Option<Plan>,
    },
    /// Show what an organisation has
    Show {
        /// The organisation
        org: OrgId,
    },
    /// Give an organisation a plan
    Plan {
        /// The organisation
        org: OrgId,
        /// free, pro, enterprise or unlimited
        plan: Plan,
    },
    /// List all organisations
    List,
}

impl Org {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.common.load(Vec::new())?;
        let store = data::open_existing(&config.store.data).await?;
        let catalog = store.catalog().selling(config.plans.catalog());
        let (by, now) = (data::operator()?, OffsetDateTime::now_utc());
        let orgs = match self.what {
            What::Show { org } => catalog.org(&org).await.map(|org| vec![org]),
            What::Plan { org, plan } => {
                catalog.set_plan(&org, &by, plan, now).await.map(|org| vec![org])
            }
            What::Create { org, plan } => match (catalog.create_org(&org, &by, now).await, plan) {
                (Ok(_), Some(plan)) => {
                    catalog.set_plan(&org, &by, plan, now).await.map(|org| vec![org])
                }
                (made, _) => made.map(|org| vec![org]),
            },
            What::List => all(&catalog).await,
        };
        store.close().await;
        for org in orgs.map_err(Failure::usage)? {
            let allowed = org.allowed.map_or_else(|| "any number".to_owned(), |n| n.to_string());
            let plan = org.plan.as_str();
            println!("{}: plan {plan}, {} of {allowed} diagrams", org.id, org.diagrams);
        }
        Ok(())
    }
}

async fn all(catalog: &crate::store::sqlite::Catalog) -> Result<Vec<catalog::Org>, StoreError> {
    let mut all: Vec<catalog::Org> = Vec::new();
    loop {
        let page = catalog.orgs(all.last().map(|org| &org.id), MAX_PAGE).await?;
        let is_last = page.len() < MAX_PAGE as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}
