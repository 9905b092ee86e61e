//! The `gatepost` program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatepost::cli::main()
}
