//! The service as its callers see it: over HTTP, from outside, with the whole of it running.

mod turns;
