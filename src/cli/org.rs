//! `atelier org`: what an organisation has, and its plan.

use clap::Args;

use super::{Common, Failure, data};
use crate::id::OrgId;
use crate::store::catalog::Plan;

/// Arguments.
#[derive(Debug, Args)]
pub(super) struct Org {
    #[command(flatten)]
    common: Common,
    /// The organisation
    org: OrgId,
    /// Give it this plan: free, pro, enterprise or unlimited
    #[arg(long)]
    plan: Option<Plan>,
}

impl Org {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.common.load(Vec::new())?;
        let store = data::open_existing(&config.store.data).await?;
        let catalog = store.catalog().selling(config.plans.catalog());
        let org = match self.plan {
            Some(plan) => catalog.set_plan(&self.org, plan).await,
            None => catalog.org(&self.org).await,
        };
        let org = org.map_err(Failure::usage)?;
        store.close().await;
        let allowed = org.allowed.map_or_else(|| "any number".to_owned(), |n| n.to_string());
        println!("{}: plan {}, {} of {allowed} diagrams", org.id, org.plan.as_str(), org.diagrams);
        Ok(())
    }
}
