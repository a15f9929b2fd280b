//! The `atelier` binary: everything is in `atelier::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    atelier::cli::run(std::env::args_os())
}
