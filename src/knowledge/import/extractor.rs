//! A process of its own for every file that somebody else's parser reads: what it eats, hangs in or dies of is its own.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::extract::{self, Extracted};
use super::outline::Outline;
use super::sniff::Format;

/// What one file may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From start to end.
    pub wall: Duration,
    /// Seconds of computing.
    pub cpu_seconds: u64,
    /// Bytes of address space.
    pub memory: u64,
    /// Bytes of structure that are taken over.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { wall: Duration::from_secs(45), cpu_seconds: 25, memory: 1536 * 1024 * 1024, output: 64 * 1024 * 1024 }
    }
}

/// Starts the children.
#[derive(Debug, Clone)]
pub struct Extractor {
    program: PathBuf,
    limits: Limits,
}

impl Extractor {
    /// `program` is this binary, or another that knows `extract FORMAT`.
    #[must_use]
    pub fn new(program: PathBuf, limits: Limits) -> Self {
        Self { program, limits }
    }

    /// The binary that is started.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Reads the structure of `bytes`.
    ///
    /// # Errors
    /// In Chinese: what is wrong with the file and what to do; also when the child was ended for what it cost.
    ///
    /// # Cancel safety
    /// Dropping the future kills the child.
    pub async fn extract(&self, format: Format, bytes: &[u8]) -> Result<Outline, String> {
        let mut child = Command::new(&self.program)
            .arg("extract")
            .arg(format.as_str())
            .arg("--memory")
            .arg(self.limits.memory.to_string())
            .arg("--cpu-seconds")
            .arg(self.limits.cpu_seconds.to_string())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| {
                tracing::error!(error = %e, program = %self.program.display(), "a parser could not be started");
                "解析程序无法启动，请联系管理员".to_owned()
            })?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("解析程序无法启动，请联系管理员".to_owned());
        };
        let work = async {
            let give = async {
                // A child that ends early closes its end; what it said counts.
                let _closed = stdin.write_all(bytes).await;
                drop(stdin);
            };
            let take = async {
                let mut said = Vec::new();
                let read = stdout.take(self.limits.output + 1).read_to_end(&mut said).await;
                read.map(|_| said)
            };
            let ((), said) = tokio::join!(give, take);
            // What is too large was cut off above; the child would wait for ever to be read.
            if said.as_ref().is_ok_and(|s| s.len() as u64 > self.limits.output) {
                return (said, None);
            }
            (said, child.wait().await.ok())
        };
        let Ok((said, status)) = tokio::time::timeout(self.limits.wall, work).await else {
            // The handle of the child goes with the future: it is killed.
            return Err(format!(
                "解析超过 {} 秒没有完成，文件可能太复杂或已损坏，请拆分或重新另存后再上传",
                self.limits.wall.as_secs()
            ));
        };
        let said = said.map_err(|e| format!("解析程序没有说完：{e}"))?;
        if said.len() as u64 > self.limits.output {
            return Err("文件里的内容太多，请拆分后上传".to_owned());
        }
        if status.is_some_and(|s| s.success()) {
            return match serde_json::from_slice(&said) {
                Ok(Extracted::Outline(outline)) => Ok(outline),
                Ok(Extracted::Refused(reason)) => Err(reason),
                Err(_) => Err(extract::odd(format)),
            };
        }
        const ABORTED: i32 = 6;
        const OUT_OF_CPU: i32 = 24;
        Err(match status.and_then(|s| s.signal()) {
            Some(OUT_OF_CPU) => format!(
                "解析用了 {} 秒计算时间还没有完成，文件可能太复杂或已损坏，请拆分或重新另存后再上传",
                self.limits.cpu_seconds
            ),
            Some(ABORTED) => "解析需要的内存太多，文件可能过大或被做过手脚，请拆分或重新另存后再上传".to_owned(),
            _ => extract::odd(format),
        })
    }
}
