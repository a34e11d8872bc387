//! Reads a package from hostile bytes.

use std::io::{Cursor, Read as _};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zip::ZipArchive;

use super::{Package, PackageImage, directory};
use crate::error::WireError;
use crate::info::{ImageEntry, ImageRole, InfoJson};
use crate::result::ResultCode;

const INFO_JSON: &str = "info.json";

/// Limits on a package.
#[derive(Debug, Clone, Copy)]
pub struct PackageLimits {
    /// Entries of the zip, named or not.
    pub entries: usize,
    /// Images that `info.json` names.
    pub images: usize,
    /// Bytes of one entry, inflated.
    pub entry_bytes: u64,
    /// Bytes of all entries read, inflated.
    pub total_bytes: u64,
    /// How far an entry beyond 64 KiB may inflate.
    pub ratio: u64,
}

impl Default for PackageLimits {
    /// A capture is one selfie, about eight frames and two card sides. A selfie of 50 megapixels may fill a package.
    fn default() -> Self {
        Self {
            entries: 64,
            images: 32,
            entry_bytes: 20 * 1024 * 1024,
            total_bytes: 32 * 1024 * 1024,
            ratio: 100,
        }
    }
}

/// Why a package is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// No zip, or a broken one.
    #[error("the package is not a readable zip file: {0}")]
    NotAZip(String),
    /// Too many entries.
    #[error("the zip holds {0} entries; at most {1} are accepted")]
    TooManyEntries(usize, usize),
    /// A name that leads out of the zip.
    #[error("the zip holds an entry whose name is a path out of it")]
    Traversal,
    /// A name that matters stands twice.
    #[error("the zip holds two entries named {0:?}")]
    Duplicate(String),
    /// No `info.json`.
    #[error("the zip holds no info.json")]
    NoInfoJson,
    /// `info.json` cannot be read.
    #[error("info.json: {0}")]
    InfoJson(WireError),
    /// An entry is encrypted.
    #[error("the entry {0:?} is encrypted")]
    Encrypted(String),
    /// An entry is too large, or inflates too far.
    #[error("the entry {0:?} is larger than this server accepts, or inflates too far")]
    TooLarge(String),
    /// `info.json` names too many images.
    #[error("info.json names {0} images; at most {1} are accepted")]
    TooManyImages(usize, usize),
    /// `info.json` names a file that is not there.
    #[error("info.json names the file {0:?}, which the zip does not hold")]
    MissingFile(String),
    /// Neither a file name nor base64.
    #[error("images[{0}] of info.json carries neither a file name nor an image")]
    EmptyImage(usize),
    /// Base64 that is none.
    #[error("images[{0}] of info.json is not valid base64")]
    NotBase64(usize),
    /// Neither JPEG nor PNG.
    #[error(
        "images[{0}] of info.json is neither JPEG nor PNG: send one of these (HEIC, as some phones save pictures, must be converted)"
    )]
    NotAnImage(usize),
    /// No selfie.
    #[error("the package holds no selfie")]
    NoSelfie,
    /// Two selfies.
    #[error("the package holds more than one selfie")]
    SeveralSelfies,
}

impl PackageError {
    /// The result that a job with such a package ends with: 0903 where the zip is at fault, 0001 where the data in it is.
    #[must_use]
    pub const fn result_code(&self) -> ResultCode {
        match self {
            Self::NotAnImage(_)
            | Self::NotBase64(_)
            | Self::EmptyImage(_)
            | Self::NoSelfie
            | Self::SeveralSelfies => ResultCode::Unusable,
            _ => ResultCode::CorruptZip,
        }
    }
}

impl PackageError {
    /// The same in the words of a form (v2), of which the server made the package: the first image is the selfie, the others
    /// are the frames in their order.
    #[must_use]
    pub fn of_form(&self) -> String {
        let part = |at: &usize| match at.checked_sub(1) {
            None => "selfie_image".to_owned(),
            Some(frame) => format!("liveness_images[{frame}]"),
        };
        match self {
            Self::NotAnImage(at) | Self::NotBase64(at) => {
                format!("{} is neither JPEG nor PNG", part(at))
            }
            Self::EmptyImage(at) => format!("{} is empty", part(at)),
            Self::NoSelfie => "there is no selfie_image".to_owned(),
            Self::SeveralSelfies => "selfie_image stands more than once".to_owned(),
            Self::TooManyImages(..) | Self::TooManyEntries(..) => {
                "there are too many liveness_images".to_owned()
            }
            Self::TooLarge(_) => {
                "selfie_image or liveness_images are larger than this server accepts".to_owned()
            }
            Self::NotAZip(_)
            | Self::Traversal
            | Self::Duplicate(_)
            | Self::NoInfoJson
            | Self::InfoJson(_)
            | Self::Encrypted(_)
            | Self::MissingFile(_) => "the stored images cannot be read any more".to_owned(),
        }
    }
}

struct Reader<'z> {
    archive: ZipArchive<Cursor<&'z [u8]>>,
    names: Vec<&'z [u8]>,
    limits: &'z PackageLimits,
    left: u64,
}

