//! Routes: which authority answers for whom, and for what.

use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::id_info::{Country, IdType};
use serde::Deserialize;

use super::file::Kind;
use super::one_or_many::OneOrMany;
use super::{ConfigError, Described, Place};
use crate::id_types::{IdTypeRule, IdTypes, Product};

/// The most routes of a file.
const MAX_ROUTES: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteForm {
    authority: String,
    country: OneOrMany,
    id_types: OneOrMany,
    partners: Option<OneOrMany>,
    environments: Option<OneOrMany>,
    consent: Option<bool>,
    products: Option<OneOrMany>,
}

/// Says which authority answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// Its place among the file's authorities.
    pub(crate) authority: usize,
    countries: Vec<Country>,
    /// Absent: all.
    id_types: Option<Vec<IdType>>,
    /// Absent: all.
    partners: Option<Vec<PartnerId>>,
    environments: Vec<Environment>,
    /// Absent: as the ID type has it.
    consent: Option<bool>,
    /// Absent: all that the ID type has.
    products: Option<Vec<Product>>,
}

impl Route {
    /// For which of an ID type's products it is.
    pub(crate) fn products(&self, rule: &IdTypeRule) -> Vec<Product> {
        let of = |product: &Product| {
            self.products
                .as_ref()
                .is_none_or(|own| own.contains(product))
        };
        rule.products.iter().copied().filter(of).collect()
    }

    /// Whether a person's consent is required.
    pub(crate) fn consent_required(&self, rule: &IdTypeRule) -> bool {
        self.consent.unwrap_or(rule.consent)
    }

    fn covers(&self, rule: &IdTypeRule) -> bool {
        self.countries.contains(&rule.country)
            && self
                .id_types
                .as_ref()
                .is_none_or(|own| own.contains(&rule.id_type))
            && !self.products(rule).is_empty()
    }

    fn is_for(&self, partner: Option<&PartnerId>) -> bool {
        match (&self.partners, partner) {
            (None, _) => true,
            (Some(own), Some(partner)) => own.contains(partner),
            (Some(_), None) => false,
        }
    }

    /// Of two routes the one that names more counts: first the partner, then the ID type. Their order in the file does not.
    const fn rank(&self) -> (bool, bool) {
        (self.partners.is_some(), self.id_types.is_some())
    }

    /// Whether a question could have come to both, with neither naming more.
    fn competes(&self, other: &Self) -> bool {
        let partners = match (&self.partners, &other.partners) {
            (None, None) => true,
            (Some(own), Some(others)) => own.iter().any(|p| others.contains(p)),
            _ => false,
        };
        partners
            && self.rank() == other.rank()
            && self
                .environments
                .iter()
                .any(|e| other.environments.contains(e))
    }
}

/// All routes of a file, none at odds with another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Routes(Vec<Route>);

impl Routes {
    pub(super) fn read(
        forms: Vec<RouteForm>,
        authorities: &[Described],
        id_types: &IdTypes,
        file: &Place,
    ) -> Result<Self, ConfigError> {
        if forms.len() > MAX_ROUTES {
            return Err(file.wrong("route", format!("stands more than {MAX_ROUTES} times")));
        }
        let mut routes: Vec<Route> = Vec::with_capacity(forms.len());
        for (at, form) in forms.into_iter().enumerate() {
            let place = file.within(&format!("route[{at}]"));
            let route = read(&form, authorities, id_types, &place)?;
            for (earlier_at, earlier) in routes
                .iter()
                .enumerate()
                .filter(|(_, r)| r.competes(&route))
            {
                let both = |rule: &&IdTypeRule| route.covers(rule) && earlier.covers(rule);
                if let Some(rule) = id_types.iter().find(both) {
                    let problem = format!(
                        "answers for {} {} as route[{earlier_at}] does, and names no more: which authority is asked must not hang on \
                         their order; let one name the ID type or the partner, or take it out of one",
                        rule.country, rule.id_type
                    );
                    return Err(place.wrong("", problem));
                }
            }
            routes.push(route);
        }
        Ok(Self(routes))
    }

    /// The route of a question; `partner` absent: of one that no route names.
    pub(crate) fn find(
        &self,
        partner: Option<&PartnerId>,
        environment: Environment,
        rule: &IdTypeRule,
    ) -> Option<&Route> {
        let fits = |route: &&Route| {
            route.environments.contains(&environment) && route.is_for(partner) && route.covers(rule)
        };
        self.0.iter().filter(fits).max_by_key(|route| route.rank())
    }

    /// Whether any route leads to this authority.
    pub(crate) fn lead_to(&self, authority: usize) -> bool {
        self.0.iter().any(|route| route.authority == authority)
    }
}

