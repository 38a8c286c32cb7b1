//! `gridworker seal key|again`: keys of what lies sealed in the rows.

use std::process::ExitCode;

use clap::Subcommand;
use gridworker::app::rows;
use gridworker::core::ids::RandomIds;
use gridworker::core::seal::Sealer;

use super::Common;

#[derive(Debug, Subcommand)]
pub enum Seal {
    /// 生成一把新密钥，写进 confidentiality.keys 的最前面
    Key {
        /// 密钥名称：字母、数字、- 和 _
        name: String,
    },
    /// 用当前密钥重新密封全部内容；服务运行时也可以做
    Again,
}

impl Seal {
    #[expect(clippy::print_stdout, reason = "the result of these commands")]
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        match self {
            Self::Key { name } => {
                let key = Sealer::fresh_key(&name, &RandomIds);
                Sealer::new([key.as_str()])?;
                println!("{key}");
                Ok(ExitCode::SUCCESS)
            }
            Self::Again => {
                let db = rows::open(&common.settings()?).await?;
                let resealed = db.reseal(200).await?;
                println!("已用密钥“{}”重新密封 {} 条，无法解开 {} 条", db.sealer().current(), resealed.done, resealed.lost);
                db.close().await;
                Ok(if resealed.lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
        }
    }
}
