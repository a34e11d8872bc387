//! Sections that are tables: the same for the page and for a terminal.

use maud::{Markup, html};

use super::sections::table;

/// A part of a report.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// What the figures are of, and how they are made.
    pub(super) about: Vec<String>,
    pub(super) tables: Vec<Table>,
    /// Long lists that few read; on the page only.
    pub(super) lists: Vec<(String, Vec<String>)>,
}

pub(super) struct Table {
    pub(super) title: String,
    pub(super) heads: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// So many rows are shown on a terminal.
    pub(super) shown: usize,
}

impl Table {
    pub(super) fn new(
        title: impl Into<String>,
        heads: &[&'static str],
        rows: Vec<Vec<String>>,
    ) -> Self {
        Self {
            title: title.into(),
            heads: heads.to_vec(),
            rows,
            shown: usize::MAX,
        }
    }
}

impl Section {
    pub(super) fn html(&self) -> Markup {
        html! {
            section {
                h2 { (self.title) }
                @for paragraph in &self.about { p { (paragraph) } }
                @for one in &self.tables {
                    h3 { (one.title) }
                    (table(&one.heads, &one.rows))
                }
                @for (summary, items) in &self.lists {
                    details { summary { (summary) } ul { @for item in items { li { (item) } } } }
                }
            }
        }
    }

    pub(super) fn lines(&self, lines: &mut Vec<String>) {
        lines.push(self.title.to_owned());
        for one in &self.tables {
            lines.push(format!("  {}", one.title));
            let heads = one.heads.iter().map(|head| (*head).to_owned()).collect();
            let rows = || std::iter::once(&heads).chain(one.rows.iter().take(one.shown));
            let widths: Vec<usize> = (0..one.heads.len())
                .map(|at| {
                    let cells = rows().filter_map(|row: &Vec<String>| row.get(at));
                    cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
                })
                .collect();
            for row in rows() {
                let cells = row.iter().zip(&widths);
                let text: String = cells
                    .map(|(cell, width)| format!("  {cell:width$}"))
                    .collect();
                lines.push(format!("  {}", text.trim_end()));
            }
        }
        for paragraph in &self.about {
            lines.push(format!("  {paragraph}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_long_tables_cut_on_a_terminal_only() {
        let mut one = Table::new(
            "rates",
            &["who", "rate"],
            vec![
                vec!["everybody".to_owned(), "1".to_owned()],
                vec!["a & b".to_owned(), "22".to_owned()],
            ],
        );
        one.shown = 1;
        let section = Section {
            title: "Groups",
            about: vec!["of photographs".to_owned()],
            tables: vec![one],
            lists: Vec::new(),
        };
        let mut lines = Vec::new();
        section.lines(&mut lines);
        assert_eq!(
            lines,
            [
                "Groups",
                "  rates",
                "    who        rate",
                "    everybody  1",
                "  of photographs"
            ]
        );
        let page = section.html().into_string();
        assert!(page.contains("a &amp; b") && page.contains("22"), "{page}");
    }
}
