//! The images of a submission, and the package that they become.

use axum::http::StatusCode;
use selfsame_wire::error::WireError;
use selfsame_wire::info::ImageRole;
use selfsame_wire::package::PackageBuilder;
use selfsame_wire::partner_params::PartnerParams;
use selfsame_wire::v3::product::Product;

use super::form::Texts;
use crate::refusal::Refusal;
use crate::route::v3::Refused;

/// The images of a submission.
pub(super) struct Images {
    pub(super) selfie: Option<Vec<u8>>,
    pub(super) frames: Vec<Vec<u8>>,
    pub(super) comparison: Option<Vec<u8>>,
}

impl Images {
    /// The package of a job that judges a face, as if its images had come in one.
    pub(super) fn package(
        self,
        partner: &str,
        product: Product,
        texts: &Texts,
        partner_params: &PartnerParams,
    ) -> Result<Option<Vec<u8>>, Refused> {
        if product == Product::EnhancedKyc {
            return Ok(None);
        }
        let Some(selfie) = self.selfie else {
            let on_file = Texts::flag("use_enrolled_image", texts.use_enrolled_image.as_deref())?;
            return Err(if on_file == Some(true) {
                let why = "selfie_image is required: the image on file is what a selfie is compared with, and alone proves nothing";
                Refused::new(StatusCode::BAD_REQUEST, why)
            } else {
                WireError::missing("selfie_image").into()
            });
        };
        if self.frames.is_empty() && product != Product::SmartSelfieCompare {
            return Err(WireError::missing("liveness_images").into());
        }
        let mut package = PackageBuilder::new(partner_params.clone())
            .misc("smile_client_id", partner)
            .image(ImageRole::Selfie, selfie);
        for frame in self.frames {
            package = package.image(ImageRole::Liveness, frame);
        }
        if product == Product::SmartSelfieCompare {
            match texts.comparison_image_type.as_deref() {
                Some("DOCUMENT" | "ID_PHOTO" | "PORTRAIT") => {}
                Some(_) => {
                    let wanted = "DOCUMENT, ID_PHOTO or PORTRAIT";
                    return Err(WireError::wrong_type("comparison_image_type", wanted).into());
                }
                None => return Err(WireError::missing("comparison_image_type").into()),
            }
            let photo = self
                .comparison
                .ok_or_else(|| WireError::missing("comparison_image"))?;
            package = package.image(ImageRole::IdCardFront, photo);
        }
        let package = package.build().map_err(|e| Refusal::internal(&e))?;
        Ok(Some(package))
    }
}
