//! The form of a submission.

use axum::extract::multipart::Field;
use axum::http::request::Parts;
use selfsame_wire::error::WireError;
use selfsame_wire::fields::boolean;
use selfsame_wire::v2;

use crate::body::Arriving;
use crate::body::form::{self, Frames, image, text, wrong};
use crate::budget::BodyShare;
use crate::refusal::Refusal;

macro_rules! texts {
    ($($name:ident,)*) => {
        /// The texts of a submission, as they came. Which of them a product reads, the product says.
        #[derive(Debug, Default)]
        pub(super) struct Texts { $(pub(super) $name: Option<String>,)* }

        impl Texts {
            /// Where a text goes, by its name.
            fn named(&mut self, name: &str) -> Option<&mut Option<String>> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)*
                    _ => None,
                }
            }
        }
    };
}

texts! {
    user_id,
    user_details,
    consent,
    callback_url,
    partner_params,
    metadata,
    sandbox_result,
    country,
    id_type,
    id_number,
    bank_code,
    operator,
    comparison_image_type,
    use_enrolled_image,
    allow_new_enroll,
}

/// What a submission holds.
pub(super) struct Form {
    pub(super) texts: Texts,
    pub(super) selfie: Option<Vec<u8>>,
    pub(super) frames: Vec<Vec<u8>>,
    pub(super) comparison: Option<Vec<u8>>,
    /// The share of the budget that its bytes take.
    pub(super) share: BodyShare,
}

#[derive(Default)]
struct Draft {
    texts: Texts,
    selfie: Option<Vec<u8>>,
    frames: Frames,
    comparison: Option<Vec<u8>>,
}

impl form::Draft for Draft {
    const FILES: &'static str = "selfie_image, liveness_images and comparison_image";

    async fn take(&mut self, name: &str, field: &mut Field<'_>) -> Result<bool, Refusal> {
        let twice = || wrong(format!("{name} stands more than once"));
        if let Some(index) = Frames::named(name) {
            self.frames.take(index, name, field).await?;
            return Ok(true);
        }
        let file = match name {
            "selfie_image" => Some(&mut self.selfie),
            "comparison_image" => Some(&mut self.comparison),
            _ => None,
        };
        if let Some(file) = file {
            if file.is_some() {
                return Err(twice());
            }
            *file = Some(image(name, field).await?);
            return Ok(true);
        }
        let Some(place) = self.texts.named(name) else {
            return Ok(false);
        };
        // Of two, one reader could take the first and another the second.
        if place.is_some() {
            return Err(twice());
        }
        *place = text(name, field).await?;
        Ok(true)
    }
}

/// Reads the form that a body is.
pub(super) async fn read(parts: Parts, body: Arriving) -> Result<Form, Refusal> {
    let mut draft = Draft::default();
    let share = form::read(parts, body, &mut draft).await?;
    Ok(whole(draft, share))
}

/// The form that an empty body is: what the token fixes is all that it says.
pub(super) async fn read_nothing(mut body: Arriving) -> Result<Form, Refusal> {
    // Of a partner that signs, the signature is compared when the end comes.
    while body.next().await?.is_some() {}
    Ok(whole(Draft::default(), body.into_share()))
}

fn whole(draft: Draft, mut share: BodyShare) -> Form {
    let frames = draft.frames.into_images();
    let files = [&draft.selfie, &draft.comparison];
    let images = files.into_iter().flatten().chain(&frames);
    share.shrink_to(images.map(Vec::len).sum());
    Form {
        texts: draft.texts,
        selfie: draft.selfie,
        frames,
        comparison: draft.comparison,
        share,
    }
}

impl Texts {
    /// A text that is true or false, where it is there.
    pub(super) fn flag(name: &str, given: Option<&str>) -> Result<Option<bool>, WireError> {
        let wrong = || WireError::wrong_type(name, "true or false");
        given
            .map(|given| boolean(given).ok_or_else(wrong))
            .transpose()
    }

    /// The result code that the sandbox is asked for: a number, of which the wire leaves out zeros before it.
    pub(super) fn forced_code(&self) -> Option<String> {
        // Clients that hold it as a fraction write 810 as 810.0.
        let given = self.sandbox_result.as_deref()?;
        Some(v2::sandbox_code(given.strip_suffix(".0").unwrap_or(given)))
    }
}
