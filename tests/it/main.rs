mod incident;
mod text;
