//! The step that asks an authority about the identity that a job names.
//!
//! The answer is on record before anything follows from it: whoever takes the job again does not ask again.

use std::time::Duration;

use jiff::Timestamp;
use selfsame_authority::id_types::Product;
use selfsame_authority::{Asked, Asking};
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::identity::{Answer, IdentityQuery, Lookup};
use selfsame_job::job::{Api, Job, JobRequest, JobType};
use selfsame_job::outcome::{Identified, JobOutcome, of_lookup, of_staged_lookup};
use selfsame_job::product::Wanted;
use selfsame_job::sandbox::{self, Staged};
use selfsame_job::step::{Carried, Standing, Step};
use selfsame_job::user::UserState;
use selfsame_store::error::StoreError;
use selfsame_store::store::{Claim, Finished, Onward, Outcome, WentOn};
use selfsame_wire::id_info::IdInfo;
use selfsame_wire::info::InfoJson;
use selfsame_wire::package::{Package, PackageLimits};
use selfsame_wire::result::ResultCode;
use selfsame_wire::v3::user_details::UserDetails;

use crate::app::App;
use crate::consent_sessions;
use crate::intake::locked_until;
use crate::worker::examine::{OF_ANOTHER, is_of_another};

/// How often a look-up that ends its job is committed anew because the user changed meanwhile.
const COMMITTED_AT_MOST: usize = 16;
/// The longest pause before an authority is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// Under what name this server answers where it asks nobody.
const OWN: &str = "selfsame";

/// What came of the step.
#[derive(Debug)]
pub(super) enum Done {
    /// The job has ended with this code.
    Ended(ResultCode),
    /// The next step may follow, in the same hands.
    GoesOn(Standing),
    /// The job is in nobody's hands, or in another's.
    LetGo,
}

/// What a job asks.
enum Question {
    /// The record of a number.
    Ask(Box<IdentityQuery>),
    /// Nothing: an ID card takes the place of the record, or what the job brings is not even readable, which the next step tells.
    Nothing,
    /// A field that is missing, or cannot be read.
    Unreadable(String),
}

/// Does the step.
pub(super) async fn process(app: &App, claim: &Claim, wanted: Wanted) -> Result<Done, StoreError> {
    let (job, carried) = (&claim.job, &claim.standing.carried);
    let judges = job.job_type.face().is_some();
    if claim.attempt > app.config.limits.job_attempts {
        // A face's step ends it as that.
        return if judges {
            go_on(app, claim, carried.clone(), None).await
        } else {
            end(app, claim, not_asked(Answer::Unavailable, wanted)).await
        };
    }
    let said = match said(app, job).await {
        Ok(said) => said,
        Err(error) if error.is_unreadable() && judges => Said::NOTHING,
        Err(error) => return Err(error),
    };
    let consented = said.consented;
    // What cannot be judged is not asked about: the authority is told of nobody without need.
    let asks = !judges || begins(app, job).await?;
    let question = match said.given {
        Err(why) => Question::Unreadable(why),
        Ok(Some(given)) if asks => question(&given, judges),
        Ok(_) if judges => Question::Nothing,
        Ok(_) => Question::Unreadable("country is required".to_owned()),
    };
    let query = match question {
        Question::Ask(query) => *query,
        Question::Nothing => return go_on(app, claim, carried.clone(), None).await,
        Question::Unreadable(why) => {
            return end(app, claim, not_asked(Answer::Malformed(why), wanted)).await;
        }
    };
    let asking = Asking {
        query: query.clone(),
        partner: job.partner().clone(),
        environment: job.environment(),
        smile_job_id: job.smile_job_id.clone(),
        partner_params: job.request.partner_params.clone(),
    };
    let staged = staged(job);
    let own = match refused(app, job, &query, consented) {
        Some(answer) => Some(answer),
        None => match staged {
            Some((staged, details)) => Some(staged.answer(details)),
            None => consent_sessions::refused(app, job, &query)
                .await?
                .map(|why| Answer::Malformed(why.to_owned())),
        },
    };
    let asked = match own {
        Some(answer) => Asked::Answered(own_answer(answer)),
        None => app.authorities.ask(&asking).await,
    };
    let lookup = match asked {
        Asked::Answered(lookup) => lookup,
        Asked::Later {
            authority,
            why,
            after,
        } => {
            tracing::warn!(smile_job_id = %job.smile_job_id, authority, why, "the authority has no answer yet");
            match later(app, carried, after, job.request.synchronous) {
                Some((carried, pause)) => {
                    app.store.wait(claim, &carried, pause).await?;
                    return Ok(Done::LetGo);
                }
                None => Lookup {
                    answer: Answer::Unavailable,
                    authority,
                    at: Timestamp::now(),
                },
            }
        }
    };
    record(app, job, &query, &lookup).await;
    let found = lookup.answer.is_found();
    let mut identity = Identified::new(Some(query.clone()), Some(lookup.clone()), wanted);
    // What the sandbox forces comes whatever the person is called.
    let forced = (job.job_type.face())
        .and_then(|face| sandbox::forced_on(face, &job.user, job.job_type, &job.request));
    if let (Some(details), None) = (&job.request.details, forced) {
        identity = identity.naming(details);
    }
    if judges && found && !identity.is_of_another_name() {
        return go_on(
            app,
            claim,
            Carried {
                lookup: Some(lookup),
                ..Carried::default()
            },
            Some(query),
        )
        .await;
    }
    let outcome = match staged {
        Some((staged, _)) if !judges => of_staged_lookup(identity, staged.of_lookup()),
        _ => of_lookup(identity, true),
    };
    end(app, claim, outcome).await
}

