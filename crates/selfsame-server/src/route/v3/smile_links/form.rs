//! The form that asks for a link: a few short texts.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::request::Parts;
use selfsame_wire::v3::smile_link::PARTS;

use crate::app::{App, Caller};
use crate::body::Arriving;
use crate::budget::{Holder, Purpose};
use crate::route::v3::Refused;
use crate::route::v3::texts::{self, Texts};

/// The largest form, in bytes: its texts at their longest, in any alphabet, take less.
const MOST_BYTES: usize = 64 * 1024;

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
        texts::read(&parts.headers, body.bytes.clone(), Self::default()).await
    }

    /// The text of a part; nothing for one that is absent or empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let text = self.texts.get(place(name)?)?.as_deref();
        text.filter(|text| !text.is_empty())
    }
}

impl Texts for Form {
    const MOST_PARTS: usize = 48;
    const UNBOUNDED: StatusCode = StatusCode::UNSUPPORTED_MEDIA_TYPE;

    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        self.texts.get_mut(place(name)?)
    }
}

fn place(name: &str) -> Option<usize> {
    PARTS.iter().position(|known| *known == name)
}
