//! What a result tells of an identity.

use selfsame_job::identity::{Answer, BusinessRecord, IdentityRecord};
use selfsame_job::job::{Job, JobType};
use selfsame_job::outcome::{Identified, JobOutcome};
use selfsame_job::product::Wanted;
use selfsame_wire::id::UserId;
use selfsame_wire::result::{
    Antifraud, AskedIdentity, BusinessInfo, CompanyInformation, EarlierRegistrants, IdentityPart,
    PersonalInfo, SuspectReason, SuspectUser,
};

use super::actions;

pub(super) fn of(job: &Job, outcome: &JobOutcome) -> IdentityPart {
    let Some(identity) = &outcome.identity else {
        return IdentityPart::default();
    };
    if actions::tells_of_suspects(outcome) {
        return IdentityPart {
            antifraud: Some(antifraud(identity, outcome)),
            ..IdentityPart::default()
        };
    }
    let judges = actions::judges(job, outcome);
    let answer = identity.lookup.as_ref().map(|lookup| &lookup.answer);
    let asked = identity
        .query
        .as_ref()
        .map(|query| AskedIdentity::new(query.country, &query.id_type, &query.id_number));
    if job.job_type == JobType::BusinessVerification {
        return IdentityPart {
            asked,
            business: Some(business(answer)),
            ..IdentityPart::default()
        };
    }
    let tells = job.job_type.product().looks_up() == Some(Wanted::Record);
    IdentityPart {
        asked,
        // The record of somebody else is told to nobody.
        personal: tells.then(|| {
            let record = answer.and_then(Answer::record);
            personal(record.filter(|_| !identity.is_of_another_name()))
        }),
        earlier_registrants: judges
            .then(|| EarlierRegistrants(identity.earlier_registrants.clone())),
        antifraud: judges.then(|| antifraud(identity, outcome)),
        kyc_receipt: None,
        business: None,
    }
}

/// The largest photograph that is told, in bytes: receivers of callbacks bound what they read. A larger one is compared with, and
/// "Not Available".
const LARGEST_PHOTO: usize = 2 * 1024 * 1024;

fn personal(record: Option<&IdentityRecord>) -> PersonalInfo {
    let Some(record) = record else {
        return PersonalInfo::default();
    };
    PersonalInfo {
        expiration_date: record.expiration_date.clone(),
        full_name: record.whole_name(),
        dob: record.date_of_birth.clone(),
        photo: record
            .photo
            .as_ref()
            .filter(|photo| photo.0.len() <= LARGEST_PHOTO)
            .map(|photo| photo.to_base64()),
        phone_number: record.phone_number.clone(),
        phone_number_2: record.phone_number_2.clone(),
        gender: record.gender.clone(),
        address: record.address.clone(),
        document: None,
        secondary_id_number: record.secondary_id_number.clone(),
        full_data: record.full_data.clone(),
    }
}

fn business(answer: Option<&Answer>) -> BusinessInfo {
    let Some(Answer::Business(record)) = answer else {
        return BusinessInfo::default();
    };
    let BusinessRecord {
        legal_name,
        registration_number,
        registration_date,
        search_number,
        tax_id,
        status,
        address,
        state,
        country,
        company_type,
        industry,
        authorized_shared_capital,
        phone,
        email,
        fiduciaries,
        beneficial_owners,
        proprietors,
        directors,
        documents,
    } = (**record).clone();
    BusinessInfo {
        success: true,
        company_information: CompanyInformation {
            legal_name,
            registration_number,
            registration_date,
            search_number,
            tax_id,
            status,
            address,
            state,
            country,
            company_type,
            industry,
            authorized_shared_capital,
            phone,
            email,
        },
        fiduciaries,
        beneficial_owners,
        proprietors,
        directors,
        documents,
    }
}

/// Other users with the face, and other users with the number.
fn antifraud(identity: &Identified, outcome: &JobOutcome) -> Antifraud {
    #[derive(serde::Deserialize)]
    struct Found {
        user_id: UserId,
    }
    let faces: Vec<Found> = outcome.evidence.get("duplicates").unwrap_or_default();
    let suspect = |reason| move |user_id| SuspectUser { user_id, reason };
    let same_face = faces
        .into_iter()
        .map(|found| found.user_id)
        .map(suspect(SuspectReason::SamePerson));
    let same_number = identity
        .earlier_registrants
        .iter()
        .cloned()
        .map(suspect(SuspectReason::SameIdNumber));
    Antifraud::Searched(same_face.chain(same_number).collect())
}
