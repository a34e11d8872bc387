//! Every number that a capture gives, by a name that stays: what a decision is fitted on, and what it weighs.

use super::{CaptureEvidence, ContinuityEvidence, SurroundingsEvidence};

/// A number with its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Its name, unique among a capture's measures. What it means stands at the field of the evidence that it is taken from.
    pub name: &'static str,
    /// Absent where the capture does not give it.
    pub value: Option<f32>,
}

impl CaptureEvidence {
    /// All measures, always the same ones in the same order.
    #[must_use]
    pub fn measures(&self) -> Vec<Measure> {
        let mut all = Vec::new();
        let mut add = |name, value: Option<f32>| all.push(Measure { name, value });
        let face = self.selfie.faces.first();
        let quality = face.map(|f| f.quality);
        let geometry = face.and_then(|f| f.geometry);
        add("faces", Some(self.selfie.faces.len() as f32));
        add("detection", face.map(|f| f.detection_score));
        add("inter_eye", face.map(|f| f.inter_eye_distance));
        add("sharpness", face.map(|f| f.sharpness));
        add("exposure", face.map(|f| f.exposure));
        add("definition", quality.map(|q| q.definition));
        add("dynamic_range", quality.map(|q| q.light.dynamic_range));
        add("evenness_across", quality.map(|q| q.light.evenness_across));
        add("under_exposed", quality.map(|q| q.light.under_exposed));
        add("over_exposed", quality.map(|q| q.light.over_exposed));
        add("face_size", quality.map(|q| q.framing.size));
        add("outside", quality.map(|q| q.framing.outside));
        add("yaw", geometry.map(|g| g.yaw));
        add("pitch", geometry.map(|g| g.pitch));
        add("smile", geometry.map(|g| g.smile));
        add("pattern", self.pattern);
        let attack = self.presentation_attack.as_ref();
        add("attack_fused", attack.map(|a| a.fused));
        for (lower_half, mean, model) in [
            ("minifas_lower_half", "minifas_mean", "MiniFAS"),
            (
                "silent_near_lower_half",
                "silent_near_mean",
                "Silent-Face near",
            ),
            (
                "silent_far_lower_half",
                "silent_far_mean",
                "Silent-Face far",
            ),
        ] {
            let found = attack.and_then(|a| a.models.iter().find(|m| m.model == model));
            add(lower_half, found.map(|m| m.lower_half));
            add(mean, found.map(|m| m.mean));
        }
        let motion = self.motion;
        add("motion_deformation", motion.map(|m| m.deformation));
        add("motion_parallax", motion.map(|m| m.parallax));
        add("motion_movement", motion.map(|m| m.movement));
        add("motion_smile_growth", motion.and_then(|m| m.smile_growth));
        add("relative_parallax", motion.map(|m| m.relative_parallax()));
        let seen = self.frames.iter().filter(|f| f.faces > 0).count();
        add("frames", Some(self.frames.len() as f32));
        add("frames_with_face", Some(seen as f32));
        add(
            "identical_bytes",
            Some(self.repetition.identical_bytes as f32),
        );
        add(
            "identical_pictures",
            Some(self.repetition.identical_pictures as f32),
        );
        let likeness: Vec<f32> = self
            .frames
            .iter()
            .filter_map(|f| f.likeness.map(|l| l.value()))
            .collect();
        add("likeness_least", likeness.iter().copied().reduce(f32::min));
        add("likeness_mean", mean(&likeness));
        let of =
            |get: fn(&ContinuityEvidence) -> Option<f32>| self.continuity.as_ref().and_then(get);
        add("neighbours_likeness", of(|c| c.likeness_of_neighbours));
        add("cut_largest", of(|c| Some(c.largest_cut)));
        add("cut_mean", of(|c| Some(c.mean_cut)));
        add("cut_selfie", of(|c| c.selfie_cut));
        add("scene_cut_largest", of(|c| c.largest_scene_cut));
        add("scene_cut_mean", of(|c| c.mean_scene_cut));
        add("light_largest", of(|c| Some(c.largest_light_change)));
        add("light_mean", of(|c| Some(c.mean_light_change)));
        add("tint_largest", of(|c| Some(c.largest_tint_change)));
        add(
            "picture_largest",
            of(|c| Some(c.largest_picture_change as f32)),
        );
        add("mirrored", of(|c| c.mirrored));
        add(
            "mirrored_pictures",
            of(|c| Some(c.mirrored_pictures as f32)),
        );
        let of = |get: fn(&SurroundingsEvidence) -> Option<f32>| {
            self.surroundings.as_ref().and_then(get)
        };
        add("around_movement", of(|s| Some(s.movement)));
        add("around_flatness", of(|s| Some(s.flatness)));
        add("around_unexplained", of(|s| s.unexplained));
        add("around_as_one", of(|s| s.as_one));
        add("around_apart", of(|s| s.apart));
        add("around_neighbours_apart", of(|s| s.neighbours_apart));
        add(
            "around_neighbours_movement",
            of(|s| Some(s.neighbours_movement)),
        );
        add("independence", of(SurroundingsEvidence::independence));
        all
    }
}

fn mean(values: &[f32]) -> Option<f32> {
    (!values.is_empty()).then(|| values.iter().sum::<f32>() / values.len() as f32)
}
