//! What an operator imports into a register: a table as CSV or JSON lines, with photographs beside it or in it.
//!
//! A line that does not fit is told with its number, and reading goes on. What is told of it names fields and limits, and nothing
//! that stands in it.

mod csv_rows;
mod draft;
mod json_lines;
mod photos;

use std::io::{self, Read};
use std::path::Path;

use selfsame_store::store::{MAX_PHOTO_BYTES, RegisterEntry, UnfitEntry};
use selfsame_wire::id_info::{Country, IdType};

use self::csv_rows::CsvRows;
use self::json_lines::JsonLines;

pub use self::photos::PhotoFolder;

/// The longest line, in bytes: a photograph of the largest size fits in.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;
/// The most columns of a table, and the most members of a JSON line.
pub const MAX_COLUMNS: usize = 200;
/// The longest value of a column that is no photograph, in bytes.
pub const MAX_VALUE_BYTES: usize = 2048;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values; the first line names the columns.
    Csv,
    /// A JSON object on each line.
    JsonLines,
}

impl Format {
    /// What the end of a file's name says: `csv`, `jsonl` or `ndjson`.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let end = path.extension()?.to_str()?.to_ascii_lowercase();
        match end.as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// What a table leaves to whoever imports it.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The country of lines that name none.
    pub country: Option<Country>,
    /// The type of lines that name none.
    pub id_type: Option<IdType>,
    /// Where the photographs are that lines name.
    pub photos: Option<PhotoFolder>,
}

/// A table that cannot be read at all. The texts repeat nothing of it: its first line may be a person's.
#[derive(Debug, thiserror::Error)]
pub enum BadTable {
    /// The file fails.
    #[error("the table cannot be read: {}", .0.kind())]
    Unreadable(#[from] io::Error),
    /// The header is too long.
    #[error("the first line is longer than {} KB", MAX_LINE_BYTES / 1024)]
    LongHeader,
    /// There is nothing.
    #[error("the table is empty: its first line must name the columns")]
    Empty,
    /// Too many.
    #[error("the table has more than {MAX_COLUMNS} columns")]
    Columns,
    /// A column without a name of its own.
    #[error(
        "the first line must name the columns: the name of column {0} is missing, too long or not UTF-8"
    )]
    Unnamed(usize),
    /// Two that mean one.
    #[error("columns {0} and {1} say the same: leave one out")]
    Twice(usize, usize),
    /// One that must be there.
    #[error(
        "the first line names no column {0}, and no default is given where there may be one; columns are separated by commas"
    )]
    Missing(&'static str),
}

/// A line that is not imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct BadLine {
    /// Its number, from 1; of a row of several lines, the first.
    pub line: u64,
    /// Why.
    pub why: Why,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The file fails, and reading ends.
    #[error("the table cannot be read on: {0}")]
    Unreadable(io::ErrorKind),
    /// Too long.
    #[error("it is longer than {} KB", MAX_LINE_BYTES / 1024)]
    Long,
    /// Too long for a row of CSV, and reading ends: nobody knows where the next one begins.
    #[error("it is longer than {} KB, so reading ends here: is a quotation mark not closed?", MAX_LINE_BYTES / 1024)]
    Endless,
    /// Not of as many columns as the header.
    #[error("it has {found} columns, and the first line has {expected}")]
    Columns {
        /// As the header has.
        expected: u64,
        /// As it has.
        found: u64,
    },
    /// No text.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// No JSON.
    #[error("it is no JSON object of at most {MAX_COLUMNS} members")]
    NotAnObject,
    /// A field is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field is said twice.
    #[error("{0} is said twice")]
    Twice(&'static str),
    /// A field is wrong.
    #[error("{field} must be {wanted}")]
    Wrong {
        /// Which, as tables name it.
        field: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// A photograph is named, and nobody said where they are.
    #[error("it names a photograph, and no folder of photographs is given")]
    NoFolder,
    /// Something other than the name of a file.
    #[error("photo must be the name of a file in the folder of photographs, without a path")]
    PhotoName,
    /// The file is not there, or cannot be read.
    #[error("its photograph cannot be read: {0}")]
    PhotoFile(io::ErrorKind),
    /// The file is too large or empty.
    #[error("its photograph is empty, or larger than {} KB", MAX_PHOTO_BYTES / 1024)]
    PhotoSize,
    /// The file is something else.
    #[error("its photograph is no JPEG, PNG or JPEG 2000 picture")]
    NoPicture,
    /// It does not fit into a register.
    #[error(transparent)]
    Unfit(#[from] UnfitEntry),
}

impl Why {
    /// Whether nothing can be read behind it.
    #[must_use]
    pub const fn ends_reading(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Endless)
    }
}

enum Rows<R> {
    Csv(Box<CsvRows<R>>),
    Json(JsonLines<R>),
}

/// The entries of a table, one after another: it may be larger than the memory.
pub struct Entries<R> {
    rows: Rows<R>,
    settings: Settings,
    ended: bool,
}

impl<R: Read> Entries<R> {
    /// Begins to read a table.
    ///
    /// # Errors
    /// [`BadTable`], where its header does not fit.
    pub fn new(table: R, format: Format, settings: Settings) -> Result<Self, BadTable> {
        let rows = match format {
            Format::Csv => Rows::Csv(Box::new(CsvRows::new(table, &settings)?)),
            Format::JsonLines => Rows::Json(JsonLines::new(table)),
        };
        Ok(Self {
            rows,
            settings,
            ended: false,
        })
    }
}

impl<R: Read> Iterator for Entries<R> {
    type Item = Result<RegisterEntry, BadLine>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let (line, draft) = match &mut self.rows {
            Rows::Csv(rows) => rows.next_draft()?,
            Rows::Json(lines) => lines.next_draft()?,
        };
        let entry = draft.and_then(|draft| draft.entry(&self.settings));
        Some(entry.map_err(|why| {
            self.ended = why.ends_reading();
            BadLine { line, why }
        }))
    }
}

#[cfg(test)]
mod tests;