impl Package {
    /// Reads a package.
    ///
    /// Entries that `info.json` does not name are counted but never inflated: the public Python client writes one for each
    /// base64 image.
    ///
    /// # Errors
    /// [`PackageError`] says what is wrong.
    pub fn read(bytes: &[u8], limits: &PackageLimits) -> Result<Self, PackageError> {
        let (mut reader, mut info) = Reader::open(bytes, limits)?;
        let mut images = Vec::with_capacity(info.images.len());
        for (at, entry) in info.images.iter_mut().enumerate() {
            let bytes = reader.image(at, entry)?;
            images.push(PackageImage {
                role: entry.image_type.role,
                bytes,
            });
        }
        one_selfie(images.iter().map(|image| &image.role))?;
        Ok(Self { info, images })
    }

    /// What a package says about itself. No image is read, and none need be there.
    ///
    /// # Errors
    /// [`PackageError`] says what is wrong with the zip or its `info.json`.
    pub fn read_info(bytes: &[u8], limits: &PackageLimits) -> Result<InfoJson, PackageError> {
        Reader::open(bytes, limits).map(|(_, info)| info)
    }

    /// Reads a package of a job that needs no selfie: the first image of this role alone, where there is one.
    ///
    /// # Errors
    /// [`PackageError`] says what is wrong with the zip, its `info.json` or the image.
    pub fn read_only(
        bytes: &[u8],
        limits: &PackageLimits,
        role: ImageRole,
    ) -> Result<Self, PackageError> {
        let (mut reader, mut info) = Reader::open(bytes, limits)?;
        let mut images = Vec::new();
        let mut entries = info.images.iter_mut().enumerate();
        if let Some((at, entry)) = entries.find(|(_, entry)| entry.image_type.role == role) {
            let bytes = reader.image(at, entry)?;
            images.push(PackageImage { role, bytes });
        }
        Ok(Self { info, images })
    }
}

impl Package {
    /// What a package's images show, in order. Each is looked at by its header and first bytes only.
    ///
    /// # Errors
    /// [`PackageError`] says what is wrong with the zip, its `info.json` or an image, as far as that shows.
    pub fn roles(bytes: &[u8], limits: &PackageLimits) -> Result<Vec<ImageRole>, PackageError> {
        let (mut reader, info) = Reader::open(bytes, limits)?;
        let mut roles = Vec::with_capacity(info.images.len());
        for (at, entry) in info.images.iter().enumerate() {
            reader.look(at, entry)?;
            roles.push(entry.image_type.role);
        }
        match one_selfie(roles.iter()) {
            // Jobs that need no selfie have images too.
            Ok(()) | Err(PackageError::NoSelfie) => Ok(roles),
            Err(error) => Err(error),
        }
    }

    /// One image of a package, by its place; the others are not read. `None`: it has no such image.
    ///
    /// # Errors
    /// [`PackageError`] says what is wrong with the zip, its `info.json` or the image.
    pub fn read_image(
        bytes: &[u8],
        limits: &PackageLimits,
        at: usize,
    ) -> Result<Option<PackageImage>, PackageError> {
        let (mut reader, mut info) = Reader::open(bytes, limits)?;
        let Some(entry) = info.images.get_mut(at) else {
            return Ok(None);
        };
        Ok(Some(PackageImage {
            role: entry.image_type.role,
            bytes: reader.image(at, entry)?,
        }))
    }
}

impl<'z> Reader<'z> {
    /// Checks the zip's directory and reads `info.json`; no image.
    fn open(bytes: &'z [u8], limits: &'z PackageLimits) -> Result<(Self, InfoJson), PackageError> {
        let archive = ZipArchive::new(Cursor::new(bytes))
            .map_err(|e| PackageError::NotAZip(e.to_string()))?;
        let names = directory::names(bytes, archive.central_directory_start());
        let entries = names.len().max(archive.len());
        if entries > limits.entries {
            return Err(PackageError::TooManyEntries(entries, limits.entries));
        }
        if names.iter().any(|name| leads_out(name)) {
            return Err(PackageError::Traversal);
        }
        let mut reader = Reader {
            archive,
            names,
            limits,
            left: limits.total_bytes,
        };
        reader.once(INFO_JSON)?;
        let info = reader.entry(INFO_JSON)?.ok_or(PackageError::NoInfoJson)?;
        let info = InfoJson::parse(&info).map_err(PackageError::InfoJson)?;
        if info.images.len() > limits.images {
            return Err(PackageError::TooManyImages(
                info.images.len(),
                limits.images,
            ));
        }
        Ok((reader, info))
    }

    fn once(&self, wanted: &str) -> Result<(), PackageError> {
        match self
            .names
            .iter()
            .filter(|n| **n == wanted.as_bytes())
            .count()
        {
            0 | 1 => Ok(()),
            _ => Err(PackageError::Duplicate(wanted.to_owned())),
        }
    }

