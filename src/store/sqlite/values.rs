//! Ids and numbers as the database holds them, and back: what does not fit is `Corrupt`.

use serde::Serialize;

use crate::id::{BatchId, Seq};
use crate::store::StoreError;

/// JSON for `json_each`: one parameter for any number of values.
pub(super) fn json(values: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(values).map_err(|e| StoreError::Away(e.to_string()))
}

pub(super) fn hex(batch: BatchId) -> String {
    format!("{:032x}", batch.0)
}

pub(super) fn id<T: std::str::FromStr<Err = crate::id::BadId>>(
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(|e| StoreError::Corrupt(format!("{text:?}: {e}")))
}

pub(super) fn seq(n: i64) -> Result<Seq, StoreError> {
    u64::try_from(n).map(Seq).map_err(|_| StoreError::Corrupt(format!("{n} is no row number")))
}

pub(super) fn batch(bytes: &[u8]) -> Result<BatchId, StoreError> {
    let bytes: [u8; 16] =
        bytes.try_into().map_err(|_| StoreError::Corrupt("a batch id has 16 bytes".into()))?;
    Ok(BatchId(u128::from_be_bytes(bytes)))
}

pub(super) fn checksum(n: i64) -> Result<u32, StoreError> {
    u32::try_from(n).map_err(|_| StoreError::Corrupt(format!("{n} is no checksum")))
}
