//! `atelier migrate`: the schema of the store, ahead of a deploy. `serve` does the same at its start.

use clap::Args;

use super::{Common, Failure, data};

/// Arguments.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    common: Common,
}

impl Migrate {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.common.load(Vec::new())?;
        let store = data::open(&config.store.data).await?;
        store.close().await;
        println!("{} is up to date", config.store.data.display());
        Ok(())
    }
}
