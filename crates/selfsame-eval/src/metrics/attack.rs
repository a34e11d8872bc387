//! Presentation-attack detection's error rates (ISO/IEC 30107-3).

use serde::{Deserialize, Serialize};

use super::interval::Proportion;

/// More points than this show nothing more in a plot.
const MOST_POINTS: usize = 400;

/// The scores of one species of attack instrument, or of the bona fide presentations. Above is bona fide.
#[derive(Debug, Clone, PartialEq)]
pub struct Presented {
    /// The species, such as `print-office`; its attack type is what stands before the first hyphen.
    pub species: String,
    /// The scores of the presentations that got one, sorted.
    scores: Vec<f32>,
    /// Presentations that got none: no face was found in them.
    pub no_response: u64,
}

/// APCER of one species at a threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeciesRate {
    /// The species.
    pub species: String,
    /// Part of its classified presentations that passed for bona fide.
    pub apcer: Proportion,
    /// Attack presentation non-response rate.
    pub apnrr: Proportion,
}

/// APCER of one attack type: that of its worst species.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TypeRate {
    /// The attack type.
    pub attack_type: String,
    /// The species with the highest APCER.
    pub worst_species: String,
    /// That APCER.
    pub apcer: Proportion,
}

/// What a threshold gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AtThreshold {
    /// Scores from here on pass for bona fide.
    pub threshold: f32,
    /// Bona fide presentations taken for attacks.
    pub bpcer: Proportion,
    /// Each species.
    pub species: Vec<SpeciesRate>,
    /// Each attack type.
    pub types: Vec<TypeRate>,
}

/// One point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The threshold.
    pub threshold: f32,
    /// The highest APCER of any species.
    pub apcer: f64,
    /// BPCER.
    pub bpcer: f64,
}

/// BPCER where the worst species' APCER is held down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BpcerAt {
    /// The highest APCER allowed.
    pub apcer: f64,
    /// The lowest threshold that holds it.
    pub threshold: f32,
    /// BPCER there.
    pub bpcer: Proportion,
}

impl Presented {
    /// Scores that are not finite count as no response.
    #[must_use]
    pub fn new(species: &str, scores: impl IntoIterator<Item = Option<f32>>) -> Self {
        let mut kept = Vec::new();
        let mut no_response = 0;
        for score in scores {
            match score.filter(|s| s.is_finite()) {
                Some(score) => kept.push(score),
                None => no_response += 1,
            }
        }
        kept.sort_by(f32::total_cmp);
        Self {
            species: species.to_owned(),
            scores: kept,
            no_response,
        }
    }

    /// The scores, lowest first.
    #[must_use]
    pub fn scores(&self) -> &[f32] {
        &self.scores
    }

    /// What stands before the species' first hyphen.
    #[must_use]
    pub fn attack_type(&self) -> &str {
        self.species.split('-').next().unwrap_or_default()
    }

    fn below(&self, threshold: f32) -> u64 {
        self.scores.partition_point(|s| *s < threshold) as u64
    }

    fn classified(&self) -> u64 {
        self.scores.len() as u64
    }

    fn passing(&self, threshold: f32) -> Proportion {
        Proportion::of(self.classified() - self.below(threshold), self.classified())
    }

    fn refused(&self, threshold: f32) -> Proportion {
        Proportion::of(self.below(threshold), self.classified())
    }

    /// Part of all presentations that got no score.
    #[must_use]
    pub fn non_response_rate(&self) -> Proportion {
        Proportion::of(self.no_response, self.no_response + self.classified())
    }
}

/// All rates at a threshold.
#[must_use]
pub fn at(threshold: f32, bona_fide: &Presented, attacks: &[Presented]) -> AtThreshold {
    let species: Vec<SpeciesRate> = attacks
        .iter()
        .map(|attack| SpeciesRate {
            species: attack.species.clone(),
            apcer: attack.passing(threshold),
            apnrr: attack.non_response_rate(),
        })
        .collect();
    let mut types: Vec<TypeRate> = Vec::new();
    for (attack, rate) in attacks.iter().zip(&species) {
        let candidate = || TypeRate {
            attack_type: attack.attack_type().to_owned(),
            worst_species: attack.species.clone(),
            apcer: rate.apcer,
        };
        match types
            .iter_mut()
            .find(|t| t.attack_type == attack.attack_type())
        {
            Some(worst) if rate.apcer.rate > worst.apcer.rate => *worst = candidate(),
            Some(_) => {}
            None => types.push(candidate()),
        }
    }
    AtThreshold {
        threshold,
        bpcer: bona_fide.refused(threshold),
        species,
        types,
    }
}

fn worst_apcer(threshold: f32, attacks: &[Presented]) -> f64 {
    let rates = attacks.iter().map(|attack| attack.passing(threshold).rate);
    rates.fold(0.0, f64::max)
}

