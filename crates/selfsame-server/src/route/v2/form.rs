//! v2's form: read part by part as it arrives, so that nothing of it stands in memory twice.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use bytes::Bytes;
use futures::stream;
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::fields::boolean;
use selfsame_wire::package::PackageLimits;
use selfsame_wire::v2;

use crate::body::Arriving;
use crate::budget::BodyShare;
use crate::refusal::Refusal;

/// The most frames that are taken.
const MAX_FRAMES: usize = 24;
/// The most parts of any kind.
const MAX_PARTS: usize = 96;
/// The longest text.
const TEXT_BYTES: usize = 64 * 1024;
/// Parts that clients send as they please and that are left alone.
const LEFT_ALONE: [&str; 2] = ["metadata", "failure_reason"];

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

/// A part by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Selfie,
    /// With its index, where the name has one.
    Frame(Option<usize>),
    UserId,
    PartnerParams,
    CallbackUrl,
    SandboxResult,
    ChallengeId,
    AllowNewEnroll,
}

impl Part {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "selfie_image" => Self::Selfie,
            "user_id" => Self::UserId,
            "partner_params" => Self::PartnerParams,
            "callback_url" => Self::CallbackUrl,
            "sandbox_result" => Self::SandboxResult,
            "challenge_id" => Self::ChallengeId,
            "allow_new_enroll" | "allow_re_enroll" => Self::AllowNewEnroll,
            _ => match name.strip_prefix("liveness_images")? {
                // PHP's and some JavaScript clients' ways of sending a list.
                "" | "[]" => Self::Frame(None),
                index => {
                    let index = index.strip_prefix('[')?.strip_suffix(']')?;
                    let digits = index.bytes().all(|b| b.is_ascii_digit());
                    Self::Frame(Some(index.parse().ok().filter(|_| digits)?))
                }
            },
        })
    }
}

#[derive(Default)]
struct Draft {
    selfie: Option<Vec<u8>>,
    frames: Vec<(Option<usize>, Vec<u8>)>,
    user_id: Option<String>,
    partner_params: Option<String>,
    callback_url: Option<String>,
    sandbox_result: Option<String>,
    challenge_id: Option<String>,
    allow_new_enroll: bool,
}

/// What stopped the body on its way into the form.
type Stopped = Arc<Mutex<Option<Refusal>>>;

/// Reads the form that a body is.
pub(super) async fn read(parts: Parts, body: Arriving) -> Result<Form, Refusal> {
    let body = Arc::new(tokio::sync::Mutex::new(body));
    let stopped = Stopped::default();
    let source = (Arc::clone(&body), Arc::clone(&stopped));
    let pieces = stream::unfold(source, |(body, stopped)| async move {
        let next = body.lock().await.next().await;
        let piece = match next {
            Ok(piece) => Ok(piece?),
            Err(refusal) => {
                *stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
                Err(std::io::Error::other("the body was refused"))
            }
        };
        Some((piece, (body, stopped)))
    });
    let request = Request::from_parts(parts, Body::from_stream(Box::pin(pieces)));
    let multipart = Multipart::from_request(request, &()).await.map_err(|_| {
        malformed("the header Content-Type must be multipart/form-data with a boundary")
    })?;
    let draft = fill(multipart)
        .await
        .map_err(|refusal| take(&stopped).unwrap_or(refusal))?;
    // The form is read, and nothing else holds the body any more.
    let mut body = Arc::into_inner(body)
        .ok_or_else(|| Refusal::internal(&"the form is still being read"))?
        .into_inner();
    // What follows the last part belongs to the body too.
    while body.next().await?.is_some() {}
    let share = body.into_share();
    draft.finish(share)
}

fn take(stopped: &Stopped) -> Option<Refusal> {
    stopped
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

fn malformed(what: &str) -> Refusal {
    Refusal::new(
        ErrorCode::WrongType,
        format!("the body is not well-formed multipart/form-data: {what}"),
    )
    .with_status(StatusCode::BAD_REQUEST)
}

fn broken(error: &MultipartError) -> Refusal {
    malformed(&error.body_text())
}

fn wrong(message: String) -> Refusal {
    Refusal::new(ErrorCode::WrongType, message)
}

async fn fill(mut multipart: Multipart) -> Result<Draft, Refusal> {
    let mut draft = Draft::default();
    let mut count = 0;
    while let Some(mut field) = multipart.next_field().await.map_err(|e| broken(&e))? {
        count += 1;
        if count > MAX_PARTS {
            return Err(wrong(format!("the form has more than {MAX_PARTS} parts")));
        }
        let name = field.name().unwrap_or_default().to_owned();
        match Part::named(&name) {
            Some(part) => draft.take(part, &name, &mut field).await?,
            None if field.file_name().is_some() && !LEFT_ALONE.contains(&name.as_str()) => {
                return Err(wrong(format!(
                    "the form has a file part {:?}, which is not known; files go into selfie_image and liveness_images",
                    shortened(&name)
                )));
            }
            // Multipart itself reads past the part.
            None => {}
        }
    }
    Ok(draft)
}

/// A name that somebody made up, as far as it is repeated.
fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}

