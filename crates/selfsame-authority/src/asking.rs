//! A question, and who asks it.

use selfsame_job::identity::IdentityQuery;
use selfsame_wire::id::{Environment, PartnerId, SmileJobId};
use selfsame_wire::partner_params::PartnerParams;

/// A question to an authority, and for whom it is asked.
#[derive(Debug, Clone)]
pub struct Asking {
    /// What is asked.
    pub query: IdentityQuery,
    /// Who asks.
    pub partner: PartnerId,
    /// In which environment.
    pub environment: Environment,
    /// For which job: an authority that keeps transactions is told this name, so that a question that is repeated is one.
    pub smile_job_id: SmileJobId,
    /// As the partner sent them: the sandbox takes a record's fields from them.
    pub partner_params: PartnerParams,
}

#[cfg(test)]
pub(crate) mod tests {
    use selfsame_wire::id_info::IdInfo;

    use super::*;

    /// A question of partner 042 in production.
    pub(crate) fn asking(country: &str, id_type: &str, number: &str) -> Asking {
        let given =
            serde_json::json!({"country": country, "id_type": id_type, "id_number": number});
        asking_of(&given)
    }

    /// The same with more fields.
    pub(crate) fn asking_of(given: &serde_json::Value) -> Asking {
        let info = IdInfo::parse(given.to_string().as_bytes(), "").unwrap();
        Asking {
            query: IdentityQuery::new(&info).unwrap(),
            partner: PartnerId::new("042").unwrap(),
            environment: Environment::Production,
            smile_job_id: SmileJobId::new("0000000201").unwrap(),
            partner_params: PartnerParams::parse("{}").unwrap(),
        }
    }
}
