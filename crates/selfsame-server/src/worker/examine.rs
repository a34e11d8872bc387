//! From a package to the evidence in it.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use selfsame_face::analyser::{Analyser, CaptureContext};
use selfsame_face::deadline::Deadline;
use selfsame_face::decode::ImageError;
use selfsame_face::evidence::{CaptureEvidence, PortraitEvidence};
use selfsame_job::job::{Api, Job};
use selfsame_job::portrait::PortraitSource;
use selfsame_job::replay::ImageFingerprint;
use selfsame_job::step::Carried;
use selfsame_job::verdict::{Decision, ReferenceGone, Verdict};
use selfsame_store::error::StoreError;
use selfsame_wire::id::SmileJobId;
use selfsame_wire::info::{ImageRole, InfoJson};
use selfsame_wire::package::{Package, PackageLimits};
use selfsame_wire::result::ResultCode;
use selfsame_wire::signature::{self, ApiKey};
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::worker::look_up::leaves_authority_out;

/// What a photograph of an identity turned out to be.
pub(super) enum Portrayed {
    /// There is none.
    Absent,
    /// It cannot be compared with.
    Unusable,
    /// It shows one face.
    Face(Box<PortraitEvidence>),
}

/// What a package turned out to hold.
pub(super) struct Examined {
    /// The decision, where the package itself already brings it about.
    pub(super) ended: Option<Decision>,
    pub(super) capture: Option<CaptureEvidence>,
    /// The identity's photograph, of a job that compares with one: where it comes from, and what it shows.
    pub(super) portrait: Option<(PortraitSource, Portrayed)>,
    /// What its images are recognised by.
    pub(super) fingerprints: Vec<ImageFingerprint>,
    pub(super) info: Option<InfoJson>,
    /// The job whose selfie stood in for one, where the photograph on file does.
    pub(super) photo: Option<SmileJobId>,
}

impl Examined {
    pub(super) const fn without(decision: Decision) -> Self {
        Self {
            ended: Some(decision),
            capture: None,
            portrait: None,
            fingerprints: Vec::new(),
            info: None,
            photo: None,
        }
    }
}

