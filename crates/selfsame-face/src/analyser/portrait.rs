//! A photograph in that an authority keeps of a person, its evidence out.

use super::Analyser;
use super::sight::Search;
use crate::deadline::Deadline;
use crate::decode::ImageError;
use crate::evidence::PortraitEvidence;
use crate::portrait::{self, Peeled};

impl Analyser {
    /// Measures an authority's photograph and makes templates of its subject, by every model that is served. The bytes may be a
    /// JPEG, a PNG, a JPEG 2000, or a record that holds one ([`portrait::peel`]). Nothing is asked of its liveness.
    ///
    /// Whether it can be compared tells [`PortraitEvidence::flaw`].
    ///
    /// # Errors
    /// When the photograph cannot be used, or the deadline passes.
    pub fn analyse_portrait(
        &self,
        bytes: &[u8],
        deadline: &Deadline,
    ) -> Result<PortraitEvidence, ImageError> {
        let most = portrait::within(&self.inner.limits).bytes;
        if bytes.len() > most {
            return Err(ImageError::TooManyBytes(bytes.len(), most));
        }
        let Peeled { picture, wrapping } = portrait::peel(bytes)?;
        let (evidence, seen) = self.look(&picture, None, Search::Portrait, deadline)?;
        let grey = portrait::is_grey(&seen.decoded.pixels);
        drop(seen);
        Ok(PortraitEvidence {
            image: evidence.image,
            wrapping,
            grey,
            faces: evidence.faces,
            template_length: evidence.template_length,
            turned: evidence.turned,
            digests: evidence.digests,
            timings: evidence.timings,
            template: evidence.template,
            further_templates: evidence.further_templates,
        })
    }
}
