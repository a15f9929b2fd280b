//! lib0 variable-length integers and state vectors, read totally. Contract stub.
use std::collections::BTreeMap;

use crate::id::ClientId;

/// The clock that a replica has reached, per client id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateVector(pub BTreeMap<ClientId, u32>);
