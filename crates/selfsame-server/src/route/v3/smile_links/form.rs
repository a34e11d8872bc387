//! The form that asks for a link: a few short texts.

use axum::body::Body;
use axum::extract::multipart::Multipart;
use axum::extract::{FromRequest as _, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use selfsame_wire::v3::smile_link::PARTS;

use crate::app::{App, Caller};
use crate::body::Arriving;
use crate::budget::{Holder, Purpose};
use crate::route::v3::Refused;

/// The largest form, in bytes: its texts at their longest, in any alphabet, take less.
const MOST_BYTES: usize = 64 * 1024;
/// The most parts, known and unknown.
const MOST_PARTS: usize = 48;

/// The texts of a form, by the names of their parts.
#[derive(Default)]
pub(super) struct Form {
    texts: [Option<String>; PARTS.len()],
}

impl Form {
    /// Reads the form that a request is. Parts that are not known are left alone.
    ///
    /// # Errors
    /// 415 where it is no form, 413 where it is too large, 400 where a part is no text, or stands twice.
    pub(super) async fn read(
        app: &App,
        caller: &Caller,
        parts: Parts,
        body: Body,
    ) -> Result<Self, Refused> {
        let holder = Holder::Partner(caller.partner.id.clone());
        let share = app.bodies.share(Purpose::Small, holder);
        let body = Arriving::new(body, share, MOST_BYTES, app.config.limits.body_pace)?
            .collect()
            .await?;
        let request = Request::from_parts(parts, Body::from(body.bytes.clone()));
        let mut multipart = Multipart::from_request(request, &()).await.map_err(|_| {
            Refused::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the header Content-Type must be multipart/form-data with a boundary",
            )
        })?;
        let malformed = || {
            Refused::new(
                StatusCode::BAD_REQUEST,
                "the body is not well-formed multipart/form-data",
            )
        };
        let mut form = Self::default();
        let mut count = 0;
        while let Some(field) = multipart.next_field().await.map_err(|_| malformed())? {
            count += 1;
            if count > MOST_PARTS {
                return Err(Refused::new(
                    StatusCode::BAD_REQUEST,
                    format!("the form has more than {MOST_PARTS} parts"),
                ));
            }
            let name = field
                .name()
                .and_then(|name| place(name).zip(Some(name.to_owned())));
            let Some((place, name)) = name else { continue };
            let bytes = field.bytes().await.map_err(|_| malformed())?;
            let text = String::from_utf8(bytes.to_vec()).map_err(|_| {
                Refused::new(
                    StatusCode::BAD_REQUEST,
                    format!("{name} must be UTF-8 text"),
                )
            })?;
            if let Some(slot) = form.texts.get_mut(place) {
                if slot.is_some() {
                    return Err(Refused::new(
                        StatusCode::BAD_REQUEST,
                        format!("{name} stands more than once"),
                    ));
                }
                *slot = Some(text);
            }
        }
        Ok(form)
    }

    /// The text of a part; nothing for one that is absent or empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let text = self.texts.get(place(name)?)?.as_deref();
        text.filter(|text| !text.is_empty())
    }
}

fn place(name: &str) -> Option<usize> {
    PARTS.iter().position(|known| *known == name)
}
