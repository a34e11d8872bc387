use jiff::Timestamp;
use selfsame_face::template::{TEMPLATE_LEN, Template, TemplateModel};
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId};

use super::*;
use crate::job::{Api, JobRequest, JobState};
use crate::user::{UserKey, UserStatus};
use crate::verdict::ReferenceGone;

const MODEL: &str = "m1";

fn reference(photo: &str, model: &str) -> Reference {
    Reference {
        template: Template::new(&[1.0; TEMPLATE_LEN], &TemplateModel::new(model).unwrap()).unwrap(),
        photo: SmileJobId::new(photo).unwrap(),
    }
}

fn job(job_type: JobType) -> Job {
    Job {
        smile_job_id: SmileJobId::new("waits").unwrap(),
        user: UserKey {
            partner: PartnerId::new("p").unwrap(),
            environment: Environment::Production,
            user: UserId::new("u").unwrap(),
        },
        job_id: JobId::new("j").unwrap(),
        job_type,
        request: JobRequest {
            allow_new_enroll: true,
            ..JobRequest::new(Api::V1, serde_json::from_str("{}").unwrap())
        },
        state: JobState::Done,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn user(photo: &str) -> User {
    User {
        key: job(JobType::Enrolment).user,
        status: UserStatus::Active,
        fraud_locked: false,
        reference: Some(reference(photo, MODEL)),
        further: Vec::new(),
        enrolled_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn policies(body: &str) -> Policies {
    Policies::parse(&format!("name = \"t\"\nversion = \"1\"\n{body}")).unwrap()
}

/// A case in which nothing stands in the way, changed by a test.
struct Case {
    job: Job,
    user: Option<User>,
    judged: UserState,
    template: Option<Reference>,
    policies: Policies,
    model: Option<&'static str>,
    replayed: bool,
    duplicates: Vec<Duplicate>,
    shown: Vec<UserId>,
}

fn case(job_type: JobType, on_file: Option<User>) -> Case {
    Case {
        job: job(job_type),
        judged: UserState::of(on_file.as_ref()),
        user: on_file,
        template: Some(reference("waits", MODEL)),
        policies: Policies::default(),
        model: Some(MODEL),
        replayed: false,
        duplicates: Vec::new(),
        shown: Vec::new(),
    }
}

impl Case {
    fn hindrance(&self) -> Option<Hindrance> {
        let model = |name| Served::only(TemplateModel::new(name).unwrap());
        let served = self.model.map(model);
        Approval {
            job: &self.job,
            user: self.user.as_ref(),
            judged: &self.judged,
            template: self.template.as_ref(),
            policies: &self.policies,
            served: served.as_ref(),
            replayed: self.replayed,
            duplicates: &self.duplicates,
            shown: &self.shown,
        }
        .hindrance()
    }
}

#[test]
fn nothing_stands_in_the_way_of_what_is_as_it_was() {
    for case in [
        case(JobType::Enrolment, None),
        case(JobType::Enrolment, Some(user("old"))),
        case(JobType::Authentication, Some(user("old"))),
    ] {
        assert_eq!(case.hindrance(), None);
    }
}

#[test]
fn a_user_that_changed_hinders() {
    // Nobody was on file when the job was judged, so nothing was compared: it must not replace who came since.
    let mut new = case(JobType::Enrolment, None);
    new.user = Some(user("since"));
    assert_eq!(new.hindrance(), Some(Hindrance::OtherReference));
    for job_type in [JobType::Enrolment, JobType::Authentication] {
        let mut other = case(job_type, Some(user("old")));
        other.user = Some(user("since"));
        assert_eq!(other.hindrance(), Some(Hindrance::OtherReference));
        other.user.as_mut().unwrap().status = UserStatus::Disabled;
        assert_eq!(
            other.hindrance(),
            Some(Hindrance::NotAdmitted(NotAdmitted::NoReference(
                ReferenceGone::Disabled
            )))
        );
    }
}

/// Neither what a person approves nor what he approves it for lets in a user that was reported meanwhile; one that was reported
/// and cleared stands as before.
#[test]
fn a_user_that_was_reported_while_the_job_waited_hinders() {
    for job_type in [
        JobType::Enrolment,
        JobType::Authentication,
        JobType::Compare,
    ] {
        let mut reported = case(job_type, Some(user("old")));
        reported.user.as_mut().unwrap().fraud_locked = true;
        assert_eq!(
            reported.hindrance(),
            Some(Hindrance::NotAdmitted(NotAdmitted::NoReference(
                ReferenceGone::FraudLocked
            )))
        );
        reported.judged.fraud_locked = true;
        assert!(reported.hindrance().is_some());
        reported.judged.fraud_locked = false;
        reported.user.as_mut().unwrap().fraud_locked = false;
        assert_eq!(reported.hindrance(), None);
    }
}

#[test]
fn a_model_that_changed_hinders() {
    let mut enrolment = case(JobType::Enrolment, None);
    enrolment.model = Some("m2");
    assert_eq!(enrolment.hindrance(), Some(Hindrance::OtherModel));
    enrolment.template = None;
    assert_eq!(enrolment.hindrance(), Some(Hindrance::NoTemplate));
    let mut authentication = case(JobType::Authentication, Some(user("old")));
    authentication.model = Some("m2");
    assert_eq!(
        authentication.hindrance(),
        Some(Hindrance::NotAdmitted(NotAdmitted::NoReference(
            ReferenceGone::OtherModel
        )))
    );
    authentication.model = None;
    assert_eq!(authentication.hindrance(), None);
}

#[test]
fn the_policy_in_force_counts() {
    let mut replacing = case(JobType::Enrolment, Some(user("old")));
    replacing.policies = policies("[enrolment.replacement]\nmode = \"refuse\"\n");
    assert_eq!(
        replacing.hindrance(),
        Some(Hindrance::NotAdmitted(NotAdmitted::NeverReplaced))
    );
    let mut replayed = case(JobType::Enrolment, None);
    replayed.replayed = true;
    assert_eq!(replayed.hindrance(), Some(Hindrance::Replayed));
    replayed.policies = policies("[defaults.replay]\nexact = \"review\"\n");
    assert_eq!(replayed.hindrance(), None, "a person was asked");
}

#[test]
fn duplicates_hinder_as_the_policy_says() {
    let twin = Duplicate {
        user_id: UserId::new("twin").unwrap(),
        score: ComparisonScore::new(0.9),
        threshold: None,
    };
    let mut case = case(JobType::Enrolment, None);
    case.duplicates = vec![twin.clone()];
    assert_eq!(case.hindrance(), None);
    assert_eq!(duplicates_from(&case.job, &case.policies), None);
    case.policies = policies("[enrolment.duplicates]\nresponse = \"review\"\n");
    assert!(duplicates_from(&case.job, &case.policies).is_some());
    assert_eq!(case.hindrance(), Some(Hindrance::Duplicate));
    case.shown = vec![twin.user_id.clone()];
    assert_eq!(case.hindrance(), None, "the person saw it and approved");
    case.policies = policies("[enrolment.duplicates]\nresponse = \"refuse\"\n");
    assert_eq!(case.hindrance(), Some(Hindrance::Duplicate));
    assert_eq!(
        duplicates_from(&job(JobType::Authentication), &case.policies),
        None
    );
}

#[test]
fn what_the_sandbox_forced_is_not_looked_into() {
    let mut forced = case(JobType::Enrolment, None);
    forced.job.user.environment = Environment::Sandbox;
    forced.job.request.sandbox_result = Some("0842".to_owned());
    forced.policies = policies(
        "[defaults.duplicates]\nresponse = \"refuse\"\n[sandbox.replay]\nexact = \"refuse\"\n",
    );
    forced.replayed = true;
    assert_eq!(forced.hindrance(), None);
    assert_eq!(duplicates_from(&forced.job, &forced.policies), None);
    // By the photo on file nobody guesses at a face.
    assert_eq!(
        tried(&job(JobType::BiometricKycOnFile), ReviewDecision::Approve),
        Tried::Uncounted
    );
    assert_eq!(tried(&forced.job, ReviewDecision::Reject), Tried::Uncounted);
    assert_eq!(
        tried(&job(JobType::Enrolment), ReviewDecision::Spoof),
        Tried::Failed
    );
}
