//! `gridworker train`: the weights of the gate, from the knowledge itself. Prints what `knowledge/judge.rs` holds as constants.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use gridworker::app::shipped::Shipped;
use gridworker::app::wiring;
use gridworker::config::Settings;
use gridworker::core::clock::SystemClock;
use gridworker::knowledge::document::ParsedDocument;
use gridworker::knowledge::fit;
use gridworker::knowledge::lexicon::Lexicon;

use super::Common;

/// Questions that no guide answers, below `knowledge/`.
const NEGATIVES: &str = "questions/gate-negatives.txt";

#[derive(Debug, Args)]
pub struct Train {}

impl Train {
    #[expect(clippy::print_stdout, reason = "the result of this command")]
    pub fn run(common: &Common) -> anyhow::Result<ExitCode> {
        let mut settings = Settings::defaults()?;
        if let Ok(own) = common.settings() {
            settings.paths = own.paths;
        }
        let shipped = Shipped::new(settings.knowledge_dir());
        let lexicon = Lexicon::parse(shipped.street_file("lexicon.csv")?.as_bytes()).map_err(anyhow::Error::msg)?;
        let foreign = fit::foreign_questions(&shipped.text(NEGATIVES)?);
        let defaults = wiring::import_defaults(&settings, &SystemClock)?;
        let mut documents = Vec::new();
        for path in shipped.documents()? {
            let document = ParsedDocument::parse(Path::new(&path), &shipped.text(&path)?, &defaults)?;
            if document.meta.status == "published" {
                documents.push(document);
            }
        }
        let trained = fit::train(&documents, &lexicon, &foreign);
        println!("指南（WEIGHTS）\n{}", trained.guides);
        println!("指南，现用系数\n{}", trained.in_use);
        println!("纯文本段落（PLAIN_WEIGHTS），配现用的指南系数\n{}", trained.plain);
        println!("纯文本段落（PLAIN_WEIGHTS），配新的指南系数\n{}", trained.plain_beside_new);
        Ok(ExitCode::SUCCESS)
    }
}
