//! `gridworker serve [--listen ADDR] [--demo]`

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use gridworker::app::Instance;
use gridworker::app::wiring::Wiring;
use gridworker::identity::manage::WithPassword;
use indicatif::{ProgressBar, ProgressStyle};
use metrics_exporter_prometheus::PrometheusBuilder;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Common, init_log};

#[derive(Debug, Args)]
pub struct Serve {
    /// 监听地址，默认 127.0.0.1:8080
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// 同时启动演示治理平台，并导入示例知识
    #[arg(long)]
    demo: bool,
}

impl Serve {
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let mut settings = common.settings()?;
        if let Some(listen) = self.listen {
            settings.server.listen = listen;
        }
        init_log(&settings);
        let metrics = PrometheusBuilder::new().install_recorder()?;
        let listener = TcpListener::bind(&settings.server.listen)
            .await
            .map_err(|e| anyhow::anyhow!("无法监听 {}：{e}", settings.server.listen))?;
        let address = listener.local_addr()?;
        let data = settings.storage.data_dir.clone();
        let bar = Arc::new(ProgressBar::hidden());
        let shown = Arc::clone(&bar);
        let mut wiring = Wiring::new(settings);
        wiring.demo = self.demo;
        wiring.metrics = Some(metrics);
        wiring.progress = Some(Box::new(move |done, all| {
            if shown.length().is_none_or(|l| l == 0) {
                shown.set_draw_target(indicatif::ProgressDrawTarget::stderr());
                if let Ok(style) = ProgressStyle::with_template("导入知识 {bar:30} {pos}/{len}") {
                    shown.set_style(style);
                }
                shown.set_length(all as u64);
            }
            shown.set_position(done as u64);
            if done == all {
                shown.finish();
            }
        }));
        // Listen for the end before the start: a signal during the first import must not be lost.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let instance = tokio::select! {
            started = Instance::start(listener, wiring) => started?,
            _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
            _ = interrupt.recv() => return Ok(ExitCode::SUCCESS),
        };
        tracing::info!(%address, data, demo = self.demo, "ready");
        eprintln!(
            "虚拟数字网格员已就绪：http://{address}/  （居民窗口 /chat{}）",
            if self.demo { "，演示平台 /platform" } else { "" }
        );
        if let Some(first) = &instance.first_administrator {
            tell_first_password(first);
        }
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        instance.stop().await;
        Ok(ExitCode::SUCCESS)
    }
}

/// To standard output and once: the log goes to standard error and never learns it.
#[expect(clippy::print_stdout, reason = "said once to whoever sits at the terminal")]
fn tell_first_password(first: &WithPassword) {
    println!(
        "首次启动，已建立管理员账号：{}\n一次性密码（只显示这一次，首次登录须修改）：{}\n忘记时：gridworker user reset-password {}",
        first.account.name,
        first.password.expose_secret(),
        first.account.name,
    );
}
