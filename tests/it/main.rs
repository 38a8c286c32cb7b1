
mod llm;
mod support;