/// Opens a package and measures its capture.
///
/// # Errors
/// When the store fails: an outage says nothing about the images, so that the job waits for its end.
pub(super) async fn examine(
    app: &App,
    analyser: &Analyser,
    job: &Job,
    package: Option<Bytes>,
    carried: &Carried,
) -> Result<Examined, StoreError> {
    let Some(package) = package else {
        return Ok(Examined::without(Decision::without_evidence(
            Verdict::CorruptPackage(
                match job.request.api {
                    Api::V1 => "the package was erased",
                    Api::V2 | Api::V3 => "the images were erased",
                }
                .to_owned(),
            ),
        )));
    };
    // Of the other APIs this server made the package itself, and signed nothing.
    let partner = match job.request.api {
        Api::V1 => app.store.partner(job.partner()).await?,
        Api::V2 | Api::V3 => None,
    };
    let key = partner.map(|p| p.key(job.environment()).clone());
    let takes_photo = job.job_type.face().is_some_and(|f| f.takes_photo_on_file());
    let (photo, on_file) = match takes_photo {
        true => photo_on_file(app, job).await?,
        false => (None, None),
    };
    if takes_photo && on_file.is_none() {
        let gone = Decision::without_evidence(Verdict::ReferenceGone(ReferenceGone::NoPhoto));
        return Ok(Examined {
            photo,
            ..Examined::without(gone)
        });
    }
    let (analyser, job) = (analyser.clone(), job.clone());
    // An authority that told no photograph is told apart from none that was asked: then an ID card takes its place.
    let told = carried.lookup.as_ref().map(|lookup| {
        let record = lookup.answer.record();
        record.and_then(|record| record.photo.clone())
    });
    // Held until the pictures are measured. The semaphore is never closed; without its permit nothing would be wrong but the load.
    let core = Arc::clone(&app.cores).acquire_owned().await.ok();
    let allowed = app.config.limits.analysis_timeout;
    let looked = tokio::task::spawn_blocking(move || {
        let _core = core;
        let limits = PackageLimits::default();
        let read = match &on_file {
            Some(_) => Package::read_only(&package, &limits, ImageRole::IdCardFront),
            None => Package::read(&package, &limits),
        };
        let package = match read {
            Ok(package) => package,
            Err(error) => {
                // Whoever sent a form never saw the package that was made of it.
                let why = match job.request.api {
                    Api::V1 => error.to_string(),
                    Api::V2 | Api::V3 => error.of_form(),
                };
                let verdict = match error.result_code() {
                    ResultCode::CorruptZip => Verdict::CorruptPackage(why),
                    _ => Verdict::UnusableImage(why),
                };
                return Examined::without(Decision::without_evidence(verdict));
            }
        };
        if is_of_another(&package.info, &job, key.as_ref()) {
            let why = OF_ANOTHER.to_owned();
            return Examined::without(Decision::without_evidence(Verdict::UnusableImage(why)));
        }
        let (selfie, frames) = match &on_file {
            Some(selfie) => (selfie.as_slice(), Vec::new()),
            None => (
                package.image(ImageRole::Selfie).unwrap_or_default(),
                package.images(ImageRole::Liveness).collect(),
            ),
        };
        let context = CaptureContext {
            received: Some(SystemTime::from(job.created_at)),
            deadline: Deadline::after(allowed),
            turns: job.request.challenge.is_some(),
            ..CaptureContext::default()
        };
        let (ended, capture) = match analyser.analyse_capture(selfie, &frames, &context) {
            Ok(capture) => (None, Some(capture)),
            Err(error) => {
                if let ImageError::Overdue(_) = error {
                    // An ordinary job takes a hundredth of that: the images are made to be slow, or the machine is much too small.
                    tracing::warn!(smile_job_id = %job.smile_job_id, partner = %job.partner(), "{error}");
                    metrics::counter!("selfsame_overdue_analyses_total").increment(1);
                }
                let why = Verdict::UnusableImage(error.to_string());
                (Some(Decision::without_evidence(why)), None)
            }
        };
        let face = job.job_type.face();
        let compares = face.is_some_and(|face| face.compares_with_portrait());
        let portrait = (compares && capture.is_some()).then(|| {
            let deadline = &Deadline::after(allowed);
            match &told {
                Some(photo) => {
                    let photo = photo.as_ref().map(|photo| photo.0.as_ref());
                    (PortraitSource::Authority, portray(&analyser, photo, deadline, &job))
                }
                // The user was not admitted when it was to be looked up, and may be now.
                None if !leaves_authority_out(&package.info, &job.request) => {
                    (PortraitSource::Authority, Portrayed::Absent)
                }
                None => {
                    let card = package.image(ImageRole::IdCardFront);
                    (PortraitSource::Card, portray(&analyser, card, deadline, &job))
                }
            }
        });
        Examined {
            ended,
            portrait,
            // The photograph on file was accepted before, and is no replay.
            fingerprints: match &on_file {
                Some(_) => Vec::new(),
                None => fingerprints(selfie, &frames, capture.as_ref()),
            },
            capture,
            info: Some(package.info),
            photo: None,
        }
    })
    .await;
    // A panic in a decoder or an engine is the image's doing: it would come again.
    let examined = looked.unwrap_or_else(|error| {
        tracing::error!(%error, "the analysis panicked");
        Examined::without(Decision::without_evidence(Verdict::SystemError))
    });
    Ok(Examined { photo, ..examined })
}

/// Said where a package is another partner's.
pub(super) const OF_ANOTHER: &str =
    "info.json is signed by, or names, another partner than the upload";

