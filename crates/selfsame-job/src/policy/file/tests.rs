use super::*;
use crate::reason::Response;

const HEAD: &str = "name = \"bank\"\nversion = \"7\"\n";

fn parse(body: &str) -> Result<Policies, PolicyError> {
    Policies::parse(&format!("{HEAD}{body}"))
}

fn wrong(body: &str) -> String {
    parse(body).unwrap_err().to_string()
}

#[test]
fn an_empty_file_leaves_all_to_what_is_built_in() {
    let policies = parse("").unwrap();
    for environment in Environment::ALL {
        for job_type in JobType::judged() {
            assert_eq!(
                *policies.of(environment, job_type),
                Policy::built_in(environment)
            );
        }
    }
    assert_eq!((policies.name(), policies.version()), ("bank", "7"));
}

#[test]
fn the_built_in_file_and_the_text_in_force_load_to_the_same() {
    let built_in = Policies::default();
    assert_eq!(
        Policies::parse(&Policies::built_in_file().unwrap()).unwrap(),
        built_in
    );
    let again = Policies::parse(built_in.text()).unwrap();
    assert_eq!(again, built_in);
    assert_eq!(again.sha256(), built_in.sha256());
    assert_eq!(built_in.sha256().len(), 64);
}

#[test]
fn the_more_specific_layer_wins() {
    let policies = parse(
        "[defaults.comparison]\nmatch_threshold = 0.5\n[production.comparison]\nmatch_threshold = 0.6\n\
         [authentication.comparison]\nmatch_threshold = 0.65\n[sandbox.authentication.comparison]\nmatch_threshold = 0.7\n",
    )
    .unwrap();
    let at = |e, k| policies.of(e, k).comparison.match_threshold;
    assert_eq!(at(Environment::Sandbox, JobType::Enrolment), 0.5);
    assert_eq!(at(Environment::Production, JobType::Enrolment), 0.6);
    assert_eq!(at(Environment::Production, JobType::Authentication), 0.65);
    assert_eq!(at(Environment::Sandbox, JobType::Authentication), 0.7);
    // What the file says of all wins over what is built in for one environment.
    let off = parse("[defaults.liveness.motion]\nmode = \"off\"\n").unwrap();
    assert_eq!(
        off.of(Environment::Sandbox, JobType::Enrolment)
            .liveness
            .motion
            .mode,
        MotionMode::Off
    );
}

#[test]
fn what_is_said_of_a_type_of_job_holds_for_the_one_that_does_the_same_another_way() {
    use crate::policy::ReceiptMode;
    use crate::policy::ReplacementMode::{Match, Refuse, Review};
    for job_type in JobType::judged() {
        let parent = job_type.product().judged_as();
        assert!(parent.is_none_or(|p| p.index() < job_type.index() && p.face().is_some()));
    }
    let policies = parse(
        "[enrolment.replacement]\nmode = \"refuse\"\n[production.enrolment.replacement]\nmode = \"review\"\n\
         [enrolment.duplicates]\nresponse = \"refuse\"\n[update_photo.duplicates]\nresponse = \"review\"\n\
         [biometric_kyc.comparison]\nmatch_threshold = 0.625\n[biometric_kyc.receipt]\nmode = \"off\"\n",
    )
    .unwrap();
    for (environment, mode) in [
        (Environment::Sandbox, Refuse),
        (Environment::Production, Review),
    ] {
        let update = policies.of(environment, JobType::UpdatePhoto);
        assert_eq!(update.replacement.mode, mode);
        assert_eq!(update.duplicates.response, Response::Review);
        let authentication = policies.of(environment, JobType::Authentication);
        assert_eq!(authentication.replacement.mode, Match);
        let on_file = policies.of(environment, JobType::BiometricKycOnFile);
        assert_eq!(on_file.comparison.match_threshold, 0.625);
        assert_eq!(on_file.receipt.mode, ReceiptMode::Off);
    }
    let again = Policies::parse(policies.text()).unwrap();
    assert_eq!(again.table, policies.table);
}

#[test]
fn a_challenge_that_enrolments_or_authentications_must_answer_is_required_of_an_update() {
    for (body, mode, turns) in [
        ("", ChallengeMode::WhenDrawn, 2),
        (
            "[authentication.liveness.challenge]\nmode = \"required\"\nturns = 3\n",
            ChallengeMode::Required,
            3,
        ),
        (
            "[enrolment.liveness.challenge]\nmode = \"required\"\nturns = 4\n",
            ChallengeMode::Required,
            4,
        ),
        (
            "[authentication.liveness.challenge]\nmode = \"required\"\n[update_photo.liveness.challenge]\nmode = \"off\"\n",
            ChallengeMode::Required,
            2,
        ),
    ] {
        let policies = parse(body).unwrap();
        let update = policies.of(Environment::Production, JobType::UpdatePhoto);
        let challenge = update.liveness.challenge;
        assert_eq!((challenge.mode, challenge.turns), (mode, turns), "{body}");
        let again = Policies::parse(policies.text()).unwrap();
        assert_eq!(again.table, policies.table, "{body}");
    }
}

#[test]
fn receipts_of_jobs_that_only_look_up_follow_what_is_said_of_all_jobs() {
    let policies = parse(
        "[defaults.receipt]\nmode = \"outcome\"\n[production.receipt]\nmode = \"off\"\n[sandbox.biometric_kyc.receipt]\nmode = \"full\"\n",
    )
    .unwrap();
    let mode = |e, k| policies.of(e, k).receipt.mode;
    use crate::policy::ReceiptMode::{Full, Off, Outcome};
    assert_eq!(mode(Environment::Sandbox, JobType::EnhancedKyc), Outcome);
    assert_eq!(mode(Environment::Production, JobType::BasicKyc), Off);
    assert_eq!(mode(Environment::Production, JobType::BiometricKyc), Off);
    assert_eq!(mode(Environment::Sandbox, JobType::BiometricKyc), Full);
    // What is in force is told without a gap.
    assert_eq!(
        Policies::parse(policies.text()).unwrap().table,
        policies.table
    );
}

