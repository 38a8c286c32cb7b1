//! `gridworker sandbox`: the bundled governance platform alone.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use gridworker::core::clock::SystemClock;
use gridworker::core::ids::RandomIds;
use gridworker::sandbox::{Faults, Sandbox as Platform, SandboxConfig};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Common, init_log};

#[derive(Debug, Args)]
pub struct Sandbox {
    /// 监听地址
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDR")]
    listen: String,
    /// 回调地址；缺省为配置中的 server.public_url
    #[arg(long, value_name = "URL")]
    callback: Option<Url>,
    /// 数据文件；缺省在数据目录下
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// 故障开关，可多次给出：latency_ms=200、error_rate=0.2、drop_after_store=0.05、refuse_signature、down
    #[arg(long, value_name = "SWITCH")]
    fault: Vec<String>,
}

impl Sandbox {
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = common.settings()?;
        init_log(&settings);
        let secret = settings.platform.secret_for_callbacks().cloned().unwrap_or_else(|| SecretString::from(String::new()));
        let mut faults = Faults::default();
        for switch in &self.fault {
            faults.turn(switch)?;
        }
        let data = settings.data_dir();
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
        let platform = Platform::open(&file, config)
            .await
            .map_err(|e| anyhow::anyhow!("{e}（密钥由 GRIDWORKER__PLATFORM__SECRET 给出，与服务一致）"))?;
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
