//! The contract of the log (ROOM L1–L4, L6, C3, K3), one suite for every implementation.
