//! The v3 token: what its holder may submit, and what was fixed when it was made.
//!
//! A three-part JWT that the server keeps nothing of. Clients read when it expires, and where to call; what it fixes of a person is in
//! it as references, which only the server opens.

mod key;
mod minted;
mod reference;
mod request;

use crate::id::{Environment, PartnerId, UserId};
use crate::partner_params::PartnerParams;
use crate::v3::consent::Consent;
use crate::v3::product::Product;

pub use key::{NotATokenKeyId, TokenKey, TokenKeyId};
pub use minted::{Claimed, MAX_TOKEN_BYTES, Making, Seed, TokenError, open, peek};
pub use request::{TokenParts, TokenRequest};

/// What a token fixes. A field that is fixed overrides the request's, which may leave it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// Whose token.
    pub partner: PartnerId,
    /// In which environment.
    pub environment: Environment,
    /// The only user that it serves. A request that names another is refused.
    pub user_id: Option<UserId>,
    /// The only product that it serves.
    pub product: Option<Product>,
    /// What stands in the job's `partner_params`.
    pub partner_params: Option<PartnerParams>,
    /// Whether its jobs may put another face in place of the one on file; absent: the request says it.
    pub allow_new_enroll: Option<bool>,
    /// Fields of the request that are fixed.
    pub payload: Payload,
}

impl Bound {
    /// Whether the token serves whatever the partner may do in its environment. One that fixes anything is made for somebody else to
    /// hold, on a telephone or in a page, and for what it fixes alone.
    #[must_use]
    pub fn fixes_nothing(&self) -> bool {
        // By their names: a field that is added must be looked at here.
        let Self {
            partner: _,
            environment: _,
            user_id,
            product,
            partner_params,
            allow_new_enroll,
            payload,
        } = self;
        user_id.is_none()
            && product.is_none()
            && partner_params.is_none()
            && allow_new_enroll.is_none()
            && *payload == Payload::default()
    }
}

/// Fields of a request that a token fixes, as the request would have them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Payload {
    /// The ID's country.
    pub country: Option<String>,
    /// The kind of ID.
    pub id_type: Option<String>,
    /// Its number.
    pub id_number: Option<Personal>,
    /// The person's given names.
    pub given_names: Option<Personal>,
    /// The person's family name.
    pub last_name: Option<Personal>,
    /// The person's email address.
    pub email: Option<Personal>,
    /// The person's telephone number.
    pub phone_number: Option<Personal>,
    /// Where the result goes.
    pub callback_url: Option<String>,
    /// The person's consent.
    pub consent: Option<Consent>,
}

/// Text about a person. `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal(pub String);

impl std::fmt::Debug for Personal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Personal(…)")
    }
}

#[cfg(test)]
mod tests;
