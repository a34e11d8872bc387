//! v2's form.

use axum::extract::multipart::Field;
use axum::http::request::Parts;
use selfsame_wire::error::WireError;
use selfsame_wire::fields::boolean;
use selfsame_wire::v2;

use crate::body::Arriving;
use crate::body::form::{self, Frames, image, text, wrong};
use crate::budget::BodyShare;
use crate::refusal::Refusal;

/// What the form holds.
pub(super) struct Form {
    pub(super) selfie: Option<Vec<u8>>,
    pub(super) frames: Vec<Vec<u8>>,
    pub(super) user_id: Option<String>,
    pub(super) partner_params: Option<String>,
    pub(super) callback_url: Option<String>,
    pub(super) sandbox_result: Option<String>,
    pub(super) challenge_id: Option<String>,
    pub(super) allow_new_enroll: bool,
    /// The share of the budget that its bytes take.
    pub(super) share: BodyShare,
}

#[derive(Default)]
struct Draft {
    selfie: Option<Vec<u8>>,
    frames: Frames,
    user_id: Option<String>,
    partner_params: Option<String>,
    callback_url: Option<String>,
    sandbox_result: Option<String>,
    challenge_id: Option<String>,
    allow_new_enroll: bool,
}

/// Reads the form that a body is.
pub(super) async fn read(parts: Parts, body: Arriving) -> Result<Form, Refusal> {
    let mut draft = Draft::default();
    let share = form::read(parts, body, &mut draft).await?;
    Ok(draft.finish(share))
}

impl form::Draft for Draft {
    const FILES: &'static str = "selfie_image and liveness_images";