impl Draft {
    async fn take(&mut self, part: Part, name: &str, field: &mut Field<'_>) -> Result<(), Refusal> {
        match part {
            Part::Selfie => {
                if self.selfie.is_some() {
                    return Err(wrong("selfie_image stands more than once".to_owned()));
                }
                self.selfie = Some(image(name, field).await?);
            }
            Part::Frame(index) => {
                if let Some(index) = index {
                    if index >= MAX_FRAMES {
                        return Err(too_many_frames());
                    }
                    if self.frames.iter().any(|(other, _)| *other == Some(index)) {
                        return Err(wrong(format!(
                            "liveness_images[{index}] stands more than once"
                        )));
                    }
                }
                if self.frames.len() >= MAX_FRAMES {
                    return Err(too_many_frames());
                }
                if self
                    .frames
                    .first()
                    .is_some_and(|(first, _)| first.is_some() != index.is_some())
                {
                    return Err(wrong(
                        "some liveness_images have an index and some have none: their order is unclear"
                            .to_owned(),
                    ));
                }
                self.frames.push((index, image(name, field).await?));
            }
            Part::UserId => self.user_id = text(name, field).await?,
            Part::PartnerParams => self.partner_params = text(name, field).await?,
            Part::CallbackUrl => self.callback_url = text(name, field).await?,
            Part::SandboxResult => {
                self.sandbox_result = text(name, field).await?.as_deref().map(v2::sandbox_code);
            }
            Part::ChallengeId => self.challenge_id = text(name, field).await?,
            Part::AllowNewEnroll => {
                let given = text(name, field).await?.unwrap_or_default();
                self.allow_new_enroll |= boolean(&given)
                    .ok_or_else(|| Refusal::from(WireError::wrong_type(name, "true or false")))?;
            }
        }
        Ok(())
    }

    fn finish(mut self, mut share: BodyShare) -> Result<Form, Refusal> {
        self.frames.sort_by_key(|(index, _)| *index);
        let frames: Vec<_> = self.frames.into_iter().map(|(_, image)| image).collect();
        let images: usize = self.selfie.iter().chain(&frames).map(Vec::len).sum();
        share.shrink_to(images);
        Ok(Form {
            selfie: self.selfie,
            frames,
            user_id: self.user_id,
            partner_params: self.partner_params,
            callback_url: self.callback_url,
            sandbox_result: self.sandbox_result,
            challenge_id: self.challenge_id,
            allow_new_enroll: self.allow_new_enroll,
            share,
        })
    }
}

fn too_many_frames() -> Refusal {
    wrong(format!("more than {MAX_FRAMES} liveness_images"))
}

async fn piece(field: &mut Field<'_>) -> Result<Option<Bytes>, Refusal> {
    field.chunk().await.map_err(|e| broken(&e))
}

async fn bytes(name: &str, field: &mut Field<'_>, most: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    while let Some(piece) = piece(field).await? {
        if bytes.len() + piece.len() > most {
            return Err(wrong(format!("{name} is larger than {most} bytes"))
                .with_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

async fn image(name: &str, field: &mut Field<'_>) -> Result<Vec<u8>, Refusal> {
    let most = PackageLimits::default().entry_bytes;
    bytes(name, field, usize::try_from(most).unwrap_or(usize::MAX)).await
}

/// Text; empty text counts as absent.
async fn text(name: &str, field: &mut Field<'_>) -> Result<Option<String>, Refusal> {
    let bytes = bytes(name, field, TEXT_BYTES).await?;
    String::from_utf8(bytes)
        .map(|text| Some(text).filter(|t| !t.is_empty()))
        .map_err(|_| WireError::wrong_type(name, "UTF-8 text").into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use selfsame_wire::id::PartnerId;

    use super::*;
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