/// Every threshold at which a rate may change.
fn thresholds(bona_fide: &Presented, attacks: &[Presented]) -> Vec<f32> {
    let presented = std::iter::once(bona_fide).chain(attacks);
    let mut all: Vec<f32> = presented.flat_map(|p| p.scores.iter().copied()).collect();
    all.sort_by(f32::total_cmp);
    all.dedup();
    if let Some(highest) = all.last() {
        all.push(highest.next_up());
    }
    all
}

/// The worst species' APCER against BPCER over all thresholds, lowest threshold first.
#[must_use]
pub fn curve(bona_fide: &Presented, attacks: &[Presented]) -> Vec<CurvePoint> {
    let all = thresholds(bona_fide, attacks);
    let step = all.len().div_ceil(MOST_POINTS).max(1);
    let last = all.len().saturating_sub(1);
    all.into_iter()
        .enumerate()
        .filter(|(at, _)| at % step == 0 || *at == last)
        .map(|(_, threshold)| CurvePoint {
            threshold,
            apcer: worst_apcer(threshold, attacks),
            bpcer: bona_fide.refused(threshold).rate,
        })
        .collect()
}

/// BPCER at the lowest threshold that holds every species' APCER to `apcer`: BPCER10 for 0.1, BPCER20 for 0.05, BPCER100
/// for 0.01. Absent without attacks or bona fide presentations.
#[must_use]
pub fn bpcer_at(apcer: f64, bona_fide: &Presented, attacks: &[Presented]) -> Option<BpcerAt> {
    if bona_fide.scores.is_empty() || attacks.iter().all(|a| a.scores.is_empty()) {
        return None;
    }
    let all = thresholds(bona_fide, attacks);
    let threshold = *all.get(all.partition_point(|t| worst_apcer(*t, attacks) > apcer))?;
    Some(BpcerAt {
        apcer,
        threshold,
        bpcer: bona_fide.refused(threshold),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn presented(species: &str, scores: &[f32]) -> Presented {
        Presented::new(species, scores.iter().map(|s| Some(*s)))
    }

    #[test]
    fn a_type_is_as_bad_as_its_worst_species() {
        let bona_fide = presented("bona-fide", &[-1.0, 1.0, 2.0, 3.0]);
        let attacks = [
            presented("print-a", &[-3.0, -2.0, 0.5, -1.0]),
            presented("print-b", &[0.5, 0.6, -1.0, -2.0]),
            Presented::new("screen-a", [Some(-1.0), None]),
        ];
        let at = at(0.0, &bona_fide, &attacks);
        assert_eq!((at.bpcer.count, at.bpcer.trials), (1, 4));
        assert_eq!(at.species[0].apcer.rate, 0.25);
        assert_eq!(at.species[1].apcer.rate, 0.5);
        assert_eq!(at.types.len(), 2);
        assert_eq!(at.types[0].worst_species, "print-b");
        assert_eq!(at.types[0].apcer.rate, 0.5);
        assert_eq!((at.types[1].apcer.rate, at.types[1].apcer.trials), (0.0, 1));
        assert_eq!(at.species[2].apnrr.rate, 0.5);
    }

    #[test]
    fn bpcer_where_apcer_is_held_down() {
        let bona_fide = presented("bona-fide", &[0.0, 1.0, 2.0, 3.0]);
        let attacks = [presented("print-a", &[-2.0, -1.0, 0.5, 1.5])];
        // One in four attacks may pass: from just above 0.5, hence at 1.0; of the bona fide 0.0 is refused.
        let quarter = bpcer_at(0.25, &bona_fide, &attacks).unwrap();
        assert_eq!((quarter.threshold, quarter.bpcer.rate), (1.0, 0.25));
        // None may pass: from above 1.5, hence at 2.0.
        let none = bpcer_at(0.05, &bona_fide, &attacks).unwrap();
        assert_eq!((none.threshold, none.bpcer.rate), (2.0, 0.5));
        assert_eq!(bpcer_at(0.05, &bona_fide, &[]), None);
    }

    proptest! {
        #[test]
        fn apcer_falls_and_bpcer_rises_along_the_curve(
            good in prop::collection::vec(-5.0f32..5.0, 1..40), bad in prop::collection::vec(-5.0f32..5.0, 1..40)
        ) {
            let (bona_fide, attacks) = (presented("x", &good), [presented("print-a", &bad)]);
            let curve = curve(&bona_fide, &attacks);
            prop_assert!(curve.windows(2).all(|w| w[0].apcer >= w[1].apcer && w[0].bpcer <= w[1].bpcer));
            let held = bpcer_at(0.05, &bona_fide, &attacks).unwrap();
            prop_assert!(at(held.threshold, &bona_fide, &attacks).types[0].apcer.rate <= 0.05);
        }
    }
}
