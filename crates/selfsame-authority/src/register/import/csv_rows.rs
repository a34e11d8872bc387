//! Rows of comma-separated values.

use std::io::{self, Read};

use csv::{ByteRecord, ErrorKind, ReaderBuilder};

use super::draft::{Draft, Field};
use super::{BadTable, MAX_COLUMNS, MAX_LINE_BYTES, Settings, Why};

/// A table that gives so many bytes for a row and no more: a quotation mark that is not closed would else take all of it into memory.
struct Portioned<R> {
    table: R,
    left: usize,
    endless: bool,
}

impl<R: Read> Read for Portioned<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            self.endless = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let most = buffer.len().min(self.left);
        let read = self
            .table
            .read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left -= read;
        Ok(read)
    }
}

pub(super) struct CsvRows<R> {
    rows: csv::Reader<Portioned<R>>,
    columns: Vec<Field>,
    row: ByteRecord,
}

impl<R: Read> CsvRows<R> {
    pub(super) fn new(table: R, settings: &Settings) -> Result<Self, BadTable> {
        let table = Portioned {
            table,
            left: MAX_LINE_BYTES,
            endless: false,
        };
        let mut rows = ReaderBuilder::new().from_reader(table);
        let header = match rows.byte_headers().cloned() {
            Ok(header) => header,
            Err(_) if rows.get_ref().endless => return Err(BadTable::LongHeader),
            Err(error) => return Err(io::Error::from(error).into()),
        };
        Ok(Self {
            columns: columns(&header, settings)?,
            row: ByteRecord::new(),
            rows,
        })
    }

    /// The next row and the number of its line.
    pub(super) fn next_draft(&mut self) -> Option<(u64, Result<Draft, Why>)> {
        let portion = self.rows.get_mut();
        portion.left = MAX_LINE_BYTES;
        let from = self.rows.position().line();
        match self.rows.read_byte_record(&mut self.row) {
            Ok(false) => None,
            Ok(true) => {
                let line = self.row.position().map_or(from, csv::Position::line);
                Some((line, self.draft()))
            }
            Err(error) => {
                let endless = self.rows.get_ref().endless;
                Some(match error.kind() {
                    ErrorKind::UnequalLengths {
                        pos,
                        expected_len,
                        len,
                    } => {
                        let line = pos.as_ref().map_or(from, csv::Position::line);
                        let (expected, found) = (*expected_len, *len);
                        (line, Err(Why::Columns { expected, found }))
                    }
                    ErrorKind::Io(_) if endless => (from, Err(Why::Endless)),
                    ErrorKind::Io(error) => (from, Err(Why::Unreadable(error.kind()))),
                    _ => (from, Err(Why::Unreadable(io::ErrorKind::InvalidData))),
                })
            }
        }
    }

    fn draft(&self) -> Result<Draft, Why> {
        let mut draft = Draft::default();
        for (field, value) in self.columns.iter().zip(&self.row) {
            let text = std::str::from_utf8(value).map_err(|_| Why::NotUtf8)?;
            draft.set(field, text)?;
        }
        Ok(draft)
    }
}

/// What the columns mean.
fn columns(header: &ByteRecord, settings: &Settings) -> Result<Vec<Field>, BadTable> {
    if header.is_empty() {
        return Err(BadTable::Empty);
    }
    if header.len() > MAX_COLUMNS {
        return Err(BadTable::Columns);
    }
    let mut columns: Vec<Field> = Vec::new();
    for (name, number) in header.iter().zip(1..) {
        let name = std::str::from_utf8(name).map_err(|_| BadTable::Unnamed(number))?;
        // Spreadsheets mark files as UTF-8.
        let name = name.trim_start_matches('\u{feff}');
        let field = Field::of(name).ok_or(BadTable::Unnamed(number))?;
        if let Some(earlier) = columns.iter().position(|c| *c == field) {
            return Err(BadTable::Twice(earlier + 1, number));
        }
        columns.push(field);
    }
    for (field, name, has_default) in [
        (Field::IdNumber, "id_number", false),
        (Field::Country, "country", settings.country.is_some()),
        (Field::IdType, "id_type", settings.id_type.is_some()),
    ] {
        if !has_default && !columns.contains(&field) {
            return Err(BadTable::Missing(name));
        }
    }
    Ok(columns)
}