fn read(
    form: &RouteForm,
    authorities: &[Described],
    id_types: &IdTypes,
    place: &Place,
) -> Result<Route, ConfigError> {
    let authority = authorities
        .iter()
        .position(|a| a.name == form.authority)
        .ok_or_else(|| {
            let known: Vec<&str> = authorities.iter().map(|a| a.name.as_str()).collect();
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            place.wrong(
                "authority",
                format!(
                    "names {:?}, which the file does not describe; it describes {known}",
                    form.authority
                ),
            )
        })?;
    let countries = each(
        &form.country,
        "country",
        "is no country: two letters are",
        Country::new,
        place,
    )?;
    let named = match form.id_types.iter().collect::<Vec<_>>().as_slice() {
        ["*"] => None,
        _ => Some(each(
            &form.id_types,
            "id_types",
            "is no ID type: capitals, digits and _ are, or \"*\" alone",
            IdType::new,
            place,
        )?),
    };
    let partners = form.partners.as_ref().map(|partners| {
        each(
            partners,
            "partners",
            "is no partner",
            |p| PartnerId::new(p).ok(),
            place,
        )
    });
    let environments = match &form.environments {
        None => vec![Environment::Production],
        Some(names) => each(
            names,
            "environments",
            "is neither sandbox nor production",
            |e| e.parse().ok(),
            place,
        )?,
    };
    if authorities[authority].kind == Kind::Sandbox
        && environments.contains(&Environment::Production)
    {
        return Err(place.wrong(
            "environments",
            "must be [\"sandbox\"] for an authority of kind sandbox: its people do not exist",
        ));
    }
    let products = form.products.as_ref().map(|products| {
        let wrong = "is no product: basic_kyc, enhanced_kyc, biometric_kyc, phone and business are";
        each(products, "products", wrong, Product::named, place)
    });
    let route = Route {
        authority,
        countries,
        id_types: named,
        partners: partners.transpose()?,
        environments,
        consent: form.consent,
        products: products.transpose()?,
    };
    check_that_it_covers(&route, id_types, place)?;
    Ok(route)
}

/// A name that is written wrongly would otherwise be a type that nobody may ask for.
fn check_that_it_covers(
    route: &Route,
    id_types: &IdTypes,
    place: &Place,
) -> Result<(), ConfigError> {
    for id_type in route.id_types.iter().flatten() {
        let mut rules = id_types
            .iter()
            .filter(|rule| rule.id_type == *id_type && route.countries.contains(&rule.country))
            .peekable();
        if rules.peek().is_none() {
            let countries: Vec<&str> = route.countries.iter().map(Country::as_str).collect();
            let problem = format!(
                "names {id_type}, which is no ID type of {}: describe it in the file that id_types names",
                countries.join(" or ")
            );
            return Err(place.wrong("id_types", problem));
        }
        if !rules.any(|rule| route.covers(rule)) {
            let problem = format!("has none for which {id_type} is used");
            return Err(place.wrong("products", problem));
        }
    }
    for country in &route.countries {
        if !id_types
            .iter()
            .any(|rule| rule.country == *country && route.covers(rule))
        {
            return Err(place.wrong(
                "country",
                format!("names {country}, of which the route has no ID type"),
            ));
        }
    }
    Ok(())
}

