//! `atelier export`: the BPMN XML of a stored diagram, from its log alone.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Common, Failure, data};
use crate::diagram::{Text, records_of};
use crate::id::{DiagramId, Seq};
use crate::store::log::{Log, ReadError};

/// Arguments.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    common: Common,
    /// The diagram's id
    id: DiagramId,
    /// File to write instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.common.load(Vec::new())?;
        let store = data::open_existing(&config.store.data).await?;
        let read = store.log().read(&self.id, Seq(0)).await;
        store.close().await;
        let history = read.map_err(|error| match error {
            ReadError::Gone => Failure::usage(format!("there is no diagram {}", self.id)),
            ReadError::Corrupt(_) => Failure::finding(error),
            ReadError::Away(_) => Failure::usage(error),
        })?;
        let text = Text::of(&records_of(&history).map_err(Failure::finding)?);
        match &self.output {
            Some(path) => std::fs::write(path, &text.xml)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display()))),
            None => {
                let mut out = std::io::stdout().lock();
                out.write_all(&text.xml)
                    .and_then(|()| out.flush())
                    .map_err(|error| Failure::usage(format!("stdout: {error}")))
            }
        }
    }
}
