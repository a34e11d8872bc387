//! Packages: a zip with `info.json` and the images that it names.

mod directory;
mod read;
mod write;

pub use read::{PackageError, PackageLimits};
pub use write::{PackageBuilder, PackageImageFile};

use crate::info::{ImageRole, InfoJson};

/// A package in memory. Nothing of it ever touches a path on disk.
#[derive(Debug, Clone)]
pub struct Package {
    /// What it says about itself.
    pub info: InfoJson,
    /// The images that `info.json` names, in its order.
    pub images: Vec<PackageImage>,
}

/// One image of a package, still encoded.
#[derive(Clone, PartialEq, Eq)]
pub struct PackageImage {
    /// What it shows.
    pub role: ImageRole,
    /// JPEG or PNG, by its first bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for PackageImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "PackageImage({:?}, {} bytes)",
            self.role,
            self.bytes.len()
        )
    }
}

impl Package {
    /// The first image of a role.
    #[must_use]
    pub fn image(&self, role: ImageRole) -> Option<&[u8]> {
        self.images
            .iter()
            .find(|i| i.role == role)
            .map(|i| i.bytes.as_slice())
    }

    /// Every image of a role, in order.
    pub fn images(&self, role: ImageRole) -> impl Iterator<Item = &[u8]> {
        self.images
            .iter()
            .filter(move |i| i.role == role)
            .map(|i| i.bytes.as_slice())
    }
}

#[cfg(test)]
mod tests;
