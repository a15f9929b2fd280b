//! `atelier doctor`: reads everything that is stored and tells what is wrong with it.

use clap::Args;

use super::{Common, Failure, data};

/// Arguments.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    common: Common,
}

impl Doctor {
    /// Prints one line per finding; the exit code is 1 when one is severe.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.common.load(Vec::new())?;
        let store = data::open_existing(&config.store.data).await?;
        let checked = store.check().await;
        store.close().await;
        let findings = checked.map_err(Failure::usage)?;
        for finding in &findings {
            let kind = if finding.severe { "severe" } else { "note" };
            println!("{kind}: {}", finding.text);
        }
        match findings.iter().filter(|finding| finding.severe).count() {
            0 => {
                println!("{} is sound", config.store.data.display());
                Ok(())
            }
            severe => Err(Failure::finding(format!("{severe} severe findings"))),
        }
    }
}
