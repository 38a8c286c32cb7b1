//! The prompts as files: front matter, strict templates, messages.

use std::collections::BTreeMap;
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::llm::port::{ChatRequest, Message, Role, Shape};

/// The prompts that this program uses, with the copy that is built in.
const SHIPPED: [(&str, &str); 3] = [
    ("answer", include_str!("../../prompts/answer.md")),
    ("rewrite", include_str!("../../prompts/rewrite.md")),
    ("extract", include_str!("../../prompts/extract.md")),
];

/// A prompt file is not usable.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The file could not be read.
    #[error("prompts/{name}.md: {source}")]
    Read {
        /// Prompt.
        name: String,
        /// Cause.
        source: std::io::Error,
    },
    /// No front matter, an unknown field in it, or no message.
    #[error("prompts/{name}.md: {why}")]
    Shape {
        /// Prompt.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// The template does not render with the values it was given.
    #[error("prompts/{name}.md does not render: {source}")]
    Render {
        /// Prompt.
        name: String,
        /// Cause, with the line.
        source: minijinja::Error,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    purpose: String,
    temperature: f32,
    max_tokens: u32,
    #[serde(default)]
    #[expect(dead_code, reason = "names the schema for the reader of the file; the schema itself is code")]
    schema: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    System,
    History,
    User,
}

#[derive(Debug)]
struct Prompt {
    matter: FrontMatter,
    /// The file as it was read.
    text: String,
    shipped: &'static str,
    /// Parts in order; the template of a part is registered as `name/index`.
    parts: Vec<Part>,
}

/// A prompt as the operator sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptFile {
    /// Its name.
    pub name: &'static str,
    /// What it is for, as its file says.
    pub purpose: String,
    /// The file in use.
    pub text: String,
    /// SHA-256 of it, hex.
    pub sha256: String,
    /// True when it is the copy in the program, word for word.
    pub is_shipped: bool,
    /// The copy in the program.
    pub shipped: &'static str,
    /// SHA-256 of that, hex.
    pub shipped_sha256: String,
    /// 0 to 2.
    pub temperature: f32,
    /// Longest answer in tokens.
    pub max_tokens: u32,
}

/// All prompts, parsed and checked.
#[derive(Debug)]
pub struct Prompts {
    templates: Environment<'static>,
    prompts: BTreeMap<&'static str, Prompt>,
}

impl Prompts {
    /// Reads the prompts from `dir`, or takes the copy in the binary.
    pub fn load(dir: Option<&Path>) -> Result<Self, PromptError> {
        let mut templates = Environment::new();
        // Tags on lines of their own leave no line behind: the model sees what the reader of the file sees.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        let syntax = syntax.map_err(|source| PromptError::Render { name: "*".to_owned(), source })?;
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        templates.set_syntax(syntax);
        templates.set_fuel(Some(200_000));
        let mut prompts = BTreeMap::new();
        for (name, shipped) in SHIPPED {
            let text = match dir.map(|d| d.join(format!("{name}.md"))).filter(|p| p.exists()) {
                Some(path) => {
                    std::fs::read_to_string(path).map_err(|source| PromptError::Read { name: name.to_owned(), source })?
                }
                None => shipped.to_owned(),
            };
            prompts.insert(name, parse(name, &text, shipped, &mut templates)?);
        }
        Ok(Self { templates, prompts })
    }

    /// The request that a model would see. `history` goes where the file says.
    pub fn render<C: Serialize>(&self, name: &'static str, context: &C, history: &[Message]) -> Result<ChatRequest, PromptError> {
        let Some(prompt) = self.prompts.get(name) else {
            return Err(PromptError::Shape { name: name.to_owned(), why: "no such prompt".to_owned() });
        };
        let mut messages = Vec::new();
        for (index, part) in prompt.parts.iter().enumerate() {
            let role = match part {
                Part::History => {
                    messages.extend_from_slice(history);
                    continue;
                }
                Part::System => Role::System,
                Part::User => Role::User,
            };
            let content = self
                .templates
                .get_template(&format!("{name}/{index}"))
                .and_then(|t| t.render(minijinja::Value::from(minijinja::value::Serde(context))))
                .map_err(|source| PromptError::Render { name: name.to_owned(), source })?;
            messages.push(Message { role, content: content.trim().to_owned() });
        }
        Ok(ChatRequest {
            messages,
            temperature: Some(prompt.matter.temperature),
            max_tokens: Some(prompt.matter.max_tokens),
            shape: Shape::Text,
            time_limit: None,
            purpose: name,
        })
    }

