//! Measures 1:N search on random directions with planted near-duplicates: exact, and with `--features index` the index too; beside it
//! how fast memory is read, which bounds it.
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

/// What one way of doing it took.
#[derive(Default)]
struct Measured {
    times: Vec<Duration>,
    processor: Duration,
}

impl Measured {
    /// Notes how long something took, for so many probes.
    fn time<T>(&mut self, probes: usize, work: impl FnOnce() -> T) -> T {
        let (before, began) = (processor_time(), Instant::now());
        let result = work();
        let took = began.elapsed() / probes as u32;
        self.times.extend(std::iter::repeat_n(took, probes));
        self.processor += processor_time().saturating_sub(before);
        result
    }

    fn row(&mut self, name: &str, built: Duration, memory: usize) {
        self.times.sort();
        let count = self.times.len();
        let percentile = |p: usize| {
            let at = (count * p / 100).min(count.saturating_sub(1));
            self.times.get(at).map_or(0.0, |t| t.as_secs_f64() * 1e3)
        };
        println!(
            "| {name} | {:.1} | {:.2} | {:.2} | {:.2} | {:.2} | {:.0} |",
            built.as_secs_f64(),
            percentile(0),
            percentile(50),
            percentile(99),
            self.processor.as_secs_f64() * 1e3 / count.max(1) as f64,
            memory as f64 / 1e6
        );
    }
}

/// Of all threads of this process, in hundredths of a second: right in the mean over many searches. None where there is no `/proc`.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks: u64 = fields
        .skip(11)
        .take(2)
        .filter_map(|f| f.parse::<u64>().ok())
        .sum();
    Duration::from_millis(10 * ticks)
}

/// Searches with every probe, several at a time: a row of the table, and the best hit of each probe.
fn measure(
    name: &str,
    search: &dyn Search<u32>,
    probes: &[Probe],
    (together, at_least): (usize, f32),
    built: Duration,
) -> Vec<Option<u32>> {
    let (mut measured, mut best) = (Measured::default(), Vec::new());
    for probes in probes.chunks(together) {
        let templates: Vec<&Template> = probes.iter().map(|probe| &probe.template).collect();
        let at_least = ComparisonScore::new(at_least);
        let each = measured.time(probes.len(), || {
            search.nearest_each(&templates, 10, at_least)
        });
        best.extend(each.iter().map(|hits| hits.first().map(|h| h.key)));
    }
    measured.row(name, built, search.memory());
    best
}

/// How long it takes to read as many bytes as the first pass of an exact search reads, and do next to nothing with them.
fn read_memory(count: u32, threads: NonZeroUsize, times: usize) {
    // 64 bytes of halves, and two numbers.
    let bytes = count as usize * 72;
    let numbers: Vec<u64> = (0..bytes as u64 / 8).collect();
    let sum = |part: &[u64]| {
        let mut sums = [0u64; 16];
        for numbers in part.as_chunks::<16>().0 {
            for (sum, number) in sums.iter_mut().zip(numbers) {
                *sum ^= number;
            }
        }
        sums.iter().fold(0, |a, b| a ^ b)
    };
    let mut measured = Measured::default();
    for _ in 0..times {
        let total = measured.time(1, || {
            std::thread::scope(|scope| {
                let share = numbers.len().div_ceil(threads.get());
                let mut parts = numbers.chunks(share);
                let mine = parts.next().unwrap_or_default();
                let others: Vec<_> = parts.map(|part| scope.spawn(move || sum(part))).collect();
                let others = others
                    .into_iter()
                    .map(|other| other.join().unwrap_or_default());
                sum(mine) ^ others.fold(0, |a, b| a ^ b)
            })
        });
        std::hint::black_box(total);
    }
    let name = format!("reading {} MB, {threads} threads", bytes / 1_000_000);
    measured.row(&name, Duration::ZERO, bytes);
}

#[cfg(feature = "index")]
fn indexed(count: u32, probes: u32) -> Result<Option<Vec<Option<u32>>>, Box<dyn Error>> {
    let mut index = selfsame_search::IndexedSearch::new();
    let (planted, built) = fill(&mut index, count, probes)?;
    Ok(Some(measure(
        "index",
        &index,
        &planted,
        (1, THRESHOLD),
        built,
    )))
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
    println!(
        "| search | taken in, s | least, ms | p50, ms | p99, ms | processor, ms | memory, MB |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    read_memory(count, NonZeroUsize::MIN, planted.len());
    let alone = (1, THRESHOLD);
    let exact = measure("exact, 1 thread", &search, &planted, alone, built);
    let four = measure(
        "exact, 1 thread, four probes in a pass",
        &search,
        &planted,
        (4, THRESHOLD),
        built,
    );
    read_memory(count, threads, planted.len());
    search = search.with_threads(threads);
    let name = format!("exact, {threads} threads");
    let several = measure(&name, &search, &planted, alone, built);
    let name = format!("exact, {threads} threads, no threshold");
    let any = measure(&name, &search, &planted, (1, -1.0), built);
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
    if several != exact || four != exact {
        return Err("several threads or probes found something else than one".into());
    }
    Ok(())
}
