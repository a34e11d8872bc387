//! Which engine searches the gallery: the operator chooses.

use std::sync::Arc;

use selfsame_store::postgres::faces::Faces;

/// Where templates are searched.
#[derive(Debug, Clone, Default)]
pub enum GalleryEngine {
    /// In this process's memory.
    #[default]
    Memory,
    /// In the database, where they stand in the clear.
    Database(Arc<Faces>),
}

impl GalleryEngine {
    /// What `/metrics` calls it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Database(_) => "pgvector",
        }
    }
}
