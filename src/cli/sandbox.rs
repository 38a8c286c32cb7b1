//! `gridworker sandbox`: the bundled governance platform alone. Several run side by side on one machine, each with an
//! address, a folder, a name and a secret of its own.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use gridworker::core::clock::SystemClock;
use gridworker::core::ids::RandomIds;
use gridworker::sandbox::{Autopilot, Faults, Sandbox as Platform, SandboxConfig};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Common, init_log};

#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "shown in --help")]
pub struct Sandbox {
    /// 监听地址
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDR")]
    listen: String,
    /// 回调地址；缺省为配置中的 server.public_url
    #[arg(long, value_name = "URL")]
    callback: Option<Url>,
    /// 数据目录；缺省为配置中的数据目录。一台机器上运行几个平台时各用一个目录
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// 数据文件；缺省为数据目录下的 sandbox.sqlite
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// 看板上显示的名称，用来区分几个平台
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// 与服务共用的密钥；缺省为配置中的 platform.secret。同机的其他用户看得到命令行，正式密钥请用环境变量
    #[arg(long, value_name = "SECRET")]
    secret: Option<SecretString>,
    /// 故障开关，可多次给出：latency_ms=200、error_rate=0.2、drop_after_store=0.05、timeout_after_store=0.05、
    /// ask_error_rate=0.1、forget=0.01、callback_duplicates=0.2、callback_shuffle=0.2、callback_stale_signature=0.1、
    /// refuse_signature、down
    #[arg(long, value_name = "SWITCH")]
    fault: Vec<String>,
    /// 自动办理（受理、交办、处置、办结），供长时间测试用；可写 min_ms=500,max_ms=3000,returns=0.1,extensions=0.1
    #[arg(long, value_name = "SETTINGS", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    autopilot: Option<String>,
}

impl Sandbox {
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = common.settings()?;
        init_log(&settings);
        let configured = || settings.platform.secret_for_callbacks().cloned();
        let secret = self.secret.or_else(configured).unwrap_or_else(|| SecretString::from(String::new()));
        let autopilot = self.autopilot.as_deref().map(Autopilot::on_with).transpose()?;
        let mut faults = Faults::default();
        for switch in &self.fault {
            faults.turn(switch)?;
        }
        let data = self.data.unwrap_or_else(|| settings.data_dir());
        std::fs::create_dir_all(&data)?;
        let callback = match self.callback {
            Some(url) => url,
            None => Url::parse(&format!("{}/api/v1/platform/callbacks", settings.public_url()))?,
        };
        let config = SandboxConfig {
            callback_url: Some(callback),
            secret,
            faults,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            tz: jiff::tz::TimeZone::get(&settings.street.timezone)?,
        };
        let file = self.file.unwrap_or_else(|| data.join("sandbox.sqlite"));
        // Held until the end of the process, however it ends.
        let _alone = alone(&file)?;
        let platform = Platform::open(&file, config)
            .await
            .map_err(|e| anyhow::anyhow!("{e}（密钥由 --secret 或 GRIDWORKER__PLATFORM__SECRET 给出，与服务一致）"))?;
        if let Some(name) = &self.name {
            platform.set_name(name);
        }
        if let Some(autopilot) = autopilot {
            platform.set_autopilot(autopilot);
        }
        let listener = TcpListener::bind(&self.listen).await?;
        eprintln!("演示治理平台已就绪：http://{}/", listener.local_addr()?);
        let stop = CancellationToken::new();
        let callbacks = tokio::spawn({
            let (platform, stop) = (platform.clone(), stop.clone());
            async move { platform.run_callbacks(stop).await }
        });
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let ended = stop.clone();
        let served = tokio::spawn(async move {
            axum::serve(listener, platform.router()).with_graceful_shutdown(ended.cancelled_owned()).await
        });
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
        callbacks.await?;
        // Boards that poll keep their connections: they do not hold the end up.
        drop(tokio::time::timeout(std::time::Duration::from_secs(3), served).await);
        Ok(ExitCode::SUCCESS)
    }
}

/// Two platforms over one file would call everything back twice.
fn alone(file: &Path) -> anyhow::Result<File> {
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&name)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!("另一个演示平台正在使用 {}；请用 --data 另指定一个目录", file.display())
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}
