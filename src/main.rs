//! `gridworker`: subcommands only; the work is in the library.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    // Two crates of the tree could bring a TLS provider of their own: this one is chosen before anybody asks.
    gridworker::llm::install_tls();
    let cli = cli::Cli::parse();
    // A parser's process has no threads, no network and no log.
    let cli = match cli.extract() {
        Ok(ended) => return ended,
        Err(cli) => *cli,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("gridworker: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(cli.run()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("gridworker：{error:#}");
            ExitCode::FAILURE
        }
    };
    // An optimisation of the index that runs in the background takes minutes and can be broken off at any time.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    code
}
