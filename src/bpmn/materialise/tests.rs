//! Each rule on records made for it.

use super::sample::SAMPLE;
use super::*;
