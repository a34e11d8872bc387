//! What is evaluated, as the command line names it.

use std::path::PathBuf;

use selfsame_eval::dataset::pairs::{Impostors, Pairs, from_csv, from_people};
use selfsame_eval::dataset::people::People;
use selfsame_eval::dataset::presentation::{Presentation, attacks, bona_fide, made_of};
use selfsame_eval::generate::Species;
use selfsame_eval::staged::{stills, swapped};

use super::Failure;

/// Labelled pairs.
#[derive(clap::Args)]
pub(super) struct PairInputs {
    /// A CSV file with the columns file_x, file_y, Decision (Yes: one person, No: two); files are relative to it.
    #[arg(long, value_name = "CSV", conflicts_with = "people")]
    pairs: Option<PathBuf>,
    /// A folder with one folder for each person.
    #[arg(long, value_name = "DIR")]
    people: Option<PathBuf>,
    /// With --people: so many impostor pairs, drawn at random [default: all].
    #[arg(long, value_name = "N", requires = "people")]
    impostors: Option<usize>,
    /// The seed of that draw.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pairs_seed: u64,
}

impl PairInputs {
    pub(super) fn are_given(&self) -> bool {
        self.pairs.is_some() || self.people.is_some()
    }

    pub(super) fn read(&self) -> Result<Pairs, Failure> {
        match (&self.pairs, &self.people) {
            (Some(csv), _) => Ok(from_csv(csv)?),
            (None, Some(folder)) => {
                let impostors = self
                    .impostors
                    .map_or(Impostors::All, |count| Impostors::Sample {
                        count,
                        seed: self.pairs_seed,
                    });
                Ok(from_people(folder, impostors)?)
            }
            (None, None) => Err("give --pairs CSV or --people DIR".into()),
        }
    }
}

/// Presentations.
#[derive(clap::Args)]
pub(super) struct AttackInputs {
    /// Bona fide presentations: images, or folders with selfie.jpg and frame-1.jpg …
    #[arg(long, value_name = "DIR")]
    bona_fide: Option<PathBuf>,
    /// Attacks: one folder for each species, such as print-office, with images or folders as above.
    #[arg(long, value_name = "DIR")]
    attacks: Option<PathBuf>,
    /// Photographs of which synthetic attacks and live sequences are made as they are needed, and not kept. Without
    /// --bona-fide the photographs themselves are the bona fide images.
    #[arg(long, value_name = "DIR")]
    made_of: Option<PathBuf>,
    /// With --made-of: what to make, by commas [default: everything].
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "all",
        requires = "made_of"
    )]
    species: Vec<String>,
    /// With --made-of: make them of so many of the photographs, evenly chosen [default: all].
    #[arg(long, value_name = "N", requires = "made_of")]
    most: Option<std::num::NonZeroUsize>,
    /// With --made-of: the generator's seed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folders of people, one for each person, whose photographs are sent as selfie and frames: several stills of one person,
    /// mirrored, cut, mixed with another's.
    #[arg(long, value_name = "DIR")]
    stills_of: Option<PathBuf>,
    /// With --stills-of: so many tries of each species, drawn at random.
    #[arg(long, value_name = "N", default_value_t = 50, requires = "stills_of")]
    tries: usize,
    /// Of the --bona-fide sequences: so many selfies with the frames of another person's capture, drawn at random.
    #[arg(long, value_name = "N", requires = "bona_fide")]
    swapped: Option<usize>,
    /// The seed of those draws.
    #[arg(long, value_name = "N", default_value_t = 1)]
    tries_seed: u64,
}

impl AttackInputs {
    pub(super) fn are_given(&self) -> bool {
        self.bona_fide.is_some()
            || self.attacks.is_some()
            || self.made_of.is_some()
            || self.stills_of.is_some()
    }

    pub(super) fn read(&self) -> Result<Vec<Presentation>, Failure> {
        let mut all = Vec::new();
        match (&self.bona_fide, &self.made_of) {
            (Some(folder), _) | (None, Some(folder)) => all.extend(bona_fide(folder)?),
            // Whether attacks pass can be asked alone.
            (None, None) if self.attacks.is_some() || self.stills_of.is_some() => {}
            (None, None) => {
                return Err(
                    "give --bona-fide DIR, --attacks DIR, --stills-of DIR or --made-of DIR".into(),
                );
            }
        }
        if let Some(tries) = self.swapped {
            let swapped = swapped(&all, tries, self.tries_seed)?;
            all.extend(swapped);
        }
        if let Some(folder) = &self.stills_of {
            let people = People::of_folder(folder)?;
            all.extend(stills(&people, folder, self.tries, self.tries_seed)?);
        }
        if let Some(folder) = &self.attacks {
            all.extend(attacks(folder)?);
        }
        if let Some(folder) = &self.made_of {
            all.extend(made_of(
                folder,
                &species(&self.species)?,
                self.seed,
                self.most,
            )?);
        }
        Ok(all)
    }
}

/// Species by name; `all` is all of them.
pub(super) fn species(names: &[String]) -> Result<Vec<Species>, String> {
    if names.iter().any(|name| name == "all") {
        return Ok(Species::ALL.to_vec());
    }
    names.iter().map(|name| name.parse()).collect()
}

/// An FMR that is reported.
pub(super) fn fmr(text: &str) -> Result<f64, String> {
    let known = selfsame_eval::metrics::error_rate::FMR_TARGETS;
    let rate: f64 = text
        .parse()
        .map_err(|_| format!("{text:?} is not a number"))?;
    known
        .into_iter()
        .find(|target| (target / rate - 1.0).abs() < 1e-9)
        .ok_or_else(|| format!("{text} is none of 1e-2, 1e-3, 1e-4, 1e-5, 1e-6"))
}