    async fn take(&mut self, name: &str, field: &mut Field<'_>) -> Result<bool, Refusal> {
        if let Some(index) = Frames::named(name) {
            self.frames.take(index, name, field).await?;
            return Ok(true);
        }
        match name {
            "selfie_image" => {
                if self.selfie.is_some() {
                    return Err(wrong("selfie_image stands more than once".to_owned()));
                }
                self.selfie = Some(image(name, field).await?);
            }
            "user_id" => self.user_id = text(name, field).await?,
            "partner_params" => self.partner_params = text(name, field).await?,
            "callback_url" => self.callback_url = text(name, field).await?,
            "sandbox_result" => {
                self.sandbox_result = text(name, field).await?.as_deref().map(v2::sandbox_code);
            }
            "challenge_id" => self.challenge_id = text(name, field).await?,
            "allow_new_enroll" | "allow_re_enroll" => {
                let given = text(name, field).await?.unwrap_or_default();
                self.allow_new_enroll |= boolean(&given)
                    .ok_or_else(|| Refusal::from(WireError::wrong_type(name, "true or false")))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Draft {
    fn finish(self, mut share: BodyShare) -> Form {
        let frames = self.frames.into_images();
        let images: usize = self.selfie.iter().chain(&frames).map(Vec::len).sum();
        share.shrink_to(images);
        Form {
            selfie: self.selfie,
            frames,
            user_id: self.user_id,
            partner_params: self.partner_params,
            callback_url: self.callback_url,
            sandbox_result: self.sandbox_result,
            challenge_id: self.challenge_id,
            allow_new_enroll: self.allow_new_enroll,
            share,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use axum::extract::Request;
    use selfsame_wire::id::PartnerId;

    use super::*;
    use crate::body::form::{MAX_PARTS, TEXT_BYTES};
    use crate::budget::{BodyBudget, Holder, Purpose};
    use crate::pace::Pace;

    const PACE: Pace = Pace {
        total: Duration::from_secs(60),
        silence: Duration::from_secs(10),
        grace: Duration::from_secs(60),
        bytes_per_second: 0,
    };

    /// A part: its name, whether it is a file, what it holds.
    type Sent<'a> = (&'a str, bool, &'a str);

    async fn form(sent: &[Sent<'_>]) -> Result<Form, String> {
        let mut body = String::new();
        for (name, file, text) in sent {
            let file = if *file { "; filename=\"a.jpg\"" } else { "" };
            body += &format!(
                "--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n"
            );
        }
        read_raw(body + "--b--\r\n", "multipart/form-data; boundary=b").await
    }

    async fn read_raw(body: String, content_type: &str) -> Result<Form, String> {
        let request = Request::post("/")
            .header("content-type", content_type)
            .body(Body::empty())
            .unwrap();
        let budget = BodyBudget::new(1 << 20, 1024, 1 << 20);
        let holder = Holder::Partner(PartnerId::new("p").unwrap());
        let share = budget.share(Purpose::Large, holder);
        let arriving = Arriving::new(Body::from(body), share, 1 << 20, PACE).unwrap();
        read(request.into_parts().0, arriving)
            .await
            .map_err(|refusal| refusal.message().to_owned())
    }

    async fn frames(names: &[&str]) -> Result<Vec<String>, String> {
        let sent: Vec<Sent<'_>> = names.iter().map(|name| (*name, true, *name)).collect();
        let form = form(&sent).await?;
        Ok(form
            .frames
            .into_iter()
            .map(|frame| String::from_utf8(frame).unwrap())
            .collect())
    }

    #[tokio::test]
    async fn frames_come_in_every_way_that_lists_are_sent() {
        let same = ["liveness_images"; 8];
        assert_eq!(frames(&same).await.unwrap().len(), 8);
        assert_eq!(frames(&["liveness_images[]"; 8]).await.unwrap().len(), 8);
        let numbered: Vec<String> = (0..8).map(|n| format!("liveness_images[{n}]")).collect();
        let mut backwards: Vec<&str> = numbered.iter().map(String::as_str).collect();
        backwards.reverse();
        assert_eq!(
            frames(&backwards).await.unwrap(),
            numbered,
            "by their index"
        );
        for (names, why) in [
            (
                vec!["liveness_images[0]", "liveness_images[0]"],
                "more than once",
            ),
            (
                vec!["liveness_images[0]", "liveness_images[00]"],
                "more than once",
            ),
            (vec!["liveness_images[24]"], "more than 24"),
            (vec!["liveness_images"; 25], "more than 24"),
            (vec!["liveness_images[0]", "liveness_images"], "unclear"),
            (vec!["liveness_images[]", "liveness_images[1]"], "unclear"),
            (vec!["liveness_images[x]"], "not known"),
            (vec!["liveness_images[+1]"], "not known"),
            (vec!["liveness_images[]]"], "not known"),
            (vec!["liveness_images[0][1]"], "not known"),
            (vec!["liveness_image"], "not known"),
            (vec!["selfie"], "not known"),
            (vec!["selfie_image", "selfie_image"], "more than once"),
        ] {
            let error = frames(&names).await.unwrap_err();
            assert!(error.contains(why), "{names:?}: {error}");
        }
    }

    #[tokio::test]
    async fn texts_that_nobody_knows_are_left_alone_and_files_are_not() {
        let known = form(&[
            ("selfie_image", true, "s"),
            ("anything", false, "x"),
            ("metadata", true, "{}"),
            ("user_id", false, "ada"),
            ("callback_url", false, ""),
        ])
        .await
        .unwrap();
        assert_eq!(known.user_id.as_deref(), Some("ada"));
        assert_eq!(known.callback_url, None);
        let error = form(&[("selfieImage", true, "s")]).await.err().unwrap();
        assert!(
            error.contains("\"selfieImage\"") && error.contains("selfie_image"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn booleans_are_read_in_every_way_they_are_written() {
        for (text, value) in [
            ("true", true),
            ("True", true),
            ("1", true),
            ("yes", true),
            ("on", true),
            ("False", false),
            ("0", false),
            ("no", false),
            ("off", false),
            ("", false),
        ] {
            let form = form(&[("allow_new_enroll", false, text)]).await.unwrap();
            assert_eq!(form.allow_new_enroll, value, "{text}");
        }
        let error = form(&[("allow_new_enroll", false, "maybe")])
            .await
            .err()
            .unwrap();
        assert!(error.contains("allow_new_enroll"), "{error}");
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_in_the_forms_own_words() {
        let long = "x".repeat(TEXT_BYTES + 1);
        let error = form(&[("partner_params", false, &long)])
            .await
            .err()
            .unwrap();
        assert!(error.contains("partner_params is larger"), "{error}");
        let many: Vec<Sent<'_>> = (0..=MAX_PARTS).map(|_| ("x", false, "y")).collect();
        let error = form(&many).await.err().unwrap();
        assert!(error.contains("parts"), "{error}");
        for (body, content_type, why) in [
            ("{}", "application/json", "Content-Type"),
            (
                "--b\r\nContent-Disposition: form-data; name=\"user_id\"\r\n\r\nx",
                "multipart/form-data; boundary=b",
                "multipart",
            ),
        ] {
            let error = read_raw(body.to_owned(), content_type).await.err().unwrap();
            assert!(error.contains(why), "{error}");
        }
    }
}
