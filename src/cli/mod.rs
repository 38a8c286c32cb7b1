//! The command line: one file per subcommand.

mod bench;
mod bench_duplicates;
mod bench_tickets;
mod config;
mod doctor;
mod eval;
mod evidence;
mod extract;
mod index;
mod ingest;
mod migrate;
mod outbox;
mod pieces;
mod sandbox;
mod seal;
mod serve;
mod street;
mod train;
mod train_tokenizer;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use gridworker::config::Settings;

/// 虚拟数字网格员
#[derive(Debug, Parser)]
#[command(name = "gridworker", version, about = "虚拟数字网格员：政策问答与事件上报", disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Of every subcommand.
#[derive(Debug, Args)]
pub struct Common {
    /// 配置文件（TOML）
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Common {
    fn settings(&self) -> anyhow::Result<Settings> {
        Ok(Settings::load(self.config.as_deref())?)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 启动服务
    Serve(serve::Serve),
    /// 导入资料
    Ingest(ingest::Ingest),
    /// 看一个文件会切成哪些段，不入库
    Pieces(pieces::Pieces),
    /// 解析一个文件（由服务自己启动）
    #[command(hide = true)]
    Extract(extract::Extract),
    /// 评测
    #[command(subcommand)]
    Eval(eval::Eval),
    /// 复核一次答复：所引版本的原文是否一字不差
    Evidence(evidence::Evidence),
    /// 索引的各代
    #[command(subcommand)]
    Index(index::Index),
    /// 测量
    #[command(subcommand)]
    Bench(bench::Bench),
    /// 检查知识、数据与配置
    Doctor(doctor::Doctor),
    /// 配置
    #[command(subcommand)]
    Config(config::Config),
    /// 推送队列
    #[command(subcommand)]
    Outbox(outbox::Outbox),
    /// 密钥：生成一把，或换密钥后重新密封
    #[command(subcommand)]
    Seal(seal::Seal),
    /// 单独启动演示治理平台
    Sandbox(sandbox::Sandbox),
    /// 账号
    #[command(subcommand)]
    User(user::User),
    /// 街道数据的版本：检查、对照、导出、导入
    #[command(subcommand)]
    Street(street::Street),
    /// 更新数据库结构
    Migrate,
    /// 由资料自带的问法训练检索的把关，打印系数与留一数字
    Train(train::Train),
    /// 训练计数用的分词器
    TrainTokenizer(train_tokenizer::TrainTokenizer),
}

impl Cli {
    /// Runs the one subcommand that needs no runtime; gives itself back when it is another.
    pub fn extract(self) -> Result<ExitCode, Box<Self>> {
        match self.command {
            Command::Extract(extract) => Ok(extract.run()),
            _ => Err(Box::new(self)),
        }
    }

    /// Runs the subcommand.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(serve) => serve.run(&self.common).await,
            Command::Ingest(ingest) => ingest.run(&self.common).await,
            Command::Pieces(pieces) => pieces.run(&self.common).await,
            Command::Extract(extract) => Ok(extract.run()),
            Command::Eval(eval) => Box::pin(eval.run(&self.common)).await,
            Command::Evidence(evidence) => evidence.run(&self.common).await,
            Command::Index(index) => index.run(&self.common).await,
            Command::Bench(bench) => bench.run().await,
            Command::Doctor(doctor) => doctor.run(&self.common).await,
            Command::Config(config) => config.run(&self.common),
            Command::Outbox(outbox) => outbox.run(&self.common).await,
            Command::Seal(seal) => seal.run(&self.common).await,
            Command::Sandbox(sandbox) => sandbox.run(&self.common).await,
            Command::User(user) => user.run(&self.common).await,
            Command::Street(street) => street.run(&self.common).await,
            Command::Migrate => migrate::run(&self.common).await,
            Command::Train(train::Train {}) => train::Train::run(&self.common),
            Command::TrainTokenizer(train) => train.run(),
        }
    }
}

/// Logs to standard error, as the configuration says.
fn init_log(settings: &Settings) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&settings.log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call (tests of the binary) keeps the first.
    let _already = if settings.log.json { log.json().try_init() } else { log.try_init() };
}
