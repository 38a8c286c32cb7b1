//! `gridworker config check|dump|schema`

use std::process::ExitCode;

use clap::Subcommand;
use gridworker::config::{self, Settings};

use super::Common;

#[derive(Debug, Subcommand)]
pub enum Config {
    /// 检查配置
    Check,
    /// 打印生效的配置（密钥隐去）
    Dump,
    /// 打印配置的 JSON Schema
    Schema,
}

impl Config {
    #[expect(clippy::print_stdout, reason = "the result of these commands")]
    pub fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        match self {
            Self::Check => {
                common.settings()?;
                println!("配置没有问题");
            }
            Self::Dump => print!("{}", config::dump(common.config.as_deref())?),
            Self::Schema => println!("{}", serde_json::to_string_pretty(&schemars::schema_for!(Settings))?),
        }
        Ok(ExitCode::SUCCESS)
    }
}
