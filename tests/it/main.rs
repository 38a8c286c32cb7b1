mod figures;
mod redact;
mod text;
