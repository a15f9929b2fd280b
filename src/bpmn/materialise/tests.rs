//! Each rule on records made for it.
