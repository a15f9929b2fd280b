//! `atelier import`: diagrams from BPMN files, straight into the store.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::Args;
use time::OffsetDateTime;

use super::{Common, Failure, data};
use crate::app::DataLock;
use crate::diagram::{Birth, Draft, Fresh, shown_title};
use crate::id::{DiagramId, NodeId, OrgId, UserId};
use crate::store::sqlite::Catalog;

/// Arguments.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    common: Common,
    /// The organisation that gets the diagrams
    #[arg(long, value_name = "ID")]
    org: OrgId,
    /// The user who creates them
    #[arg(long, value_name = "ID")]
    user: UserId,
    /// BPMN 2.0 XML files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Import {
    /// Prints `ID<tab>FILE` for each; files that can't be read are told and skipped, and the exit code is 1.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.common.load(Vec::new())?;
        // Read before anything is opened: a typing error in a name changes nothing.
        let mut sources = Vec::new();
        for path in &self.files {
            let bytes = std::fs::read(path)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            sources.push((path, Bytes::from(bytes)));
        }
        let store = data::open(&config.store.data).await?;
        let _lock = DataLock::take(&config.store.data).map_err(Failure::usage)?;
        let node =
            getrandom::u64().map_err(|error| Failure::usage(format!("no randomness: {error}")))?;
        let (catalog, node) = (store.catalog(), NodeId(node));
        let mut refused = 0;
        for (path, bytes) in sources {
            let draft = match Draft::read(bytes, Fresh::draw().map_err(Failure::usage)?) {
                Ok(draft) => draft,
                Err(error) => {
                    eprintln!("atelier: {}: {error}", path.display());
                    refused += 1;
                    continue;
                }
            };
            let id = self.create(&catalog, draft, path, node).await?;
            println!("{id}\t{}", path.display());
        }
        store.close().await;
        match refused {
            0 => Ok(()),
            _ => Err(Failure::finding(format!(
                "{refused} of {} files are no usable BPMN and were skipped",
                self.files.len()
            ))),
        }
    }

    async fn create(
        &self,
        catalog: &Catalog,
        draft: Draft,
        path: &Path,
        node: NodeId,
    ) -> Result<DiagramId, Failure> {
        let new = draft.into_new(Birth {
            user: self.user.clone(),
            title: path.file_stem().and_then(|stem| shown_title(&stem.to_string_lossy())),
            metadata: None,
            project: None,
            node,
            now: OffsetDateTime::now_utc(),
        });
        let diagram = catalog
            .create_diagram(&self.org, new)
            .await
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        Ok(diagram.id)
    }
}
