//! Test identities: what a person says of itself decides what a sandbox job comes to (v3's documented list).

use selfsame_wire::id::Environment;
use selfsame_wire::result::ResultCode;
use selfsame_wire::v3::user_details::UserDetails;

use crate::identity::{Answer, IdentityRecord};
use crate::outcome::Finding;
use crate::product::{FaceProduct, JobType};

/// What a test identity makes of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staged {
    /// It passes.
    Clear,
    /// Too much speaks against it.
    HighRisk,
    /// Nobody has the number.
    NotFound,
    /// The person is too young.
    UnderAge,
    /// The authority does not answer.
    AuthorityDown,
    /// The faces differ.
    OtherFace,
    /// No live person was before the camera.
    Spoof,
    /// The picture is of no use.
    UnusableImage,
    /// The server fails.
    SystemError,
    /// The user was reported for fraud.
    ReportedForFraud,
}

/// Which jobs an identity means something to.
#[derive(Debug, Clone, Copy)]
enum Means {
    All,
    LooksUp,
    LookUpAlone,
    Face,
    Authentication,
}

impl Means {
    fn holds(self, job_type: JobType) -> bool {
        let (looks_up, face) = (job_type.product().looks_up(), job_type.face());
        match self {
            Self::All => true,
            Self::LooksUp => looks_up.is_some(),
            Self::LookUpAlone => looks_up.is_some() && face.is_none(),
            Self::Face => face.is_some(),
            Self::Authentication => job_type == JobType::Authentication,
        }
    }
}

/// Family name, given names, and what it comes to where. No given names: any do, as no source tells them.
const IDENTITIES: [(&str, Option<&str>, Staged, Means); 10] = [
    ("Clearwater", Some("Amina Fatou"), Staged::Clear, Means::All),
    (
        "Dangerfield",
        Some("Rashid Omar"),
        Staged::HighRisk,
        Means::All,
    ),
    (
        "Ghostwell",
        Some("Fatima Bello"),
        Staged::NotFound,
        Means::LooksUp,
    ),
    (
        "Youngblood",
        Some("Aisha Lawal"),
        Staged::UnderAge,
        Means::LookUpAlone,
    ),
    (
        "Downsworth",
        Some("Ngozi Ifeoma"),
        Staged::AuthorityDown,
        Means::LooksUp,
    ),
    (
        "Twinley",
        Some("Obinna Chukwu"),
        Staged::OtherFace,
        Means::Face,
    ),
    (
        "Masquero",
        Some("Taiwo Adeyemi"),
        Staged::Spoof,
        Means::Face,
    ),
    (
        "Blurton",
        Some("Kofi Mensah"),
        Staged::UnusableImage,
        Means::Face,
    ),
    (
        "Glitchford",
        Some("Chidinma Obi"),
        Staged::SystemError,
        Means::Face,
    ),
    (
        "Lockhart",
        None,
        Staged::ReportedForFraud,
        Means::Authentication,
    ),
];

/// What a job comes to by the person that it is about; `None`: it is judged. In the sandbox only.
#[must_use]
pub fn staged(
    environment: Environment,
    details: Option<&UserDetails>,
    job_type: JobType,
) -> Option<Staged> {
    let details = details.filter(|_| environment == Environment::Sandbox)?;
    let (_, _, staged, means) = IDENTITIES.iter().find(|(last, given, ..)| {
        details.last_name == *last
            && given.is_none_or(|given| details.given_names == given)
            && details.email == email(details)
    })?;
    means.holds(job_type).then_some(*staged)
}

/// `<first given name>.<last name>@example.com`, in small letters.
fn email(details: &UserDetails) -> Option<String> {
    let first = details.given_names.split_whitespace().next()?;
    let local = format!("{first}.{}", details.last_name).to_lowercase();
    Some(format!("{local}@example.com"))
}

/// The code that a job ends with, and what its code does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staging {
    /// The code.
    pub code: ResultCode,
    /// What the code does not tell.
    pub finding: Option<Finding>,
}

impl From<ResultCode> for Staging {
    fn from(code: ResultCode) -> Self {
        Self {
            code,
            finding: None,
        }
    }
}

impl Staged {
    /// What a job that judges a face ends with.
    #[must_use]
    pub fn of_face(self, face: &dyn FaceProduct) -> Staging {
        let codes = face.codes();
        let code = match self {
            Self::Clear => codes.pass,
            Self::HighRisk | Self::UnderAge | Self::OtherFace | Self::ReportedForFraud => {
                codes.fail
            }
            Self::Spoof => codes.possible_spoof,
            Self::UnusableImage => ResultCode::Unusable,
            Self::SystemError => ResultCode::SystemError,
            Self::NotFound => ResultCode::IdNotFound,
            Self::AuthorityDown => ResultCode::IdAuthorityUnavailable,
        };
        Staging {
            code,
            finding: self.finding(),
        }
    }