/// What a test identity makes of the job, and the person that it is about.
fn staged(job: &Job) -> Option<(Staged, &UserDetails)> {
    let details = job.request.details.as_ref()?;
    let staged = sandbox::staged(job.environment(), Some(details), job.job_type)?;
    Some((staged, details))
}

/// An answer that this server gives itself.
fn own_answer(answer: Answer) -> Lookup {
    Lookup {
        answer,
        authority: OWN.to_owned(),
        at: Timestamp::now(),
    }
}

/// What a job comes to that names nobody who could be looked up.
fn not_asked(answer: Answer, wanted: Wanted) -> JobOutcome {
    of_lookup(
        Identified::new(None, Some(own_answer(answer)), wanted),
        true,
    )
}

/// What a job says.
#[derive(Debug)]
struct Said {
    /// Of the identity; or what of it cannot be read.
    given: Result<Option<IdInfo>, String>,
    /// That the person consented, in whatever words.
    consented: bool,
}

impl Said {
    const NOTHING: Self = Self {
        given: Ok(None),
        consented: false,
    };
}

/// What the job says of the identity: in its package, where it has one, and in its request.
async fn said(app: &App, job: &Job) -> Result<Said, StoreError> {
    if !job.job_type.product().comes_packaged() {
        return Ok(Said {
            given: Ok(job.request.id_info.clone()),
            consented: job.request.consent.is_some(),
        });
    }
    // What is wrong with a package that a face is judged by, the next step tells.
    let face = job.job_type.face();
    let nothing = |why: &str| match face {
        Some(_) => Said::NOTHING,
        None => Said {
            given: Err(why.to_owned()),
            consented: false,
        },
    };
    let Some(package) = app.store.package(&job.smile_job_id).await? else {
        return Ok(nothing("the package was erased"));
    };
    // Nobody is asked about a package whose images cannot be judged.
    let needs_images = face.is_some_and(|face| !face.takes_photo_on_file());
    let read = tokio::task::spawn_blocking(move || {
        let limits = PackageLimits::default();
        if needs_images {
            Package::read(&package, &limits).map(|package| package.info)
        } else {
            Package::read_info(&package, &limits)
        }
    });
    let info = match read.await {
        Ok(Ok(info)) => info,
        Ok(Err(error)) => return Ok(nothing(&error.to_string())),
        Err(_) => return Ok(nothing("the package cannot be read")),
    };
    let partner = app.store.partner(job.partner()).await?;
    let key = partner.map(|partner| partner.key(job.environment()).clone());
    if is_of_another(&info, job, key.as_ref()) {
        return Ok(nothing(OF_ANOTHER));
    }
    Ok(Said {
        given: of_package(&info, &job.request),
        consented: info.consent.is_some() || job.request.consent.is_some(),
    })
}

/// What an authority is not asked, although its ID type is known: what it is not offered for, and what the person has not consented
/// to where that is wanted.
fn refused(app: &App, job: &Job, query: &IdentityQuery, consented: bool) -> Option<Answer> {
    let product = match job.job_type {
        JobType::BiometricKyc | JobType::BiometricKycOnFile => Product::BiometricKyc,
        JobType::EnhancedKyc => Product::EnhancedKyc,
        JobType::BasicKyc | JobType::CompareUserInfo => Product::BasicKyc,
        JobType::PhoneVerification => Product::Phone,
        JobType::BusinessVerification => Product::Business,
        JobType::Enrolment | JobType::Authentication | JobType::Compare | JobType::UpdatePhoto => {
            return None;
        }
    };
    let (partner, environment) = (job.partner(), job.environment());
    let authorities = &app.authorities;
    // Who is not enabled at all is told so by the authorities themselves, after the number's format.
    let offered = authorities.enabled(partner, environment, query.country, &query.id_type)?;
    if !offered.products.contains(&product) {
        return Some(Answer::NotEnabled);
    }
    (offered.consent_required && !consented)
        .then(|| Answer::Malformed("consent_information is required for this ID type".to_owned()))
}

