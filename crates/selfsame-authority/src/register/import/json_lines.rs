//! Lines of JSON, an object each.

use std::io::{BufRead as _, BufReader, Read};

use serde_json::{Map, Value};

use super::draft::{Draft, Field};
use super::{MAX_COLUMNS, MAX_LINE_BYTES, Why};

pub(super) struct JsonLines<R> {
    table: BufReader<R>,
    line: u64,
    bytes: Vec<u8>,
}

impl<R: Read> JsonLines<R> {
    pub(super) fn new(table: R) -> Self {
        Self {
            table: BufReader::new(table),
            line: 0,
            bytes: Vec::new(),
        }
    }

    /// The next line that is not empty, and its number.
    pub(super) fn next_draft(&mut self) -> Option<(u64, Result<Draft, Why>)> {
        loop {
            self.line += 1;
            match self.read_line() {
                Err(why) => return Some((self.line, Err(why))),
                Ok(false) => return None,
                Ok(true) if self.bytes.trim_ascii().is_empty() => {}
                Ok(true) => return Some((self.line, self.draft())),
            }
        }
    }

    /// Reads a line; of one that is too long the rest is passed over. `false`: there is none.
    fn read_line(&mut self) -> Result<bool, Why> {
        let most = MAX_LINE_BYTES as u64 + 1;
        self.bytes.clear();
        let read = (&mut self.table)
            .take(most)
            .read_until(b'\n', &mut self.bytes)
            .map_err(|error| Why::Unreadable(error.kind()))?;
        if self.bytes.len() <= MAX_LINE_BYTES || self.bytes.ends_with(b"\n") {
            return Ok(read > 0);
        }
        while !self.bytes.ends_with(b"\n") {
            self.bytes.clear();
            let read = (&mut self.table)
                .take(most)
                .read_until(b'\n', &mut self.bytes)
                .map_err(|error| Why::Unreadable(error.kind()))?;
            if read == 0 {
                break;
            }
        }
        Err(Why::Long)
    }

    fn draft(&self) -> Result<Draft, Why> {
        let text = std::str::from_utf8(&self.bytes).map_err(|_| Why::NotUtf8)?;
        let text = text.trim_start_matches('\u{feff}');
        let members: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| Why::NotAnObject)?;
        if members.len() > MAX_COLUMNS {
            return Err(Why::NotAnObject);
        }
        let mut draft = Draft::default();
        for (name, value) in members {
            let field = Field::of(&name).ok_or(Why::NotAnObject)?;
            draft.set_json(&field, value)?;
        }
        Ok(draft)
    }
}
