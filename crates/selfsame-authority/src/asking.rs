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