/// What a package says of the identity; where it says nothing, what the request says.
///
/// # Errors
/// What it says and cannot be read, by the field. Never taken for nothing: an ID card would take the record's place.
pub(super) fn of_package(info: &InfoJson, request: &JobRequest) -> Result<Option<IdInfo>, String> {
    let Some(packed) = info.id_info.as_deref() else {
        return Ok(request.held_to_link(request.id_info.clone()));
    };
    let packed = IdInfo::of_raw(packed).map_err(|error| error.message)?;
    let says_it = packed.id_number.is_some() || packed.entered == Some(false);
    let said = match &request.id_info {
        Some(request) if !says_it => request.clone(),
        _ => packed,
    };
    Ok(request.held_to_link(Some(said)))
}

/// Whether a package leaves the authority out, so that its ID card is compared with. A number that was not looked up, for whatever
/// reason, is none: else a card of one's own would take the record's place.
pub(super) fn leaves_authority_out(info: &InfoJson, request: &JobRequest) -> bool {
    match of_package(info, request) {
        Ok(Some(given)) => matches!(question(&given, true), Question::Nothing),
        Ok(None) => true,
        Err(_) => false,
    }
}

fn question(given: &IdInfo, judges: bool) -> Question {
    // With an ID card instead of a number nobody is asked.
    if judges
        && given.entered != Some(true)
        && (given.entered == Some(false) || given.id_number.is_none())
    {
        return Question::Nothing;
    }
    match IdentityQuery::new(given) {
        Ok(query) => Question::Ask(Box::new(query)),
        Err(incomplete) => Question::Unreadable(format!("{} is required", incomplete.0)),
    }
}

/// Whether a face's step could pass at all, as the user is now.
async fn begins(app: &App, job: &Job) -> Result<bool, StoreError> {
    let Some(face) = job.job_type.face() else {
        return Ok(true);
    };
    let policy = app.config.policies.of(job.environment(), job.job_type);
    if locked_until(app, &job.user, policy).await?.is_some() {
        return Ok(false);
    }
    let user = app.user(&job.user).await?;
    let admitted = face.admit(
        user.as_ref(),
        job.request.allow_new_enroll,
        policy,
        &app.engine.served,
    );
    Ok(admitted.is_ok())
}

/// What a job carries while it waits for an authority, and how long it does; `None` where it has waited long enough.
fn later(
    app: &App,
    carried: &Carried,
    after: Duration,
    synchronous: bool,
) -> Option<(Carried, Duration)> {
    let now = Timestamp::now();
    let since = carried.asking_since.unwrap_or(now);
    let waited = now.duration_since(since).unsigned_abs();
    if synchronous || waited >= app.config.authority_patience {
        return None;
    }
    // Twice as long each time, so that an authority that comes back is not asked everything at once.
    let doubled = Duration::from_secs(1 << carried.waits.min(10));
    let pause = doubled.max(after).min(LONGEST_PAUSE);
    let carried = Carried {
        asking_since: Some(since),
        waits: carried.waits.saturating_add(1),
        ..carried.clone()
    };
    Some((carried, pause))
}

/// Who asked for what goes on the audit's record, without what was said. Where it cannot, the job goes on: whoever can break the
/// audit must not be able to stop jobs with it.
async fn record(app: &App, job: &Job, query: &IdentityQuery, lookup: &Lookup) {
    let entry = AuditEntry {
        actor: Actor::server(),
        action: AuditAction::IdentityLookedUp,
        subject: format!("job {}", job.smile_job_id),
        details: serde_json::json!({
            "partner": job.partner(), "environment": job.environment(), "product": job.job_type.product().name(),
            "authority": lookup.authority, "country": query.country, "id_type": query.id_type, "code": lookup.answer.code(),
        }),
    };
    if let Err(error) = app.store.record_audit(&entry).await {
        tracing::error!(smile_job_id = %job.smile_job_id, %error, "a look-up is not on the audit's record");
    }
}

