use proptest::prelude::*;

use super::*;
use crate::synthetic::Directions;

const ONE: NonZeroUsize = NonZeroUsize::MIN;

/// Any score will do.
fn any() -> ComparisonScore {
    ComparisonScore::new(-1.0)
}

fn threads(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// What comparing with every template gives.
fn by_hand(all: &[(u32, Template)], probe: &Template, most: usize, at_least: f32) -> Vec<f32> {
    let mut scores: Vec<f32> = all
        .iter()
        .map(|(_, t)| probe.compare(t).unwrap().value())
        .collect();
    scores.retain(|s| *s >= at_least);
    scores.sort_by(|a, b| b.total_cmp(a));
    scores.truncate(most);
    scores
}

fn scores(hits: &[Hit<u32>]) -> Vec<f32> {
    hits.iter().map(|h| h.score.value()).collect()
}

#[test]
fn it_finds_what_comparing_with_all_finds() {
    let mut directions = Directions::new(3);
    // Clustered, so that many are close to the best; and enough of them for two threads and a block begun.
    let centres: Vec<Template> = (0..40).map(|_| directions.template()).collect();
    let mut all = Vec::new();
    for n in 0..(2 * BLOCKS_A_THREAD * ROWS + 100) as u32 {
        let template = match n % 64 {
            c if (c as usize) < centres.len() => directions.near(&centres[c as usize], 0.8),
            _ => directions.template(),
        };
        all.push((n, template));
    }
    for threads in [ONE, threads(3)] {
        let mut search = ExactSearch::new(threads);
        for (key, template) in &all {
            search.put(*key, template).unwrap();
        }
        for (most, at_least) in [
            (1, -1.0),
            (10, -1.0),
            (5, 0.9),
            (usize::MAX, 0.7),
            (usize::MAX, 0.3),
        ] {
            let probe = directions.near(&centres[7], 0.9);
            let hits = search.nearest(&probe, most, ComparisonScore::new(at_least));
            assert_eq!(scores(&hits), by_hand(&all, &probe, most, at_least));
            for hit in hits {
                assert_eq!(Some(hit.score), probe.compare(&all[hit.key as usize].1));
            }
        }
        // Six probes: a pass of four and two alone.
        let probes: Vec<Template> = (0..6).map(|n| directions.near(&centres[n], 0.9)).collect();
        let probes: Vec<&Template> = probes.iter().collect();
        for (most, at_least) in [(3, -1.0), (usize::MAX, 0.6)] {
            let at_least = ComparisonScore::new(at_least);
            let each = search.nearest_each(&probes, most, at_least);
            assert_eq!(each.len(), probes.len());
            for (hits, probe) in each.iter().zip(&probes) {
                assert_eq!(*hits, search.nearest(probe, most, at_least));
                assert!(!hits.is_empty());
            }
        }
    }
}

#[test]
fn an_empty_one_finds_nothing() {
    let mut search = ExactSearch::new(ONE);
    let template = Directions::new(1).template();
    assert_eq!(search.nearest(&template, 3, any()), Vec::new());
    search.put(1, &template).unwrap();
    assert_eq!(search.nearest(&template, 0, any()), Vec::new());
    assert!(search.remove(&1) && !search.remove(&1));
    assert_eq!(search.nearest(&template, 3, any()), Vec::new());
    assert_eq!((search.len(), search.memory()), (0, 0));
}

#[test]
fn templates_of_another_model_or_length_are_not_mixed_in() {
    let mut search = ExactSearch::new(ONE);
    let (short, long) = (
        Directions::of_length(1, 64).template(),
        Directions::of_length(1, 512).template(),
    );
    let renamed = TemplateModel::new("another").unwrap();
    let renamed = Template::new(short.values(), &renamed).unwrap();
    search.put(1, &short).unwrap();
    for other in [&long, &renamed] {
        assert_eq!(search.put(2, other), Err(SearchError::OtherModel));
        assert_eq!(search.nearest(other, 3, any()), Vec::new());
    }
    // Once the last one is gone, it may be filled with another model's.
    assert!(search.remove(&1));
    search.put(2, &long).unwrap();
    assert_eq!(search.nearest(&long, 3, any())[0].key, 2);
    assert!(search.nearest(&short, 3, any()).is_empty());
}

#[test]
fn it_finds_long_templates_as_comparing_with_all_does() {
    for length in [16, 200, 512] {
        let mut directions = Directions::of_length(4, length);
        let all: Vec<(u32, Template)> = (0..600).map(|n| (n, directions.template())).collect();
        let mut search = ExactSearch::new(ONE);
        for (key, template) in &all {
            search.put(*key, template).unwrap();
        }
        let probe = directions.near(&all[5].1, 0.6);
        let hits = search.nearest(&probe, 9, any());
        assert_eq!(scores(&hits), by_hand(&all, &probe, 9, -1.0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn it_follows_every_change(changes in prop::collection::vec((0u32..300, prop::bool::ANY), 0..900)) {
        let mut directions = Directions::new(9);
        let mut search = ExactSearch::new(ONE);
        let mut all: HashMap<u32, Template> = HashMap::new();
        for (key, put) in changes {
            if put {
                let template = directions.template();
                search.put(key, &template).unwrap();
                all.insert(key, template);
            } else {
                prop_assert_eq!(search.remove(&key), all.remove(&key).is_some());
            }
        }
        prop_assert_eq!(search.len(), all.len());
        for (key, template) in &all {
            let hits = search.nearest(template, 1, any());
            prop_assert_eq!(hits[0].key, *key);
        }
        let probe = directions.template();
        let all: Vec<_> = all.into_iter().collect();
        prop_assert_eq!(scores(&search.nearest(&probe, 7, any())), by_hand(&all, &probe, 7, -1.0));
    }

    #[test]
    fn no_template_is_so_unusual_that_it_is_missed(
        length in prop::sample::select(vec![16usize, 20, 128, 203]),
        seed in prop::num::u64::ANY,
        kinds in prop::collection::vec(0u8..6, 1..400),
        probe_kind in 0u8..6,
        most in prop::sample::select(vec![1usize, 4, 1000]),
        at_least in prop::sample::select(vec![-1f32, 0.0, 0.4, 0.999]),
    ) {
        let mut directions = Directions::of_length(seed, length);
        let mut draw = |kind: u8| {
            let mut values = directions.values();
            let at = (directions.uniform() * length as f64) as usize % length;
            match kind {
                // One number, which 4 bits tell badly of the others; all alike; two levels; one that towers; the same once more.
                0 => values.iter_mut().enumerate().for_each(|(n, v)| *v = f32::from(u8::from(n == at))),
                1 => values.fill(-0.7),
                2 => values.iter_mut().for_each(|v| *v = v.signum()),
                3 => values[at] *= 50.0,
                4 => values = Directions::of_length(seed, length).values(),
                _ => {}
            }
            Template::new(&values, &crate::synthetic::model()).unwrap()
        };
        let all: Vec<(u32, Template)> = (0u32..).zip(kinds.iter().map(|kind| draw(*kind))).collect();
        let probe = draw(probe_kind);
        let mut search = ExactSearch::new(ONE);
        for (key, template) in &all {
            search.put(*key, template).unwrap();
        }
        let hits = search.nearest(&probe, most, ComparisonScore::new(at_least));
        prop_assert_eq!(scores(&hits), by_hand(&all, &probe, most, at_least));
        // Of equal ones the first.
        let mut order: Vec<(f32, u32)> = hits.iter().map(|h| (-h.score.value(), h.key)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        prop_assert!(order.iter().map(|o| o.1).eq(hits.iter().map(|h| h.key)));
    }
}