/// Each text as what it names, once.
fn each<T: PartialEq>(
    texts: &OneOrMany,
    field: &str,
    wrong: &str,
    named: impl Fn(&str) -> Option<T>,
    place: &Place,
) -> Result<Vec<T>, ConfigError> {
    let mut all = Vec::new();
    for text in texts.iter() {
        let one = named(text)
            .ok_or_else(|| place.wrong(field, format!("holds {text:?}, which {wrong}")))?;
        if all.contains(&one) {
            return Err(place.wrong(field, format!("names {text:?} twice")));
        }
        all.push(one);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::File;

    const TWO: &str = "authority.a.kind = \"sandbox\"\nauthority.b.kind = \"register\"\n";

    fn file(routes: &str) -> Result<File, String> {
        File::parse(&format!("{TWO}{routes}"), Path::new("/")).map_err(|e| e.to_string())
    }

    fn route(authority: &str, more: &str) -> String {
        format!("[[route]]\nauthority = \"{authority}\"\n{more}\n")
    }

    /// The name of the authority that answers.
    fn leads(
        file: &File,
        partner: Option<&str>,
        environment: Environment,
        country: &str,
        id_type: &str,
    ) -> Option<String> {
        let rule = file
            .id_types
            .iter()
            .find(|r| r.country.as_str() == country && r.id_type.as_str() == id_type)
            .unwrap();
        let partner = partner.map(|p| PartnerId::new(p).unwrap());
        let route = file.routes.find(partner.as_ref(), environment, rule)?;
        Some(file.authorities[route.authority].name.clone())
    }

    #[test]
    fn whoever_names_more_counts_in_either_order() {
        let all = route("b", "country = [\"NG\", \"GH\"]\nid_types = \"*\"");
        let one = route(
            "b",
            "country = \"NG\"\nid_types = \"NIN\"\nenvironments = [\"sandbox\", \"production\"]",
        );
        let own = route(
            "a",
            "country = \"NG\"\nid_types = \"*\"\npartners = \"7\"\nenvironments = \"sandbox\"",
        );
        for routes in [format!("{all}{one}{own}"), format!("{own}{one}{all}")] {
            let file = file(&routes).unwrap();
            let (sandbox, production) = (Environment::Sandbox, Environment::Production);
            let leads = |p, e, c, t| leads(&file, p, e, c, t);
            assert_eq!(leads(None, production, "NG", "NIN").as_deref(), Some("b"));
            assert_eq!(
                leads(None, production, "GH", "PASSPORT").as_deref(),
                Some("b")
            );
            assert_eq!(leads(None, sandbox, "GH", "PASSPORT"), None);
            assert_eq!(leads(None, sandbox, "NG", "NIN").as_deref(), Some("b"));
            assert_eq!(
                leads(Some("7"), sandbox, "NG", "NIN").as_deref(),
                Some("a"),
                "the partner comes first"
            );
            assert_eq!(leads(Some("8"), sandbox, "NG", "NIN").as_deref(), Some("b"));
            assert_eq!(leads(None, production, "KE", "PASSPORT"), None);
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let base = route("b", "country = \"NG\"\nid_types = [\"NIN\", \"BVN\"]");
        for (other, contradicts) in [
            (
                "country = [\"GH\", \"NG\"]\nid_types = [\"BVN\", \"VOTER_ID\"]",
                true,
            ),
            (
                "country = \"NG\"\nid_types = \"BVN\"\nenvironments = [\"sandbox\", \"production\"]",
                true,
            ),
            (
                "country = \"NG\"\nid_types = \"BVN\"\nenvironments = \"sandbox\"",
                false,
            ),
            (
                "country = \"NG\"\nid_types = \"BVN\"\npartners = \"7\"",
                false,
            ),
            ("country = \"NG\"\nid_types = \"*\"", false),
            ("country = \"NG\"\nid_types = \"VOTER_ID\"", false),
        ] {
            let said = file(&format!("{base}{}", route("b", other)));
            match said {
                Ok(_) => assert!(!contradicts, "{other}"),
                Err(error) => {
                    assert!(contradicts, "{error}");
                    assert!(
                        error.contains("route[1] answers for NG BVN as route[0] does"),
                        "{error}"
                    );
                }
            }
        }
        let of = |partners: &str| {
            route(
                "b",
                &format!("country = \"NG\"\nid_types = \"*\"\npartners = {partners}"),
            )
        };
        assert!(file(&(of("[\"7\", \"8\"]") + &of("[\"8\"]"))).is_err());
        assert!(file(&(of("[\"7\", \"8\"]") + &of("[\"9\"]"))).is_ok());
    }

    #[test]
    fn routes_that_lead_nowhere_are_refused() {
        for (authority, more, field) in [
            (
                "c",
                "country = \"NG\"\nid_types = \"NIN\"",
                "authority names \"c\"",
            ),
            (
                "b",
                "country = \"NGA\"\nid_types = \"NIN\"",
                "country holds \"NGA\"",
            ),
            (
                "b",
                "country = [\"NG\", \"NG\"]\nid_types = \"NIN\"",
                "country names \"NG\" twice",
            ),
            (
                "b",
                "country = \"NG\"\nid_types = \"NIM\"",
                "id_types names NIM, which is no ID type of NG",
            ),
            (
                "b",
                "country = \"NG\"\nid_types = [\"*\", \"NIN\"]",
                "id_types holds \"*\"",
            ),
            (
                "b",
                "country = [\"NG\", \"GH\"]\nid_types = \"NIN\"",
                "country names GH",
            ),
            (
                "b",
                "country = \"XX\"\nid_types = \"*\"",
                "country names XX",
            ),
            (
                "b",
                "country = \"NG\"\nid_types = \"NIN\"\npartners = [\"\"]",
                "partners is wrong",
            ),
            (
                "b",
                "country = \"NG\"\nid_types = \"NIN\"\nenvironments = \"test\"",
                "environments holds \"test\"",
            ),
            (
                "b",
                "country = \"NG\"\nid_types = \"NIN\"\nproducts = \"kyc\"",
                "products holds \"kyc\"",
            ),
            (
                "b",
                "country = \"NG\"\nid_types = \"NIN\"\nproducts = \"business\"",
                "products has none for which NIN",
            ),
            ("b", "country = \"NG\"\nid_types = []", "id_types is wrong"),
            (
                "a",
                "country = \"NG\"\nid_types = \"NIN\"",
                "environments must be [\"sandbox\"]",
            ),
        ] {
            let error = file(&route(authority, more)).unwrap_err();
            assert!(
                error.contains(&format!("route[0].{field}")),
                "{more}: {error}"
            );
        }
    }
}