/// Ends the step of a job that judges a face; `told` where its result is told.
async fn go_on(
    app: &App,
    claim: &Claim,
    carried: Carried,
    told: Option<IdentityQuery>,
) -> Result<Done, StoreError> {
    let job = &claim.job;
    let told = told.map(|query| {
        let identity = Identified::new(Some(query), carried.lookup.clone(), Wanted::Record);
        let outcome = of_lookup(identity, false);
        (outcome.to_bytes().into(), outcome.code.code().to_owned())
    });
    let callback_url = match job.request.api {
        Api::V1 | Api::V2 => told.as_ref().and(job.request.callback_url.clone()),
        // v3 tells what a job came to, and no step before.
        Api::V3 => None,
    };
    let calls_back = callback_url.is_some();
    let standing = Standing {
        step: Step::Judge,
        carried,
    };
    let onward = Onward {
        standing: standing.clone(),
        callback_url,
        told,
    };
    Ok(match app.store.go_on(claim, &onward).await? {
        WentOn::Committed => {
            if calls_back {
                app.callback_queued.notify_one();
            }
            Done::GoesOn(standing)
        }
        WentOn::LostClaim => Done::LetGo,
        WentOn::UserDeleted => Done::Ended(ResultCode::SystemError),
    })
}

/// Ends the job with what the look-up came to.
async fn end(app: &App, claim: &Claim, outcome: JobOutcome) -> Result<Done, StoreError> {
    let job = &claim.job;
    let code = outcome.code;
    for _ in 0..COMMITTED_AT_MOST {
        let user = app.store.user(&job.user).await?;
        let ended = Outcome {
            result: outcome.to_bytes().into(),
            success: code.is_success(),
            result_code: code.code().to_owned(),
            judged: UserState::of(user.as_ref()),
            callback_url: job.request.callback_url.clone(),
            ..Outcome::default()
        };
        match app.store.finish_job(claim, &ended).await? {
            Finished::Committed | Finished::UserDeleted => return Ok(Done::Ended(code)),
            Finished::LostClaim => return Ok(Done::LetGo),
            // Nothing of the user counts in a look-up; it is read again only because the store compares it.
            Finished::UserChanged
            | Finished::OthersChanged
            | Finished::LockedOut(_)
            | Finished::SeenMeanwhile => {}
        }
    }
    app.store.release_job(claim).await?;
    Ok(Done::LetGo)
}

#[cfg(test)]
mod tests {
    use selfsame_job::job::Api;

    use super::*;

    #[test]
    fn a_card_takes_the_place_of_no_number_that_was_given() {
        let request = JobRequest::new(Api::V1, serde_json::from_str("{}").unwrap());
        let out = |id_info: &str| {
            let json = format!(r#"{{"images":[],"id_info":{id_info}}}"#);
            leaves_authority_out(&InfoJson::parse(json.as_bytes()).unwrap(), &request)
        };
        for left_out in [
            "{}",
            "null",
            r#"{"entered":"false","id_number":"1"}"#,
            r#"{"country":"NG"}"#,
        ] {
            assert!(out(left_out), "{left_out}");
        }
        for asked in [
            r#"{"country":"NG","id_type":"NIN","id_number":"1"}"#,
            r#"{"country":"NG","id_number":"1","entered":true}"#,
            r#"{"entered":true}"#,
            r#"{"country":"NGA","id_number":"1","entered":true}"#,
            r#""NG""#,
        ] {
            assert!(!out(asked), "{asked}");
        }
    }

    #[test]
    fn no_card_takes_the_numbers_place_at_a_link() {
        let at = r#"{"ref_id":"AAAAAAAAAAAAAAAAAAAAAA","country":"NG","id_type":"NIN"}"#;
        let request = JobRequest {
            link: Some(serde_json::from_str(at).unwrap()),
            ..JobRequest::new(Api::V3, serde_json::from_str("{}").unwrap())
        };
        for id_info in ["{}", "null", r#"{"entered":"false","id_number":"1"}"#] {
            let json = format!(r#"{{"images":[],"id_info":{id_info}}}"#);
            let info = InfoJson::parse(json.as_bytes()).unwrap();
            assert!(!leaves_authority_out(&info, &request), "{id_info}");
        }
        let json =
            br#"{"images":[],"id_info":{"country":"KE","id_type":"PASSPORT","id_number":"1"}}"#;
        let given = of_package(&InfoJson::parse(json).unwrap(), &request)
            .unwrap()
            .unwrap();
        assert_eq!(given.id_type.unwrap().as_str(), "NIN");
    }
}
