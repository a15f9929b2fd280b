//! `atelier openapi`: the description of the REST API, as the server gives it at `/openapi.json`.

use clap::Args;

use super::Failure;
use crate::http::openapi;

/// Arguments.
#[derive(Debug, Args)]
pub(super) struct OpenApi {}

impl OpenApi {
    /// Prints the document.
    pub(super) fn run(self) -> Result<(), Failure> {
        print!("{}", openapi::text().map_err(Failure::usage)?);
        Ok(())
    }
}
