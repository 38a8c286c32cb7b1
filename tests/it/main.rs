mod index;
mod knowledge;
mod text;