    /// What a job that only looks up ends with.
    #[must_use]
    pub fn of_lookup(self) -> Staging {
        let code = match self {
            Self::Clear => ResultCode::IdValid,
            Self::NotFound => ResultCode::IdNotFound,
            Self::AuthorityDown => ResultCode::IdAuthorityUnavailable,
            Self::SystemError => ResultCode::SystemError,
            // The look-ups' code for what does not pass.
            Self::HighRisk
            | Self::UnderAge
            | Self::OtherFace
            | Self::Spoof
            | Self::UnusableImage
            | Self::ReportedForFraud => ResultCode::FieldsDiffer,
        };
        Staging {
            code,
            finding: self.finding(),
        }
    }

    const fn finding(self) -> Option<Finding> {
        match self {
            Self::HighRisk => Some(Finding::HighRisk),
            Self::UnderAge => Some(Finding::UnderAge),
            Self::ReportedForFraud => Some(Finding::ReportedForFraud),
            _ => None,
        }
    }

    /// What the authority says of the person, where one is asked.
    #[must_use]
    pub fn answer(self, details: &UserDetails) -> Answer {
        match self {
            Self::NotFound => Answer::NotFound,
            Self::AuthorityDown => Answer::Unavailable,
            _ => Answer::Found(Box::new(record(details))),
        }
    }
}

/// Whoever the person says it is.
fn record(details: &UserDetails) -> IdentityRecord {
    let mut record = IdentityRecord::default();
    let whole = format!("{} {}", details.given_names, details.last_name);
    for (field, text) in [
        ("full_name", whole.as_str()),
        ("first_name", &details.given_names),
        ("last_name", &details.last_name),
        ("date_of_birth", "2000-09-20"),
        (
            "phone_number",
            details.phone_number.as_deref().unwrap_or_default(),
        ),
        ("email", details.email.as_deref().unwrap_or_default()),
    ] {
        record.set_text(field, text);
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(given_names: &str, last_name: &str, email: &str) -> UserDetails {
        UserDetails {
            given_names: given_names.to_owned(),
            last_name: last_name.to_owned(),
            email: Some(email.to_owned()),
            phone_number: None,
        }
    }

    #[test]
    fn the_whole_identity_must_fit_in_the_sandbox_and_for_the_product() {
        let amina = person("Amina Fatou", "Clearwater", "amina.clearwater@example.com");
        let of = |environment, details: &UserDetails, job_type| {
            staged(environment, Some(details), job_type)
        };
        use Environment::{Production, Sandbox};
        for job_type in JobType::ALL {
            assert_eq!(of(Sandbox, &amina, job_type), Some(Staged::Clear));
            assert_eq!(of(Production, &amina, job_type), None);
        }
        for other in [
            person("Amina", "Clearwater", "amina.clearwater@example.com"),
            person("Amina Fatou", "Clearwater", "amina@example.com"),
            person("Amina Fatou", "clearwater", "amina.clearwater@example.com"),
        ] {
            assert_eq!(of(Sandbox, &other, JobType::Enrolment), None);
        }
        assert_eq!(staged(Sandbox, None, JobType::Enrolment), None);
        let locked = person("Ann", "Lockhart", "ann.lockhart@example.com");
        assert_eq!(
            of(Sandbox, &locked, JobType::Authentication),
            Some(Staged::ReportedForFraud)
        );
        assert_eq!(of(Sandbox, &locked, JobType::Enrolment), None);
        let young = person("Aisha Lawal", "Youngblood", "aisha.youngblood@example.com");
        assert_eq!(
            of(Sandbox, &young, JobType::EnhancedKyc),
            Some(Staged::UnderAge)
        );
        assert_eq!(of(Sandbox, &young, JobType::BiometricKyc), None);
    }

    #[test]
    fn only_what_is_clear_passes() {
        for (.., staged, means) in IDENTITIES {
            for job_type in JobType::ALL.into_iter().filter(|t| means.holds(*t)) {
                let staging = match job_type.face() {
                    Some(face) => staged.of_face(face),
                    None => staged.of_lookup(),
                };
                assert_eq!(
                    staging.code.is_success(),
                    staged == Staged::Clear,
                    "{staged:?} {job_type:?}"
                );
            }
        }
    }
}
