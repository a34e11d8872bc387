//! How far a picture is turned.

use serde::{Deserialize, Serialize};

/// A turn by quarters, clockwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Not at all.
    #[default]
    None,
    /// By 90 degrees.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees.
    ThreeQuarters,
}

impl Turn {
    /// All of them, in the order of their quarters.
    pub const ALL: [Self; 4] = [Self::None, Self::Quarter, Self::Half, Self::ThreeQuarters];

    /// Degrees, clockwise: 0, 90, 180 or 270.
    #[must_use]
    pub const fn degrees(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Quarter => 90,
            Self::Half => 180,
            Self::ThreeQuarters => 270,
        }
    }

    /// This turn, and then another one.
    #[must_use]
    pub const fn then(self, next: Self) -> Self {
        match (self.degrees() + next.degrees()) % 360 {
            90 => Self::Quarter,
            180 => Self::Half,
            270 => Self::ThreeQuarters,
            _ => Self::None,
        }
    }

    /// The turn that undoes this one.
    #[must_use]
    pub const fn back(self) -> Self {
        match self {
            Self::Quarter => Self::ThreeQuarters,
            Self::ThreeQuarters => Self::Quarter,
            same => same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_add_up_and_are_undone() {
        for one in Turn::ALL {
            assert_eq!(one.then(one.back()), Turn::None);
            for other in Turn::ALL {
                let both = one.then(other);
                assert_eq!(both.degrees(), (one.degrees() + other.degrees()) % 360);
            }
        }
    }
}