#[test]
fn another_number_is_another_digest() {
    assert_ne!(
        parse("").unwrap().sha256(),
        parse("[defaults.replay]\nmax_distance = 3\n")
            .unwrap()
            .sha256()
    );
}

#[test]
fn strict_requires_movement_everywhere() {
    let strict = Policies::default().strict();
    assert_ne!(strict.sha256(), Policies::default().sha256());
    for job_type in JobType::judged() {
        assert_eq!(
            strict
                .of(Environment::Sandbox, job_type)
                .liveness
                .motion
                .mode,
            MotionMode::Required
        );
    }
}

#[test]
fn the_sandbox_only_reports_what_production_refuses() {
    let policies = Policies::default();
    let replay = |e| policies.of(e, JobType::Authentication).replay.exact;
    assert_eq!(replay(Environment::Sandbox), Response::Report);
    assert_eq!(replay(Environment::Production), Response::Refuse);
}

#[test]
fn errors_name_the_dotted_field() {
    for (body, start) in [
        (
            "[defaults.comparison]\nmatch_treshold = 1\n",
            "policy: defaults.comparison",
        ),
        (
            "[production.liveness.motion]\nmode = \"sometimes\"\n",
            "policy: production.liveness.motion.mode is wrong: ",
        ),
        (
            "[sandbox.enrolment.quality]\nmin_definition = \"a\"\n",
            "policy: sandbox.enrolment.quality.min_definition is wrong: ",
        ),
        (
            "[enrolment.responses]\nblurred = \"maybe\"\n",
            "policy: enrolment.responses.blurred is wrong: ",
        ),
        (
            "[production.comparison]\nreview_threshold = 0.9\n",
            "policy: comparison.review_threshold (production, enrolment) is 0.9; it must be -1 to 0.52",
        ),
        (
            "[defaults.replay]\nmax_distance = -1\n",
            "policy: defaults.replay.max_distance is wrong: ",
        ),
        (
            "[defaults.comparison]\nmatch_threshold = nan\n",
            "policy: comparison.match_threshold (sandbox, enrolment) is NaN",
        ),
        ("[staging]\n", "policy: staging is no part of a policy"),
        ("sandbox = 3\n", "policy: sandbox must be a table"),
        (
            "[defaults.responses]\nother_person = \"report\"\n",
            "policy: defaults.responses",
        ),
        ("[defaults\n", "policy: TOML parse error"),
    ] {
        let text = wrong(body);
        assert!(
            text.starts_with(start),
            "{text:?} should start with {start:?}"
        );
    }
    let unknown = wrong("[defaults.comparison]\nmatch_treshold = 1\n");
    assert!(unknown.contains("match_treshold"), "{unknown}");
    assert!(
        Policies::parse("version = \"1\"")
            .unwrap_err()
            .to_string()
            .starts_with("policy: name is missing")
    );
}

#[test]
fn another_models_thresholds_take_the_place_of_the_built_in_ones() {
    let own = selfsame_face::template::ModelThresholds {
        same: 0.3125,
        review: 0.25,
        duplicate: 0.375,
    };
    let policies = Policies::built_in_for(Some(&own)).unwrap();
    for environment in Environment::ALL {
        for job_type in JobType::judged() {
            let policy = policies.of(environment, job_type);
            assert_eq!(policy.comparison.match_threshold, 0.3125);
            assert_eq!(policy.comparison.review_threshold, 0.25);
            assert_eq!(policy.duplicates.threshold, 0.375);
        }
    }
    let head = "name = \"t\"\nversion = \"1\"\n";
    let file = format!("{head}[production.comparison]\nmatch_threshold = 0.5\n");
    let policies = Policies::parse_for(&file, Some(&own)).unwrap();
    let threshold = |environment| {
        let policy = policies.of(environment, JobType::Authentication);
        policy.comparison.match_threshold
    };
    assert_eq!(threshold(Environment::Production), 0.5);
    assert_eq!(threshold(Environment::Sandbox), 0.3125);
}

#[test]
fn a_model_without_thresholds_needs_a_policy_that_sets_them_all() {
    let told = Policies::built_in_for(None).unwrap_err().to_string();
    assert!(
        told.contains("comparison.match_threshold") && told.contains("not set"),
        "{told}"
    );
    let mut file = "name = \"t\"\nversion = \"1\"\n".to_owned();
    file += "[defaults.comparison]\nmatch_threshold = 0.5\nreview_threshold = 0.4\n";
    file += "[defaults.duplicates]\nthreshold = 0.6\n";
    let told = Policies::parse_for(&file, None).unwrap_err().to_string();
    assert!(told.contains("liveness.motion.min_likeness"), "{told}");
    file += "[defaults.liveness.challenge]\nmin_likeness = 0.4\nmin_likeness_turned = 0.25\n";
    // For one environment only.
    let half = format!("{file}[sandbox.liveness.motion]\nmin_likeness = 0.4\n");
    let told = Policies::parse_for(&half, None).unwrap_err().to_string();
    assert!(told.contains("production"), "{told}");
    let whole = format!("{file}[defaults.liveness.motion]\nmin_likeness = 0.4\n");
    let policies = Policies::parse_for(&whole, None).unwrap();
    let policy = policies.of(Environment::Production, JobType::Enrolment);
    assert_eq!(policy.duplicates.threshold, 0.6);
    // What is in force is whole, and reads without the model.
    assert_eq!(Policies::parse(policies.text()).unwrap(), policies);
}
