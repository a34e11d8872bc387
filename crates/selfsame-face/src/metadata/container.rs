//! Finds the metadata blocks of JPEG and PNG files. Reads no more of them than it must.

/// Most bytes of XMP and of text that are looked at, over all blocks.
const MOST_TEXT: usize = 64 * 1024;
/// Most bytes of content credentials that are looked at.
pub(super) const MOST_CREDENTIALS: usize = 1024 * 1024;
/// Longest EXIF block. A JPEG segment cannot hold more.
const LONGEST_EXIF: usize = 64 * 1024;
/// Most blocks of each kind.
const MOST_BLOCKS: usize = 64;

/// The blocks of a file that may say something of its origin.
#[derive(Debug, Default)]
pub(super) struct Blocks<'b> {
    /// The EXIF block, from its TIFF header on.
    pub(super) exif: Option<&'b [u8]>,
    /// XMP packets.
    pub(super) xmp: Vec<&'b [u8]>,
    /// Content credentials (C2PA in JUMBF).
    pub(super) credentials: Vec<&'b [u8]>,
    /// Keywords and texts. A compressed text is left empty.
    pub(super) text: Vec<(String, &'b [u8])>,
}

impl<'b> Blocks<'b> {
    /// Follows the segments before the first scan.
    pub(super) fn of_jpeg(bytes: &'b [u8]) -> Self {
        let mut found = Self::default();
        let mut rest = bytes.get(2..).unwrap_or_default();
        while let [0xff, marker, after @ ..] = rest {
            match marker {
                // Fill bytes.
                0xff => {
                    rest = &rest[1..];
                    continue;
                }
                // The first scan, or the end.
                0xda | 0xd9 => break,
                _ => {}
            }
            let Some((length, _)) = after.split_first_chunk::<2>() else {
                break;
            };
            let length = usize::from(u16::from_be_bytes(*length));
            let Some(body) = after.get(2..length) else {
                break;
            };
            found.jpeg_segment(*marker, body);
            rest = &after[length..];
        }
        found
    }

    fn jpeg_segment(&mut self, marker: u8, body: &'b [u8]) {
        match marker {
            0xe1 => {
                if let Some(exif) = body.strip_prefix(b"Exif\0\0") {
                    self.exif.get_or_insert(exif);
                } else if let Some(xmp) = body.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
                    self.add_xmp(xmp);
                }
            }
            // JPEG XT boxes carry JUMBF; a C2PA manifest goes on over several of them.
            0xeb if body.starts_with(b"JP")
                && (!self.credentials.is_empty() || names_c2pa(body)) =>
            {
                self.add_credentials(body);
            }
            0xfe => self.add_text("comment", body),
            _ => {}
        }
    }

    /// Follows all chunks up to the last.
    pub(super) fn of_png(bytes: &'b [u8]) -> Self {
        let mut found = Self::default();
        let mut rest = bytes.get(8..).unwrap_or_default();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let Some((kind, after)) = after.split_first_chunk::<4>() else {
                break;
            };
            let Some(body) = after.get(..length) else {
                break;
            };
            if kind == b"IEND" {
                break;
            }
            found.png_chunk(kind, body);
            // The checksum follows; the decoder has looked at it.
            rest = after.get(length + 4..).unwrap_or_default();
        }
        found
    }

    fn png_chunk(&mut self, kind: &[u8; 4], body: &'b [u8]) {
        match kind {
            b"eXIf" if body.len() <= LONGEST_EXIF => {
                self.exif.get_or_insert(body);
            }
            b"caBX" => self.add_credentials(body),
            b"tEXt" | b"zTXt" | b"iTXt" => {
                let Some(end) = body.iter().take(80).position(|b| *b == 0) else {
                    return;
                };
                let (keyword, text) = (&body[..end], &body[end + 1..]);
                let text = match kind {
                    b"tEXt" => text,
                    b"iTXt" => international(text),
                    _ => &[],
                };
                if keyword == b"XML:com.adobe.xmp" {
                    self.add_xmp(text);
                } else {
                    self.add_text(&String::from_utf8_lossy(keyword), text);
                }
            }
            _ => {}
        }
    }

    fn add_xmp(&mut self, packet: &'b [u8]) {
        if self.xmp.len() < MOST_BLOCKS {
            let held = self.xmp.iter().map(|p| p.len()).sum();
            self.xmp.push(up_to(packet, held, MOST_TEXT));
        }
    }

    fn add_credentials(&mut self, part: &'b [u8]) {
        if self.credentials.len() < MOST_BLOCKS {
            let held = self.credentials.iter().map(|p| p.len()).sum();
            self.credentials.push(up_to(part, held, MOST_CREDENTIALS));
        }
    }

    fn add_text(&mut self, keyword: &str, text: &'b [u8]) {
        if self.text.len() < MOST_BLOCKS {
            let held = self.text.iter().map(|(_, t)| t.len()).sum();
            self.text
                .push((keyword.to_owned(), up_to(text, held, MOST_TEXT)));
        }
    }
}

fn names_c2pa(body: &[u8]) -> bool {
    body.windows(4).take(256).any(|w| w == b"c2pa")
}

/// What may still be looked at of a block when `held` bytes already are.
fn up_to(block: &[u8], held: usize, most: usize) -> &[u8] {
    &block[..block.len().min(most.saturating_sub(held))]
}

/// The text of an iTXt chunk, behind its flags, language and translated keyword.
fn international(body: &[u8]) -> &[u8] {
    let [compressed, _, rest @ ..] = body else {
        return &[];
    };
    let mut parts = rest.splitn(3, |b| *b == 0);
    match (compressed, parts.nth(2)) {
        (0, Some(text)) => text,
        _ => &[],
    }
}
