//! Who is who: signing in, what each role may do, keys, the log of changes.

mod access;
mod accounts;
mod audit;
mod duties;
mod first_start;
mod keys;
mod oidc;
mod passwords;
mod sessions;
mod sign_in;
