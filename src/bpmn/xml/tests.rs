//! What the reader takes and refuses.

use super::*;
