//! A capture in, its evidence out: the selfie, its frames, and what they say together.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

use super::Analyser;
use crate::decode::ImageError;
use crate::evidence::{CaptureEvidence, FrameEvidence, RepetitionEvidence};
use crate::template::Template;

impl Analyser {
    /// Measures a selfie and the frames around it.
    ///
    /// # Errors
    /// When the selfie cannot be used. A frame that cannot be used says so in its own evidence.
    pub fn analyse_capture(
        &self,
        selfie: &[u8],
        frames: &[&[u8]],
    ) -> Result<CaptureEvidence, ImageError> {
        let evidence = self.analyse(selfie)?;
        let frames_evidence = frames
            .iter()
            .map(|frame| self.frame(frame, evidence.template.as_ref()))
            .collect();
        Ok(CaptureEvidence {
            selfie: evidence,
            frames: frames_evidence,
            presentation_attack: None,
            motion: None,
            repetition: repetition(selfie, frames),
        })
    }

    fn frame(&self, bytes: &[u8], reference: Option<&Template>) -> FrameEvidence {
        match self.analyse(bytes) {
            Ok(seen) => FrameEvidence {
                image: Some(seen.image),
                unusable: None,
                faces: seen.faces.len(),
                likeness: seen
                    .template
                    .as_ref()
                    .zip(reference)
                    .map(|(probe, reference)| probe.compare(reference)),
                digests: None,
            },
            Err(error) => FrameEvidence {
                image: None,
                unusable: Some(error.to_string()),
                faces: 0,
                likeness: None,
                digests: None,
            },
        }
    }
}

fn repetition(selfie: &[u8], frames: &[&[u8]]) -> RepetitionEvidence {
    let mut seen = HashSet::from([Sha256::digest(selfie)]);
    let identical = frames
        .iter()
        .filter(|frame| !seen.insert(Sha256::digest(frame)))
        .count();
    RepetitionEvidence {
        identical_bytes: identical,
        identical_pictures: identical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_bytes_are_counted_once_each() {
        let (a, b): (&[u8], &[u8]) = (b"a", b"b");
        assert_eq!(repetition(a, &[b, b"c"]).identical_bytes, 0);
        assert_eq!(repetition(a, &[a, a, b, b]).identical_bytes, 3);
    }
}
