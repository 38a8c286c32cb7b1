//! `gridworker train-tokenizer`: the token counter, from the knowledge itself.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use gridworker::llm::budget;

#[derive(Debug, Args)]
pub struct TrainTokenizer {
    /// 训练文本：文件或目录（.md、.txt、.csv、.toml）
    #[arg(default_values = ["knowledge", "prompts"])]
    from: Vec<PathBuf>,
    /// 词表大小，最多8000
    #[arg(long, default_value_t = 8000)]
    vocab: usize,
    /// 写到哪里
    #[arg(long, default_value = "assets/tokenizer.json")]
    out: PathBuf,
}

impl TrainTokenizer {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut files = Vec::new();
        for path in &self.from {
            collect(path, &mut files)?;
        }
        files.sort();
        let texts = files.into_iter().filter_map(|f| std::fs::read_to_string(f).ok());
        if let Some(folder) = self.out.parent() {
            std::fs::create_dir_all(folder)?;
        }
        budget::train_tokenizer(texts, self.vocab, &self.out)?;
        eprintln!("已写入 {}", self.out.display());
        Ok(ExitCode::SUCCESS)
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.extension().is_some_and(|e| ["md", "txt", "csv", "toml"].iter().any(|x| e == *x)) {
        files.push(path.to_owned());
    }
    Ok(())
}
