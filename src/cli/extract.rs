//! `gridworker extract FORMAT`: a parser's process. Bytes on standard input, structure as JSON on standard output.

use std::process::ExitCode;

use clap::Args;
use gridworker::knowledge::import::extract;
use gridworker::knowledge::import::sniff::Format;

#[derive(Debug, Args)]
pub struct Extract {
    format: Format,
    /// Bytes of address space
    #[arg(long)]
    memory: u64,
    /// Seconds of computing
    #[arg(long)]
    cpu_seconds: u64,
}

impl Extract {
    pub fn run(self) -> ExitCode {
        match extract::child(self.format, self.memory, self.cpu_seconds) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    }
}
