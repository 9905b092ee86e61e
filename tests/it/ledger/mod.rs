mod append;
mod log;
mod read;
