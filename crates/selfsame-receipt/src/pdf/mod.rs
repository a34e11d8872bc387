//! The PDF: A4, the fonts that every reader has, and the signed text as an attachment besides.

mod layout;
mod win_ansi;

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

use self::layout::{Face, Piece};
use crate::sections::{Section, TITLE, sections, warning};
use crate::signed::SignedReceipt;

/// A4 in points.
const PAPER: (f32, f32) = (595.0, 842.0);
const ATTACHMENT: &str = "receipt.txt";

impl Face {
    const ALL: [Self; 3] = [Self::Title, Self::Label, Self::Text];

    const fn font(self) -> Name<'static> {
        match self {
            Self::Title => Name(b"Helvetica-Bold"),
            Self::Label => Name(b"Courier-Bold"),
            Self::Text => Name(b"Courier"),
        }
    }

    /// Its name within the file.
    const fn name(self) -> Name<'static> {
        match self {
            Self::Title => Name(b"T"),
            Self::Label => Name(b"L"),
            Self::Text => Name(b"C"),
        }
    }
}

/// Numbers for the file's objects, one after the other.
struct Refs(i32);

impl Refs {
    const fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

impl SignedReceipt {
    /// A PDF that shows it, in English, with the signed text attached. Characters beyond those of western Europe show as `?`; a
    /// note tells it, and the page and the signed text have them.
    #[must_use]
    pub fn to_pdf(&self) -> Vec<u8> {
        let pages = layout::pages(self);
        let text = self.to_text();
        let mut refs = Refs(0);
        let (catalog, tree, info) = (refs.next(), refs.next(), refs.next());
        let (file, attachment) = (refs.next(), refs.next());
        let fonts = Face::ALL.map(|face| (face, refs.next()));
        let kids: Vec<(Ref, Ref)> = pages.iter().map(|_| (refs.next(), refs.next())).collect();

        let mut pdf = Pdf::new();
        pdf.set_version(1, 7);
        let mut root = pdf.catalog(catalog);
        root.pages(tree).lang(TextStr("en"));
        root.viewer_preferences().display_doc_title(true);
        root.names()
            .embedded_files()
            .names()
            .insert(Str(ATTACHMENT.as_bytes()), file);
        root.finish();
        pdf.document_info(info)
            .title(TextStr(TITLE))
            .producer(TextStr("Selfsame"));
        pdf.file_spec(file)
            .path(Str(ATTACHMENT.as_bytes()))
            .unic_file(TextStr(ATTACHMENT))
            .description(TextStr("The receipt, signed"))
            .embedded_file(attachment);
        pdf.embedded_file(attachment, text.as_bytes())
            .subtype(Name(b"text/plain"));
        for (face, font) in fonts {
            pdf.type1_font(font)
                .base_font(face.font())
                .encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        pdf.pages(tree)
            .kids(kids.iter().map(|(page, _)| *page))
            .count(i32::try_from(kids.len()).unwrap_or(i32::MAX));
        for (pieces, (page, contents)) in pages.iter().zip(kids) {
            let mut written = pdf.page(page);
            written
                .media_box(Rect::new(0.0, 0.0, PAPER.0, PAPER.1))
                .parent(tree)
                .contents(contents);
            let mut resources = written.resources();
            let mut named = resources.fonts();
            for (face, font) in fonts {
                named.pair(face.name(), font);
            }
            named.finish();
            resources.finish();
            written.finish();
            pdf.stream(contents, &drawn(pieces));
        }
        pdf.finish()
    }
}

/// A page's text as the file has it.
fn drawn(pieces: &[Piece]) -> Vec<u8> {
    let mut content = Content::new();
    content.begin_text();
    for piece in pieces {
        content.set_font(piece.face.name(), piece.size);
        content.set_text_matrix([1.0, 0.0, 0.0, 1.0, piece.x, piece.y]);
        content.show(Str(&piece.text));
    }
    content.end_text();
    content.finish().to_vec()
}
