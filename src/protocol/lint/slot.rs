//! Where an item hangs, in four bytes.
//!
//! PURE.

/// Where an item hangs: in which shared type, and whether under a key. What came without content
/// (collected or deleted) is a tomb: it can be nobody's parent any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    /// Unknown, because the item or its parent is collected. yrs and Yjs collect what hangs there.
    pub(super) const OPAQUE: Self = Self(u32::MAX);
    const TOMB: u32 = 1;
    const KEYED: u32 = 2;

    pub(super) fn new(node: u32, keyed: bool) -> Self {
        match node.checked_mul(4) {
            Some(node) if node < u32::MAX - 3 => Self(node | if keyed { Self::KEYED } else { 0 }),
            _ => Self::OPAQUE,
        }
    }

    pub(super) fn tomb(self) -> Self {
        Self(self.0 | Self::TOMB)
    }

    /// Whether the item came without content.
    pub(super) fn is_tomb(self) -> bool {
        self.0 & Self::TOMB != 0
    }

    pub(super) fn is_keyed(self) -> bool {
        self != Self::OPAQUE && self.0 & Self::KEYED != 0
    }

    /// Whether it is one of a row of items that had content when it came.
    pub(super) fn is_live_sequence(self) -> bool {
        self.0 & (Self::TOMB | Self::KEYED) == 0
    }

    /// The place, whatever became of the item.
    pub(super) fn known(self) -> Option<Self> {
        if self == Self::OPAQUE { None } else { Some(Self(self.0 & !Self::TOMB)) }
    }

    pub(super) fn node(self) -> u32 {
        self.0 / 4
    }
}
