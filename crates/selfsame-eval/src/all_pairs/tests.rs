use super::*;
use crate::comparison::{made_up, score};
use crate::metrics::error_rate::Scores;
use crate::progress::Quiet;

/// Sixty people with one to four images that scatter about their own direction.
fn gallery() -> Vec<Image> {
    let mut state = 7u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let mut images = Vec::new();
    for person in 0..60u32 {
        let centre: [f32; 128] = std::array::from_fn(|_| next());
        for image in 0..=person % 4 {
            let values = centre.map(|c| c + 1.6 * next());
            images.push(Image {
                photograph: Photograph {
                    name: format!("{person}/{image}.jpg"),
                    path: "none".into(),
                },
                person,
                place: images.len(),
                template: made_up(&values),
                quality: Some(next()),
            });
        }
    }
    images
}

const POLICY: ComparisonPolicy = ComparisonPolicy {
    match_threshold: 0.3,
    review_threshold: 0.2,
};

#[test]
fn rates_are_those_of_one_pair_after_another() {
    let images = gallery();
    let every: Vec<&Image> = images.iter().collect();
    let found = rates(&every, &compare(&every, &Quiet), &POLICY, 60);
    let (mut genuine, mut impostor) = (Vec::new(), Vec::new());
    for (at, a) in images.iter().enumerate() {
        for b in &images[at + 1..] {
            let score = score(&a.template, &b.template).unwrap();
            if a.person == b.person {
                genuine.push(score);
            } else {
                impostor.push(score);
            }
        }
    }
    let naive = Scores::new(genuine, impostor);
    // 150 images make 11,000 impostor pairs: 1e-6 and 1e-5 are not shown by them.
    let targets: Vec<f64> = found.at_fmr.iter().map(|at| at.target_fmr).collect();
    assert_eq!(targets, [1e-3, 1e-4]);
    for point in &found.at_fmr {
        let expected = naive.operating_point(point.target_fmr).observed.unwrap();
        assert!((point.at.threshold - expected.threshold).abs() < 1e-6);
        assert_eq!(point.at.fmr.count, expected.fmr.count);
        assert_eq!(point.at.fmr.trials, expected.fmr.trials);
        assert_eq!(point.at.fnmr.count, expected.fnmr.count);
        assert_eq!(point.at.fnmr.trials, expected.fnmr.trials);
        assert!(point.at.fnmr.count > 0, "errors are what this is about");
    }
    for at in &found.at_policy {
        let expected = naive.at(at.at.threshold);
        assert_eq!(at.at.fmr.count, expected.fmr.count);
        assert_eq!(at.at.fnmr.count, expected.fnmr.count);
    }
}

#[test]
fn the_images_of_the_lowest_quality_are_asked_for_again() {
    let images = gallery();
    let every: Vec<&Image> = images.iter().collect();
    let (from, kept) = kept_by_quality(&every).unwrap();
    let gone = every.len() - kept.len();
    assert_eq!(gone, (every.len() as f64 * ASKED_AGAIN).round() as usize);
    let lowest_kept = kept
        .iter()
        .filter_map(|image| image.quality)
        .reduce(f32::min);
    assert_eq!(lowest_kept, Some(from));
    // Without a quality of each, nobody is asked again.
    let mut images = images;
    images[3].quality = None;
    let every: Vec<&Image> = images.iter().collect();
    assert!(kept_by_quality(&every).is_none());
}

#[test]
fn people_count_alike_where_it_is_said_so() {
    // Of one person's six comparisons all fail, of three people's one each none does.
    let counted = Counted::Within(vec![(6, 6), (0, 1), (0, 1), (0, 1), (0, 0)]);
    assert_eq!(by_person(&counted), 0.25);
}
