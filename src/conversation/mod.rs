//! One conversation: what a turn does.
