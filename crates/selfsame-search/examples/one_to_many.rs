//! Measures 1:N search on random directions with planted near-duplicates: exact, and with `--features index` the index too.
//!
//! `cargo run --release -p selfsame-search --features index --example one_to_many -- [TEMPLATES] [PROBES] [THREADS]`
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use selfsame_face::template::{ComparisonScore, Template};
use selfsame_search::{ExactSearch, Search};

#[path = "../src/synthetic.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "the tests' directions")]
mod synthetic;

use synthetic::Directions;

/// What the planted probes score against the template that they are near to.
const COSINES: [f32; 4] = [0.45, 0.5, 0.6, 0.75];
/// The score at which a duplicate is one.
const THRESHOLD: f32 = 0.45;

struct Probe {
    template: Template,
    of: u32,
    cosine: f32,
}

/// Fills a search with random directions, the same each time. Gives probes planted near some of them, and the time taken.
fn fill(
    search: &mut dyn Search<u32>,
    count: u32,
    probes: u32,
) -> Result<(Vec<Probe>, Duration), Box<dyn Error>> {
    let mut directions = Directions::new(20);
    let (mut planted, mut taken) = (Vec::new(), Duration::ZERO);
    for key in 0..count {
        let template = directions.template();
        let began = Instant::now();
        search.put(key, &template)?;
        taken += began.elapsed();
        if key % (count / probes).max(1) == 0 {
            let cosine = COSINES[planted.len() % COSINES.len()];
            planted.push(Probe {
                template: directions.near(&template, cosine),
                of: key,
                cosine,
            });
        }
        if key > 0 && key % 50_000 == 0 {
            eprintln!("{key} of {count} taken in, {:.0} s", taken.as_secs_f64());
        }
    }
    Ok((planted, taken))
}

/// Searches with every probe: a row of the table, and the best hit of each probe.
fn measure(
    name: &str,
    search: &dyn Search<u32>,
    probes: &[Probe],
    at_least: f32,
    built: Duration,
) -> Vec<Option<u32>> {
    let (mut times, mut best) = (Vec::new(), Vec::new());
    for probe in probes {
        let began = Instant::now();
        let hits = search.nearest(&probe.template, 10, ComparisonScore::new(at_least));
        times.push(began.elapsed());
        best.push(hits.first().map(|h| h.key));
    }
    times.sort();
    let percentile = |p: usize| {
        let at = (times.len() * p / 100).min(times.len().saturating_sub(1));
        times.get(at).map_or(0.0, |t| t.as_secs_f64() * 1e3)
    };
    println!(
        "| {name} | {:.1} | {:.2} | {:.2} | {:.0} |",
        built.as_secs_f64(),
        percentile(50),
        percentile(99),
        search.memory() as f64 / 1e6
    );
    best
}

#[cfg(feature = "index")]
fn indexed(count: u32, probes: u32) -> Result<Option<Vec<Option<u32>>>, Box<dyn Error>> {
    let mut index = selfsame_search::IndexedSearch::new();
    let (planted, built) = fill(&mut index, count, probes)?;
    Ok(Some(measure("index", &index, &planted, THRESHOLD, built)))
}

#[cfg(not(feature = "index"))]
fn indexed(_: u32, _: u32) -> Result<Option<Vec<Option<u32>>>, Box<dyn Error>> {
    Ok(None)
}

fn argument(at: usize, default: u32) -> Result<u32, Box<dyn Error>> {
    Ok(match std::env::args().nth(at) {
        Some(text) => text.parse()?,
        None => default,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let (count, probes) = (argument(1, 1_000_000)?, argument(2, 400)?.max(1));
    let threads = NonZeroUsize::new(argument(3, 2)? as usize).ok_or("at least one thread")?;
    let mut search = ExactSearch::new(NonZeroUsize::MIN);
    let (planted, built) = fill(&mut search, count, probes)?;
    println!(
        "{count} templates of 128 numbers; {} probes, each for the ten best\n",
        planted.len()
    );
    println!("| search | taken in, s | p50, ms | p99, ms | memory, MB |");
    println!("| --- | --- | --- | --- | --- |");
    let exact = measure("exact, 1 thread", &search, &planted, THRESHOLD, built);
    search = search.with_threads(threads);
    let name = format!("exact, {threads} threads");
    let several = measure(&name, &search, &planted, THRESHOLD, built);
    let name = format!("exact, {threads} threads, no threshold");
    let any = measure(&name, &search, &planted, -1.0, built);
    drop(search);
    let index = indexed(count, probes)?;
    println!("\nThreshold {THRESHOLD}.\n");
    println!(
        "| planted at a cosine of | probes | nearest of all | found at the threshold | index: the same |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for cosine in COSINES {
        let of: Vec<usize> = (0..planted.len())
            .filter(|n| planted[*n].cosine == cosine)
            .collect();
        let count = |is: &dyn Fn(usize) -> bool| of.iter().filter(|n| is(**n)).count();
        let nearest = count(&|n| any[n] == Some(planted[n].of));
        let found = count(&|n| exact[n].is_some());
        let same = index.as_ref().map_or("-".to_owned(), |index| {
            let same = count(&|n| exact[n].is_some() && index[n] == exact[n]);
            format!("{same} of {found}")
        });
        println!("| {cosine} | {} | {nearest} | {found} | {same} |", of.len());
    }
    if several != exact {
        return Err("several threads found something else than one".into());
    }
    Ok(())
}
