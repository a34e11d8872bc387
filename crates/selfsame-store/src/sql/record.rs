//! Rows to records.

use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::erasure::{Erasure, JobNames};
use selfsame_job::job::{Api, Job, JobRequest, JobState, JobType};
use selfsame_job::user::{UserKey, UserStatus};
use selfsame_wire::id::{JobId, PartnerId, SmileJobId, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::dialect::DbRow;
use crate::error::StoreError;
use crate::keyring::Keyring;

/// The columns that [`job`] reads.
macro_rules! job_columns {
    () => {
        "smile_job_id, partner, environment, user_id, job_id, kind, state, request, erased, created_at, updated_at"
    };
}
pub(super) use job_columns;

/// Microseconds since 1970.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(super) fn timestamp(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|e| StoreError::Corrupt("time", e.to_string()))
}

/// A simple enumeration as its wire text.
pub(super) fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}

pub(super) fn parse<T: DeserializeOwned>(
    text: String,
    what: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(text))
        .map_err(|e| StoreError::Corrupt(what, e.to_string()))
}

pub(super) fn id<T, E: std::fmt::Display>(
    parsed: Result<T, E>,
    what: &'static str,
) -> Result<T, StoreError> {
    parsed.map_err(|e| StoreError::Corrupt(what, e.to_string()))
}

/// What a job's column is encrypted for.
pub(super) fn job_place(job: &SmileJobId, column: &str) -> String {
    format!("jobs/{column}/{job}")
}

/// What a user's template is encrypted for.
pub(super) fn user_place(key: &UserKey) -> String {
    // Lengths keep one user's place from reading like another's.
    let (p, u) = (key.partner.as_str(), key.user.as_str());
    format!(
        "users/template/{}/{}:{p}/{}:{u}",
        key.environment,
        p.len(),
        u.len()
    )
}

pub(super) fn user_key(row: &DbRow) -> Result<UserKey, StoreError> {
    Ok(UserKey {
        partner: id(
            PartnerId::new(row.try_get::<String, _>("partner")?),
            "partner",
        )?,
        environment: parse(row.try_get("environment")?, "environment")?,
        user: id(UserId::new(row.try_get::<String, _>("user_id")?), "user id")?,
    })
}

/// The server's name of a job.
pub(super) fn smile_job_id(row: &DbRow) -> Result<SmileJobId, StoreError> {
    id(
        SmileJobId::new(row.try_get::<String, _>("smile_job_id")?),
        "smile job id",
    )
}

/// How many are listed: none asked for means 100.
pub(super) fn at_most(limit: u32) -> i64 {
    if limit == 0 { 100 } else { i64::from(limit) }
}

/// The names of a job, and why its contents are gone where they are. A kind of job that is not known is for a newer build.
pub(super) fn names(row: &DbRow) -> Result<(JobNames, Option<Erasure>), StoreError> {
    let names = JobNames {
        smile_job_id: smile_job_id(row)?,
        job_id: id(JobId::new(row.try_get::<String, _>("job_id")?), "job id")?,
        user: id(UserId::new(row.try_get::<String, _>("user_id")?), "user id")?,
        job_type: parse::<JobType>(row.try_get("kind")?, "job type")
            .map_err(|_| StoreError::OfNewerBuild("the job"))?,
    };
    let erased: Option<String> = row.try_get("erased")?;
    let erased = erased.map(|text| parse(text, "erasure")).transpose()?;
    Ok((names, erased))
}

/// A request as it was written down. One that came by an API that is not known is for a newer build.
fn request(plain: &[u8]) -> Result<JobRequest, StoreError> {
    #[derive(Deserialize)]
    struct Came {
        api: String,
    }
    serde_json::from_slice(plain).map_err(|error| {
        let came = serde_json::from_slice::<Came>(plain).ok();
        if came.is_some_and(|came| parse::<Api>(came.api, "API").is_err()) {
            StoreError::OfNewerBuild("the job's request")
        } else {
            StoreError::Corrupt("job request", error.to_string())
        }
    })
}

pub(super) fn job(row: &DbRow, keys: &Keyring) -> Result<Job, StoreError> {
    let (names, erased) = names(row)?;
    let request = if erased.is_some() {
        names.erased_request()
    } else {
        let plain = keys.open(
            row.try_get("request")?,
            &job_place(&names.smile_job_id, "request"),
            "job request",
        )?;
        request(&plain)?
    };
    Ok(Job {
        user: user_key(row)?,
        request,
        state: parse::<JobState>(row.try_get("state")?, "job state")?,
        created_at: timestamp(row.try_get("created_at")?)?,
        updated_at: timestamp(row.try_get("updated_at")?)?,
        smile_job_id: names.smile_job_id,
        job_id: names.job_id,
        job_type: names.job_type,
    })
}

pub(super) fn status(row: &DbRow) -> Result<UserStatus, StoreError> {
    parse(row.try_get("status")?, "user status")
}

/// Where a result came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A step before the last, by its number from 1.
    Step(i64),
    /// The job's end.
    End,
    /// A review.
    Review,
}

impl Origin {
    /// That of a row with `of_step` and `after_review`.
    pub(super) fn of(row: &DbRow) -> Result<Self, StoreError> {
        Ok(match row.try_get("of_step")? {
            0 if row.try_get("after_review")? => Self::Review,
            0 => Self::End,
            step => Self::Step(step),
        })
    }
}

/// What a result is encrypted for.
pub(super) fn result_place(job: &SmileJobId, origin: Origin) -> String {
    match origin {
        Origin::Step(number) => job_place(job, &format!("step_result/{number}")),
        Origin::End => job_place(job, "result"),
        Origin::Review => job_place(job, "final_result"),
    }
}

/// A stored result.
pub(super) fn result(
    sealed: &[u8],
    job: &SmileJobId,
    origin: Origin,
    keys: &Keyring,
) -> Result<Bytes, StoreError> {
    Ok(keys
        .open(sealed, &result_place(job, origin), "job result")?
        .into())
}

/// The stored result in a row that tells where it came from.
pub(super) fn result_of(
    row: &DbRow,
    job: &SmileJobId,
    keys: &Keyring,
) -> Result<Bytes, StoreError> {
    result(row.try_get("result")?, job, Origin::of(row)?, keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_by_an_api_of_a_newer_build_is_told_from_a_broken_one() {
        let known = JobRequest::new(Api::V3, serde_json::from_str("{}").unwrap());
        let known = serde_json::to_value(&known).unwrap();
        let read = |written: &serde_json::Value| request(written.to_string().as_bytes());
        assert_eq!(read(&known).unwrap().api, Api::V3);
        let with = |name: &str, value: serde_json::Value| {
            let mut written = known.clone();
            written[name] = value;
            written
        };
        for newer in [
            with("api", "v4".into()),
            serde_json::json!({"api": "v4", "shaped": "otherwise"}),
        ] {
            let refused = read(&newer);
            assert!(
                matches!(refused, Err(StoreError::OfNewerBuild(_))),
                "{refused:?}"
            );
        }
        // What this build's own API wrote, and what nobody wrote, is broken.
        for broken in [with("allow_new_enroll", "v4".into()), with("api", 4.into())] {
            let refused = read(&broken);
            assert!(
                matches!(refused, Err(StoreError::Corrupt(..))),
                "{refused:?}"
            );
        }
        assert!(matches!(
            request(br#"{"api":"v4""#),
            Err(StoreError::Corrupt(..))
        ));
    }
}
