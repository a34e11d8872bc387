//! Some rows of a table, whichever database they are from.

use sha2::{Digest as _, Sha256};

/// Rows in one page, and in one transaction.
pub(super) const ROWS: usize = 200;

/// A table as both sides have it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) key: &'static [&'static str],
    pub(super) columns: Vec<Column>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Flag,
    Text,
    Bytes,
}

/// The values of one column.
#[derive(Debug, Clone)]
pub(super) enum Values {
    Number(Vec<Option<i64>>),
    Flag(Vec<Option<bool>>),
    Text(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

/// A part of a row's key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub(super) enum Part {
    Number(i64),
    Text(String),
}

/// A row's key, by which the next page is found.
pub(super) type Mark = Vec<Part>;

/// Rows, column by column.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) columns: Vec<Values>,
    pub(super) rows: usize,
}

fn listed(names: impl Iterator<Item = impl AsRef<str>>) -> String {
    let quoted: Vec<String> = names.map(|n| format!("\"{}\"", n.as_ref())).collect();
    quoted.join(", ")
}

impl Table {
    pub(super) fn column_names(&self) -> String {
        listed(self.columns.iter().map(|c| &c.name))
    }

    /// Asks for the rows behind a mark, in both databases' language.
    pub(super) fn select(&self, after: Option<&Mark>) -> String {
        let (key, columns) = (listed(self.key.iter()), self.column_names());
        let behind = after.map(|mark| {
            let places: Vec<String> = (1..=mark.len()).map(|n| format!("${n}")).collect();
            format!("WHERE ({key}) > ({})", places.join(", "))
        });
        format!(
            "SELECT {columns} FROM \"{}\" {} ORDER BY {key} LIMIT {ROWS}",
            self.name,
            behind.unwrap_or_default()
        )
    }
}

impl Page {
    pub(super) fn new(table: &Table) -> Self {
        let columns = table.columns.iter().map(|column| match column.kind {
            Kind::Number => Values::Number(Vec::new()),
            Kind::Flag => Values::Flag(Vec::new()),
            Kind::Text => Values::Text(Vec::new()),
            Kind::Bytes => Values::Bytes(Vec::new()),
        });
        Self {
            columns: columns.collect(),
            rows: 0,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub(super) const fn len(&self) -> u64 {
        self.rows as u64
    }

    pub(super) fn column(&self, table: &Table, name: &str) -> Option<&Values> {
        let at = table.columns.iter().position(|c| c.name == name)?;
        self.columns.get(at)
    }

    /// The key of the last row.
    pub(super) fn last(&self, table: &Table) -> Option<Mark> {
        let part = |name: &&str| match self.column(table, name)? {
            Values::Number(all) => all.last().copied()?.map(Part::Number),
            Values::Text(all) => all.last().cloned()?.map(Part::Text),
            Values::Flag(_) | Values::Bytes(_) => None,
        };
        table.key.iter().map(part).collect()
    }

    /// A digest of all values: two pages have one only where they are equal.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        // Lengths keep the end of one value from reading as the start of the next.
        let mut add = |value: Option<&[u8]>| match value {
            None => digest.update([0]),
            Some(bytes) => {
                digest.update([1]);
                digest.update((bytes.len() as u64).to_le_bytes());
                digest.update(bytes);
            }
        };
        for column in &self.columns {
            match column {
                Values::Number(all) => all
                    .iter()
                    .for_each(|v| add(v.map(i64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice))),
                Values::Flag(all) => all
                    .iter()
                    .for_each(|v| add(v.map(|b| [u8::from(b)]).as_ref().map(<[u8; 1]>::as_slice))),
                Values::Text(all) => all
                    .iter()
                    .for_each(|v| add(v.as_deref().map(str::as_bytes))),
                Values::Bytes(all) => all.iter().for_each(|v| add(v.as_deref())),
            }
        }
        digest.finalize().into()
    }
}

/// Reads the rows of a table behind a mark. The two drivers have no common type that could say this.
macro_rules! read_page {
    ($executor:expr, $table:expr, $after:expr) => {{
        let (table, after): (&Table, Option<&Mark>) = ($table, $after);
        let mut query = sqlx::query(sqlx::AssertSqlSafe(table.select(after)));
        for part in after.into_iter().flatten() {
            query = match part {
                Part::Number(number) => query.bind(*number),
                Part::Text(text) => query.bind(text.clone()),
            };
        }
        let rows = query.fetch_all($executor).await?;
        let mut page = Page::new(table);
        page.rows = rows.len();
        for row in &rows {
            for (at, column) in page.columns.iter_mut().enumerate() {
                match column {
                    Values::Number(all) => all.push(row.try_get(at)?),
                    Values::Flag(all) => all.push(row.try_get(at)?),
                    Values::Text(all) => all.push(row.try_get(at)?),
                    Values::Bytes(all) => all.push(row.try_get(at)?),
                }
            }
        }
        page
    }};
}
pub(super) use read_page;

#[cfg(test)]
mod tests {
    use super::*;

    fn page(texts: &[Option<&str>]) -> Page {
        let texts: Vec<_> = texts.iter().map(|t| t.map(str::to_owned)).collect();
        Page {
            rows: texts.len(),
            columns: vec![Values::Text(texts)],
        }
    }

    #[test]
    fn a_digest_tells_values_and_their_borders_apart() {
        let pages = [
            page(&[]),
            page(&[None]),
            page(&[Some("")]),
            page(&[Some("ab"), Some("c")]),
            page(&[Some("a"), Some("bc")]),
            page(&[Some("abc"), None]),
        ];
        let digests: std::collections::HashSet<_> = pages.iter().map(Page::digest).collect();
        assert_eq!(digests.len(), pages.len());
        assert_eq!(page(&[Some("a")]).digest(), page(&[Some("a")]).digest());
    }

    #[test]
    fn a_page_goes_on_behind_the_last_row() {
        let table = Table {
            name: "t",
            key: &["a", "b"],
            columns: [("a", Kind::Text), ("b", Kind::Number)]
                .map(|(name, kind)| Column {
                    name: name.to_owned(),
                    kind,
                })
                .into(),
        };
        let page = Page {
            rows: 2,
            columns: vec![
                Values::Text(vec![Some("x".into()), Some("y".into())]),
                Values::Number(vec![Some(1), Some(2)]),
            ],
        };
        let mark = page.last(&table).unwrap();
        assert_eq!(mark, [Part::Text("y".into()), Part::Number(2)]);
        let kept = serde_json::to_string(&mark).unwrap();
        assert_eq!(serde_json::from_str::<Mark>(&kept).unwrap(), mark);
        assert_eq!(
            table.select(Some(&mark)),
            "SELECT \"a\", \"b\" FROM \"t\" WHERE (\"a\", \"b\") > ($1, $2) ORDER BY \"a\", \"b\" LIMIT 200"
        );
        assert!(Page::new(&table).last(&table).is_none());
    }
}