    /// Where an entry is, if it is there and its header claims nothing that is refused.
    fn find(&mut self, name: &str) -> Result<Option<usize>, PackageError> {
        let Some(index) = self.archive.index_for_name(name) else {
            return Ok(None);
        };
        let raw = self
            .archive
            .by_index_raw(index)
            .map_err(|e| PackageError::NotAZip(e.to_string()))?;
        if raw.encrypted() {
            return Err(PackageError::Encrypted(name.to_owned()));
        }
        let inflates_far = raw.size() > 64 * 1024
            && raw.size() > raw.compressed_size().saturating_mul(self.limits.ratio);
        if raw.size() > self.limits.entry_bytes || inflates_far {
            return Err(PackageError::TooLarge(name.to_owned()));
        }
        Ok(Some(index))
    }

    /// Checks that an image is there and begins like one.
    fn look(&mut self, at: usize, entry: &ImageEntry) -> Result<(), PackageError> {
        if !entry.file_name.is_empty() {
            self.once(&entry.file_name)?;
        }
        let head = if entry.image_type.base64 {
            if entry.image.is_empty() {
                return Err(PackageError::EmptyImage(at));
            }
            decode_base64(&entry.image).ok_or(PackageError::NotBase64(at))?
        } else {
            if entry.file_name.is_empty() {
                return Err(PackageError::EmptyImage(at));
            }
            self.head(&entry.file_name)?
                .ok_or_else(|| PackageError::MissingFile(entry.file_name.clone()))?
        };
        if is_image(&head) {
            Ok(())
        } else {
            Err(PackageError::NotAnImage(at))
        }
    }

    /// As many of an entry's first bytes as tell what it is.
    fn head(&mut self, name: &str) -> Result<Option<Vec<u8>>, PackageError> {
        const ENOUGH: u64 = 8;
        let Some(index) = self.find(name)? else {
            return Ok(None);
        };
        let file = self
            .archive
            .by_index(index)
            .map_err(|e| PackageError::NotAZip(e.to_string()))?;
        let mut bytes = Vec::new();
        file.take(ENOUGH)
            .read_to_end(&mut bytes)
            .map_err(|e| PackageError::NotAZip(e.to_string()))?;
        Ok(Some(bytes))
    }

    fn entry(&mut self, name: &str) -> Result<Option<Vec<u8>>, PackageError> {
        let Some(index) = self.find(name)? else {
            return Ok(None);
        };
        let too_large = || PackageError::TooLarge(name.to_owned());
        let file = self
            .archive
            .by_index(index)
            .map_err(|e| PackageError::NotAZip(e.to_string()))?;
        // The header's size is only a claim: what counts is what comes out.
        let most = self.limits.entry_bytes.min(self.left);
        let mut bytes = Vec::new();
        file.take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| PackageError::NotAZip(e.to_string()))?;
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(too_large)?;
        if bytes.len() as u64 > most {
            return Err(too_large());
        }
        Ok(Some(bytes))
    }

    /// The bytes of one image; base64 text is dropped once it is decoded.
    fn image(&mut self, at: usize, entry: &mut ImageEntry) -> Result<Vec<u8>, PackageError> {
        if !entry.file_name.is_empty() {
            self.once(&entry.file_name)?;
        }
        let bytes = self.image_bytes(at, entry)?;
        if is_image(&bytes) {
            Ok(bytes)
        } else {
            Err(PackageError::NotAnImage(at))
        }
    }

    fn image_bytes(&mut self, at: usize, entry: &mut ImageEntry) -> Result<Vec<u8>, PackageError> {
        if entry.image_type.base64 {
            if entry.image.is_empty() {
                return Err(PackageError::EmptyImage(at));
            }
            return decode_base64(&std::mem::take(&mut entry.image))
                .ok_or(PackageError::NotBase64(at));
        }
        if entry.file_name.is_empty() {
            return Err(PackageError::EmptyImage(at));
        }
        self.entry(&entry.file_name)?
            .ok_or_else(|| PackageError::MissingFile(entry.file_name.clone()))
    }
}

fn one_selfie<'r>(roles: impl Iterator<Item = &'r ImageRole>) -> Result<(), PackageError> {
    match roles.filter(|role| **role == ImageRole::Selfie).count() {
        0 => Err(PackageError::NoSelfie),
        1 => Ok(()),
        _ => Err(PackageError::SeveralSelfies),
    }
}

fn leads_out(name: &[u8]) -> bool {
    name.starts_with(b"/")
        || name.contains(&b'\\')
        || name.contains(&0)
        || name.get(1) == Some(&b':')
        || name.split(|b| *b == b'/').any(|part| part == b"..")
}

fn is_image(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8, 0xff]) || bytes.starts_with(b"\x89PNG\r\n\x1a\n")
}

/// Base64 as clients write it: with or without padding, line breaks or a `data:` prefix.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let text = match text.strip_prefix("data:") {
        Some(rest) => rest.split_once(',')?.1,
        None => text,
    };
    if text.bytes().any(|b| b.is_ascii_whitespace()) {
        let tight: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        LENIENT.decode(tight).ok()
    } else {
        LENIENT.decode(text).ok()
    }
}