/// Whether a package says that it is another partner's than the job.
pub(super) fn is_of_another(info: &InfoJson, job: &Job, key: Option<&ApiKey>) -> bool {
    let signed_by_another = match (&info.signature, key) {
        (Some((timestamp, given)), Some(key)) => {
            signature::verify_request_of_any_age(key, job.partner(), timestamp, given).is_err()
        }
        _ => false,
    };
    let named = info.partner_id.as_deref();
    signed_by_another || named.is_some_and(|id| id != job.partner().as_str())
}

/// The selfie with which the job's user was enrolled, and the job that it came with. Without the selfie: there is none, or it cannot be
/// read any more.
///
/// # Errors
/// When the store fails otherwise.
async fn photo_on_file(
    app: &App,
    job: &Job,
) -> Result<(Option<SmileJobId>, Option<Vec<u8>>), StoreError> {
    let user = gone_if_unreadable(app.store.user(&job.user).await)?;
    let reference = user.and_then(|user| user.reference);
    let Some(photo) = reference.map(|reference| reference.photo) else {
        return Ok((None, None));
    };
    let Some(package) = gone_if_unreadable(app.store.package(&photo).await)? else {
        return Ok((Some(photo), None));
    };
    let read = tokio::task::spawn_blocking(move || {
        Package::read_only(&package, &PackageLimits::default(), ImageRole::Selfie)
    });
    let package = read.await.ok().and_then(Result::ok);
    let selfie = package.and_then(|mut package| package.images.pop());
    Ok((Some(photo), selfie.map(|image| image.bytes)))
}

/// What cannot be read, however often it is tried, is as good as gone. An outage is not.
fn gone_if_unreadable<T>(read: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Err(error) if error.is_unreadable() => Ok(None),
        other => other,
    }
}

/// Measures the photograph of an identity. That it cannot be used is not the fault of whoever takes the selfie.
fn portray(analyser: &Analyser, photo: Option<&[u8]>, deadline: &Deadline, job: &Job) -> Portrayed {
    let Some(photo) = photo else {
        return Portrayed::Absent;
    };
    match analyser.analyse_portrait(photo, deadline) {
        Ok(evidence) => match evidence.flaw(PortraitEvidence::LEAST_INTER_EYE) {
            None => Portrayed::Face(Box::new(evidence)),
            Some(flaw) => {
                tracing::info!(smile_job_id = %job.smile_job_id, ?flaw, "the identity's photograph is of no use");
                Portrayed::Unusable
            }
        },
        Err(error) => {
            tracing::info!(smile_job_id = %job.smile_job_id, %error, "the identity's photograph cannot be read");
            Portrayed::Unusable
        }
    }
}

/// What the images are recognised by: their bytes always, their pictures where the analysis gives a hash.
fn fingerprints(
    selfie: &[u8],
    frames: &[&[u8]],
    capture: Option<&CaptureEvidence>,
) -> Vec<ImageFingerprint> {
    let digests = |image: usize| {
        let capture = capture?;
        match image.checked_sub(1) {
            None => Some(capture.selfie.digests),
            Some(frame) => capture.frames.get(frame)?.digests,
        }
    };
    [selfie]
        .iter()
        .chain(frames)
        .enumerate()
        .map(|(image, bytes)| {
            let digests = digests(image);
            ImageFingerprint {
                image,
                exact: digests.map_or_else(|| Sha256::digest(bytes).into(), |d| d.exact),
                perceptual: digests.map(|d| d.perceptual),
                mirrored: digests.map(|d| d.mirrored().perceptual),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_not_taken_for_a_photo_that_is_gone() {
        let unreadable = Err::<Option<()>, _>(StoreError::Sealed("package"));
        assert!(matches!(gone_if_unreadable(unreadable), Ok(None)));
        let outage = StoreError::Io {
            path: "/mnt/packages".into(),
            error: std::io::Error::other("not mounted"),
        };
        let read = gone_if_unreadable(Err::<Option<()>, _>(outage));
        assert!(matches!(read, Err(StoreError::Io { .. })));
        assert!(matches!(gone_if_unreadable(Ok(Some(1))), Ok(Some(1))));
    }
}
