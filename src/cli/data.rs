//! Opening a data folder for a command that works on what is stored.

use std::path::Path;

use super::Failure;
use crate::id::UserId;
use crate::store::sqlite::{DATABASE, Store};

/// Opens a store that is there already: a typing error in `--data` must not make an empty one.
pub(super) async fn open_existing(dir: &Path) -> Result<Store, Failure> {
    if !dir.join(DATABASE).is_file() {
        return Err(Failure::usage(format!(
            "there is no Atelier data in {}: name the folder that the server was started with",
            dir.display()
        )));
    }
    open(dir).await
}

/// Opens a store, made when missing.
pub(super) async fn open(dir: &Path) -> Result<Store, Failure> {
    Store::open(dir).await.map_err(Failure::usage)
}

/// Whoever works on the data folder, in the audit log: no token names it.
pub(super) fn operator() -> Result<UserId, Failure> {
    "atelier:operator".parse().map_err(Failure::usage)
}
