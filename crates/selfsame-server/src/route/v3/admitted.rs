//! Who calls: by the header `SmileID-Token`.

use axum::http::HeaderMap;
use selfsame_wire::v3::token::Bound;

use super::Refused;
use crate::app::{App, Caller, Scope};

/// A caller whom a token lets in, and what the token fixes.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    pub(crate) bound: Bound,
}

/// Finds the caller by the token in the headers.
///
/// # Errors
/// 401 without a token that opens something; 403 where production is not enabled; 429.
pub(crate) async fn admit(
    app: &App,
    scope: Scope,
    headers: &HeaderMap,
) -> Result<Admitted, Refused> {
    let _ = (app, scope, headers);
    Err(Refused::unauthenticated("tokens are not made yet"))
}

impl Admitted {
    /// 403 where the token is for another product.
    pub(crate) fn permits(
        &self,
        product: selfsame_wire::v3::product::Product,
    ) -> Result<(), Refused> {
        let _ = product;
        Ok(())
    }

    /// The user, where the token or the request names one.
    pub(crate) fn user(
        &self,
        requested: Option<selfsame_wire::id::UserId>,
    ) -> Result<Option<selfsame_wire::id::UserId>, Refused> {
        Ok(requested)
    }
}
