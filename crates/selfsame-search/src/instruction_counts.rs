//! A 1:N search whose instructions `bench/instructions.py` counts, on templates that are the same each time. As a test it holds
//! that the search finds what it is to find.

use std::hint::black_box;
use std::num::NonZeroUsize;

use selfsame_face::template::{ComparisonScore, Template};

use crate::synthetic::Directions;
use crate::{ExactSearch, Hit, Search as _};

#[inline(never)]
fn search_ten_thousand(search: &ExactSearch<u32>, probe: &Template) -> Vec<Hit<u32>> {
    search.nearest(probe, 10, ComparisonScore::new(0.45))
}

/// Each is named after what it calls: `bench/instructions.py` runs it by that name.
mod tests {
    use super::*;

    #[test]
    fn search_ten_thousand() {
        let mut directions = Directions::new(20);
        let mut search = ExactSearch::new(NonZeroUsize::MIN);
        let mut sought = directions.template();
        for key in 0..10_000 {
            let template = directions.template();
            search.put(key, &template).unwrap();
            if key == 7_000 {
                sought = directions.near(&template, 0.7);
            }
        }
        let hits = super::search_ten_thousand(&search, black_box(&sought));
        assert_eq!(hits.first().map(|hit| hit.key), Some(7_000));
    }
}
