//! Writes packages: the same input gives the same bytes.

use std::io::{Cursor, Write as _};

use serde_json::value::RawValue;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::info::{ImageRole, ImageType};
use crate::partner_params::PartnerParams;

/// An image on its way into a package.
#[derive(Debug, Clone)]
pub struct PackageImageFile {
    /// What it shows.
    pub role: ImageRole,
    /// JPEG or PNG.
    pub bytes: Vec<u8>,
}

/// A package on its way out.
#[derive(Debug, Clone)]
pub struct PackageBuilder {
    misc: serde_json::Map<String, serde_json::Value>,
    partner_params: PartnerParams,
    id_info: Option<Box<RawValue>>,
    consent_information: Option<Box<RawValue>>,
    geo_info: Option<Box<RawValue>>,
    images: Vec<PackageImageFile>,
}

/// The zip could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the package could not be written: {0}")]
pub struct PackageWriteError(String);

impl PackageBuilder {
    /// A package for a job.
    #[must_use]
    pub fn new(partner_params: PartnerParams) -> Self {
        Self {
            misc: serde_json::Map::new(),
            partner_params,
            id_info: None,
            consent_information: None,
            geo_info: None,
            images: Vec::new(),
        }
    }

    /// Sets a text of `misc_information`, e.g. `smile_client_id`.
    #[must_use]
    pub fn misc(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.misc.insert(name.to_owned(), value.into());
        self
    }

    /// Adds ID information.
    #[must_use]
    pub fn id_info(mut self, id_info: Option<Box<RawValue>>) -> Self {
        self.id_info = id_info;
        self
    }

    /// Adds what the person agreed to.
    #[must_use]
    pub fn consent_information(mut self, consent_information: Option<Box<RawValue>>) -> Self {
        self.consent_information = consent_information;
        self
    }

    /// Adds geo information.
    #[must_use]
    pub fn geo_info(mut self, geo_info: Option<Box<RawValue>>) -> Self {
        self.geo_info = geo_info;
        self
    }

    /// Adds an image.
    #[must_use]
    pub fn image(mut self, role: ImageRole, bytes: Vec<u8>) -> Self {
        self.images.push(PackageImageFile { role, bytes });
        self
    }

    /// The zip's bytes. Images are stored as they are: JPEG and PNG do not deflate further.
    ///
    /// # Errors
    /// When the zip cannot be written, which only a lack of memory brings about.
    pub fn build(self) -> Result<Vec<u8>, PackageWriteError> {
        let failed = |e: &dyn std::fmt::Display| PackageWriteError(e.to_string());
        let names: Vec<String> = self
            .images
            .iter()
            .enumerate()
            .map(|(at, i)| file_name(at, i))
            .collect();
        let info = self.info_json(&names).map_err(|e| failed(&e))?;
        let bytes: usize = self.images.iter().map(|i| i.bytes.len()).sum();
        // What the zip itself adds for each entry is less than this.
        let size = bytes + info.len() + 512 * (names.len() + 2);
        let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(size)));
        let stored = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default());
        zip.start_file("info.json", stored)
            .map_err(|e| failed(&e))?;
        zip.write_all(info.as_bytes()).map_err(|e| failed(&e))?;
        // Each image goes as it is written: the whole never stands in memory twice.
        for (name, image) in names.iter().zip(self.images) {
            zip.start_file(name.as_str(), stored)
                .map_err(|e| failed(&e))?;
            zip.write_all(&image.bytes).map_err(|e| failed(&e))?;
        }
        Ok(zip.finish().map_err(|e| failed(&e))?.into_inner())
    }

    fn info_json(&self, names: &[String]) -> Result<String, serde_json::Error> {
        #[derive(serde::Serialize)]
        struct Info<'a> {
            package_information: serde_json::Value,
            misc_information: Misc<'a>,
            id_info: Option<&'a RawValue>,
            #[serde(skip_serializing_if = "Option::is_none")]
            consent_information: Option<&'a RawValue>,
            #[serde(skip_serializing_if = "Option::is_none")]
            geo_info: Option<&'a RawValue>,
            images: Vec<serde_json::Value>,
            server_information: serde_json::Value,
        }
        #[derive(serde::Serialize)]
        struct Misc<'a> {
            retry: &'static str,
            file_name: &'static str,
            partner_params: &'a PartnerParams,
            #[serde(flatten)]
            more: &'a serde_json::Map<String, serde_json::Value>,
        }
        serde_json::to_string(&Info {
            package_information: serde_json::json!({
                "apiVersion": {"buildNumber": 0, "majorVersion": 2, "minorVersion": 1}, "language": "rust",
            }),
            misc_information: Misc {
                retry: "false",
                file_name: "selfie.zip",
                partner_params: &self.partner_params,
                more: &self.misc,
            },
            id_info: self.id_info.as_deref(),
            consent_information: self.consent_information.as_deref(),
            geo_info: self.geo_info.as_deref(),
            images: self
                .images
                .iter()
                .zip(names)
                .map(|(image, name)| {
                    let kind = ImageType { role: image.role, base64: false };
                    serde_json::json!({"image_type_id": kind.number(), "image": "", "file_name": name})
                })
                .collect(),
            server_information: serde_json::json!({}),
        })
    }
}

fn file_name(at: usize, image: &PackageImageFile) -> String {
    let role = match image.role {
        ImageRole::Selfie => "selfie",
        ImageRole::Liveness => "liveness",
        ImageRole::IdCardFront => "id_card_front",
        ImageRole::IdCardBack => "id_card_back",
    };
    let extension = if image.bytes.starts_with(b"\x89PNG") {
        "png"
    } else {
        "jpg"
    };
    format!("{role}_{at}.{extension}")
}