    /// Every prompt in use.
    #[must_use]
    pub fn files(&self) -> Vec<PromptFile> {
        let sum = |text: &str| hex::encode(Sha256::digest(text.as_bytes()));
        let file = |(name, prompt): (&&'static str, &Prompt)| PromptFile {
            name,
            purpose: prompt.matter.purpose.clone(),
            sha256: sum(&prompt.text),
            shipped_sha256: sum(prompt.shipped),
            is_shipped: prompt.text == prompt.shipped,
            text: prompt.text.clone(),
            shipped: prompt.shipped,
            temperature: prompt.matter.temperature,
            max_tokens: prompt.matter.max_tokens,
        };
        self.prompts.iter().map(file).collect()
    }

    /// What a model would see, speaker and words, with values that stand for nobody and a short history.
    ///
    /// # Errors
    /// The file asks for a value that there is none of: it would fail in use, too.
    pub fn preview(&self, name: &'static str) -> Result<Vec<(&'static str, String)>, PromptError> {
        let history = [Message::user("〔示例：上一句提问〕"), Message::assistant("〔示例：上一句回答〕")];
        let speaker = |role| match role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let rendered = self.render(name, &sample(name), &history)?;
        Ok(rendered.messages.into_iter().map(|m| (speaker(m.role), m.content)).collect())
    }

    /// What a prompt is for, as its file says.
    #[must_use]
    pub fn purpose(&self, name: &str) -> Option<&str> {
        self.prompts.get(name).map(|p| p.matter.purpose.as_str())
    }
}

/// Values that stand for nobody, for looking at a prompt.
fn sample(name: &str) -> Value {
    match name {
        "answer" => json!({
            "street": "示例街道", "audience": "resident", "question": "〔示例问题〕高龄津贴怎么领",
            "passages": [{ "n": 1, "title": "〔示例资料〕", "clause": "第一条", "text": "〔这里是检索到的原文〕" },
                { "n": 2, "title": "〔示例资料二〕", "clause": "", "text": "〔这里是另一段原文〕" }],
        }),
        "extract" => json!({
            "categories": [{ "code": "000000", "path": "〔示例大类〕/〔示例小类〕" }], "asked": "〔刚才问的问题〕", "text": "〔居民的话，个人信息已换成占位符〕",
        }),
        _ => json!({ "question": "〔示例追问〕那要多久" }),
    }
}

fn parse(
    name: &'static str,
    text: &str,
    shipped: &'static str,
    templates: &mut Environment<'static>,
) -> Result<Prompt, PromptError> {
    let shape = |why: &str| PromptError::Shape { name: name.to_owned(), why: why.to_owned() };
    let rest = text.strip_prefix("+++\n").ok_or_else(|| shape("must start with +++"))?;
    let (matter, body) = rest.split_once("\n+++\n").ok_or_else(|| shape("front matter does not end with +++"))?;
    let matter: FrontMatter = toml::from_str(matter).map_err(|e| shape(&e.to_string()))?;
    let mut parts: Vec<(Part, String)> = Vec::new();
    for line in body.lines() {
        let part = match line.trim() {
            "<<system>>" => Some(Part::System),
            "<<history>>" => Some(Part::History),
            "<<user>>" => Some(Part::User),
            _ => None,
        };
        match (part, parts.last_mut()) {
            (Some(part), _) => parts.push((part, String::new())),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) if line.trim().is_empty() => {}
            (None, None) => return Err(shape("text before the first <<system>> or <<user>>")),
        }
    }
    if parts.is_empty() {
        return Err(shape("holds no message"));
    }
    let mut kinds = Vec::with_capacity(parts.len());
    for (index, (part, text)) in parts.into_iter().enumerate() {
        templates
            .add_template_owned(format!("{name}/{index}"), text)
            .map_err(|source| PromptError::Render { name: name.to_owned(), source })?;
        kinds.push(part);
    }
    Ok(Prompt { matter, text: text.to_owned(), shipped, parts: kinds })
}
