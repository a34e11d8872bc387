use async_trait::async_trait;
use selfsame_job::audit::Actor;
use selfsame_job::identity::IdentityRecord;
use selfsame_store::error::StoreError;
use selfsame_store::store::{
    EntryKey, EntryListed, Imported, RegisterEntry, RegisterName, RegisterSummary,
};

use super::*;
use crate::asking::tests::{asking, asking_of};

/// A store in which everybody stands in the register `staff`, by the name of the register.
struct EverybodyIsThere;

#[async_trait]
impl Registers for EverybodyIsThere {
    async fn put_register_entries(
        &self,
        _: &RegisterName,
        _: &[RegisterEntry],
        _: &Actor,
    ) -> Result<Imported, StoreError> {
        Ok(Imported::default())
    }

    async fn register_entry(
        &self,
        register: &RegisterName,
        _: &EntryKey,
    ) -> Result<Option<IdentityRecord>, StoreError> {
        let mut record = IdentityRecord::default();
        record.set_text("last_name", register.as_str());
        Ok(Some(record))
    }

    async fn registers(&self) -> Result<Vec<RegisterSummary>, StoreError> {
        Ok(Vec::new())
    }

    async fn register_entries(
        &self,
        _: &RegisterName,
        _: u64,
        _: u32,
    ) -> Result<Vec<EntryListed>, StoreError> {
        Ok(Vec::new())
    }

    async fn remove_register_entry(
        &self,
        _: &RegisterName,
        _: &EntryKey,
        _: &Actor,
    ) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn remove_register(&self, _: &RegisterName, _: &Actor) -> Result<u64, StoreError> {
        Ok(0)
    }
}

fn load(text: &str) -> Result<Authorities, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authorities.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::write(folder.path().join("joe.jpg"), [0xff, 0xd8, 0xff]).unwrap();
    let registers: Arc<dyn Registers> = Arc::new(EverybodyIsThere);
    Authorities::load(&path, &registers).map_err(|e| e.to_string())
}

const TWO_REGISTERS: &str = r#"
[authority.staff]
kind = "register"

[authority.pupils]
kind = "register"
register = "pupils-of-2026"

[[route]]
authority = "staff"
country = "NG"
id_types = ["NIN", "BVN"]
consent = true
products = "enhanced_kyc"

[[route]]
authority = "pupils"
country = ["NG", "GH"]
id_types = "*"
partners = "7"
environments = ["sandbox", "production"]
"#;

async fn lookup(authorities: &Authorities, asking: &Asking) -> Lookup {
    match authorities.ask(asking).await {
        Asked::Answered(lookup) => lookup,
        Asked::Later { why, .. } => panic!("{why}"),
    }
}

fn of(partner: &str, environment: Environment, question: Asking) -> Asking {
    Asking {
        partner: PartnerId::new(partner).unwrap(),
        environment,
        ..question
    }
}

#[tokio::test]
async fn routes_say_who_answers() {
    let authorities = load(TWO_REGISTERS).unwrap();
    let (sandbox, production) = (Environment::Sandbox, Environment::Production);
    for (partner, environment, question, by, code) in [
        (
            "042",
            production,
            asking("NG", "NIN", "12345678901"),
            "staff",
            "1012",
        ),
        (
            "042",
            production,
            asking("GH", "VOTER_ID", "1234567890"),
            "selfsame",
            "1016",
        ),
        (
            "042",
            sandbox,
            asking("NG", "NIN", "12345678901"),
            "sandbox",
            "1013",
        ),
        (
            "7",
            production,
            asking("NG", "NIN", "12345678901"),
            "pupils",
            "1012",
        ),
        (
            "7",
            sandbox,
            asking("NG", "NIN", "00000000001"),
            "pupils",
            "1012",
        ),
        (
            "7",
            sandbox,
            asking("KE", "PASSPORT", "A00000001"),
            "sandbox",
            "1013",
        ),
        (
            "7",
            production,
            asking("KE", "PASSPORT", "A12345678"),
            "selfsame",
            "1016",
        ),
    ] {
        let shown = format!("{partner} {environment} {:?}", question.query);
        let lookup = lookup(&authorities, &of(partner, environment, question)).await;
        assert_eq!(
            (lookup.authority.as_str(), lookup.answer.code().code()),
            (by, code),
            "{shown}"
        );
    }
    let found = lookup(
        &authorities,
        &of("7", production, asking("NG", "NIN", "12345678901")),
    )
    .await;
    assert_eq!(
        found.answer.record().unwrap().last_name.as_deref(),
        Some("pupils-of-2026")
    );
}

#[tokio::test]
async fn what_does_not_fit_is_not_asked() {
    let authorities = load(TWO_REGISTERS).unwrap();
    let sandbox_only = Authorities::sandbox_only();
    for question in [
        asking("NG", "NIN", "123"),
        // A documented test number is for the sandbox only.
        asking("NG", "NIN", "00000000000"),
        asking("NG", "NIN", "00000000004"),
    ] {
        for authorities in [&authorities, &sandbox_only] {
            let lookup = lookup(authorities, &question).await;
            assert_eq!(
                (lookup.authority.as_str(), lookup.answer.code().code()),
                ("selfsame", "1014")
            );
        }
    }
    let unknown = lookup(&authorities, &asking("NG", "FISHING_LICENCE", "1")).await;
    assert_eq!(unknown.answer, Answer::NotEnabled);
    let incomplete = of(
        "7",
        Environment::Production,
        asking("NG", "BANK_ACCOUNT", "1234567890"),
    );
    let Answer::Malformed(why) = lookup(&authorities, &incomplete).await.answer else {
        panic!("malformed")
    };
    assert!(why.contains("bank_code"), "{why}");
    let given = serde_json::json!({"country": "NG", "id_type": "BANK_ACCOUNT", "id_number": "1234567890", "bank_code": "044"});
    let whole = of("7", Environment::Production, asking_of(&given));
    assert!(lookup(&authorities, &whole).await.answer.is_found());
}

#[tokio::test]
async fn in_the_sandbox_every_type_answers() {
    let authorities = Authorities::sandbox_only().with_sandbox_photo(Photo(vec![1, 2, 3].into()));
    let offered = authorities.offered(None, Environment::Sandbox);
    assert_eq!(offered.len(), authorities.id_types().iter().count());
    assert!(
        authorities
            .offered(None, Environment::Production)
            .is_empty()
    );
    let question = of(
        "1",
        Environment::Sandbox,
        asking("NG", "NIN", "00000000000"),
    );
    let joe = lookup(&authorities, &question).await;
    assert_eq!(joe.authority, "sandbox");
    assert_eq!(
        joe.answer.record().unwrap().photo.as_ref().unwrap().0.len(),
        3
    );
}

#[tokio::test]
async fn the_operators_photograph_counts_before_the_servers() {
    let authorities = load("sandbox.photo = \"joe.jpg\"").unwrap();
    let authorities = authorities.with_sandbox_photo(Photo(vec![9].into()));
    let question = of(
        "1",
        Environment::Sandbox,
        asking("NG", "NIN", "00000000000"),
    );
    let joe = lookup(&authorities, &question).await;
    assert_eq!(
        &joe.answer.record().unwrap().photo.as_ref().unwrap().0[..],
        [0xff, 0xd8, 0xff]
    );
}

#[test]
fn what_is_offered_is_what_routes_say() {
    let authorities = load(TWO_REGISTERS).unwrap();
    let production = Environment::Production;
    let names = |offered: Vec<Offered>| -> Vec<String> {
        offered
            .iter()
            .map(|o| format!("{} {}", o.country, o.id_type))
            .collect()
    };
    assert_eq!(
        names(authorities.offered(None, production)),
        ["NG BVN", "NG NIN"]
    );
    let seven = PartnerId::new("7").unwrap();
    let offered = names(authorities.offered(Some(&seven), production));
    assert!(
        offered.contains(&"GH SSNIT".to_owned()) && !offered.iter().any(|o| o.starts_with("KE")),
        "{offered:?}"
    );
    let (ng, nin) = (Country::new("NG").unwrap(), IdType::new("NIN").unwrap());
    let other = PartnerId::new("8").unwrap();
    let enabled = authorities.enabled(&other, production, ng, &nin).unwrap();
    assert_eq!(
        (enabled.products, enabled.consent_required),
        (vec![Product::EnhancedKyc], true)
    );
    let enabled = authorities.enabled(&seven, production, ng, &nin).unwrap();
    assert!(enabled.products.len() > 1 && !enabled.consent_required);
    let passport = IdType::new("PASSPORT").unwrap();
    assert!(!authorities.is_enabled(&other, production, ng, &passport));
    assert!(authorities.is_enabled(&seven, production, ng, &passport));
    assert!(authorities.is_enabled(&other, Environment::Sandbox, ng, &passport));
    let offered = serde_json::to_value(&authorities.offered(None, production)[1]).unwrap();
    let expected = serde_json::json!({
        "country": "NG", "id_type": "NIN", "products": ["enhanced_kyc"], "consent_required": true,
    });
    assert_eq!(offered, expected);
}

#[tokio::test]
async fn an_authority_that_is_not_there_delays_and_names_itself() {
    let nobodys = crate::http::tests::nobodys_port();
    let free = nobodys.local_addr().unwrap();
    let text = format!(
        "[authority.gone]\nkind = \"http\"\nurl = \"http://{free}/{{id_number}}\"\npause = \"1ms\"\nopen_for = \"7m\"\n\
         answer.fields.last_name = \"/n\"\n[[route]]\nauthority = \"gone\"\ncountry = \"NG\"\nid_types = \"NIN\""
    );
    let said = load(&text)
        .unwrap()
        .ask(&asking("NG", "NIN", "12345678901"))
        .await;
    let Asked::Later {
        authority,
        why,
        after,
    } = said
    else {
        panic!("{said:?}")
    };
    assert_eq!(
        (authority.as_str(), after),
        ("gone", Duration::from_secs(420))
    );
    assert!(
        why.starts_with("the authority does not answer") && !why.contains("12345678901"),
        "{why}"
    );
}

#[test]
fn settings_of_each_kind_are_checked_at_the_start() {
    for (text, wrong) in [
        (
            "authority.x.kind = \"register\"\nauthority.x.table = \"a\"",
            "authority.x.table is wrong",
        ),
        (
            "authority.x.kind = \"register\"\nauthority.x.register = \"A b\"",
            "authority.x.register is wrong",
        ),
        (
            "authority._x.kind = \"register\"",
            "authority._x.register is missing",
        ),
        (
            "authority.x.kind = \"sandbox\"\nauthority.x.photo = \"a\"",
            "authority.x.photo is wrong",
        ),
        (
            "authority.x.kind = \"http\"",
            "authority.x is wrong: missing field",
        ),
        (
            "authority.x.kind = \"mosip\"",
            "authority.x is wrong: missing field",
        ),
        (
            "authority.x.kind = \"camara\"",
            "authority.x is wrong: missing field",
        ),
        (
            "id_types = \"joe.jpg\"",
            "id_types names a file that cannot be used",
        ),
    ] {
        let error = load(text).unwrap_err();
        assert!(
            error.starts_with(&format!("authorities: {wrong}")),
            "{text}: {error}"
        );
    }
}

#[tokio::test]
async fn the_example_of_the_documentation_is_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = include_str!("../../../../docs/examples/authorities.toml");
    let path = folder.join("authorities.toml");
    std::fs::write(&path, text).unwrap();
    crate::http::tests::tls::certify(folder, "national-ca", None);
    crate::http::tests::tls::certify(folder, "us", Some("national-ca"));
    for (from, to) in [("national-ca.crt", "national-ca.pem"), ("us.crt", "us.pem")] {
        std::fs::rename(folder.join(from), folder.join(to)).unwrap();
    }
    let registers: Arc<dyn Registers> = Arc::new(EverybodyIsThere);
    let error = Authorities::load(&path, &registers)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("authority.national.headers.Authorization names"),
        "its secret is elsewhere: {error}"
    );
    std::fs::write(folder.join("national.token"), "s3cret").unwrap();
    let authorities = Authorities::load(&path, &registers).unwrap();
    assert!(!format!("{authorities:?}").contains("s3cret"));
    let production = Environment::Production;
    let offered = authorities.offered(None, production);
    let consent: Vec<(&str, bool)> = offered
        .iter()
        .map(|o| (o.id_type.as_str(), o.consent_required))
        .collect();
    assert_eq!(
        consent,
        [
            ("BUSINESS_REGISTRATION", false),
            ("NIN", true),
            ("VOTER_ID", true)
        ]
    );
    let found = lookup(
        &authorities,
        &of("042", production, asking("GH", "PASSPORT", "G1234567")),
    )
    .await;
    assert_eq!(
        (found.authority.as_str(), found.answer.is_found()),
        ("staff", true)
    );
}

#[tokio::test]
async fn an_authority_is_as_available_as_whoever_asked_found_it() {
    let authorities = load(TWO_REGISTERS).unwrap();
    let production = Environment::Production;
    let question = asking("NG", "NIN", "12345678901");
    let (country, id_type) = (question.query.country, question.query.id_type.clone());
    let of_partner = |partner, environment, id_type: &IdType| {
        let partner = PartnerId::new(partner).unwrap();
        authorities.availability(&partner, environment, country, id_type)
    };
    assert_eq!(
        of_partner("042", production, &id_type),
        Some(crate::Availability::default()),
        "enabled, and nobody asked"
    );
    lookup(&authorities, &of("042", production, question)).await;
    // Another partner, the same authority.
    for partner in ["042", "5"] {
        let told = of_partner(partner, production, &id_type).unwrap();
        assert_eq!((told.answered, told.asked), (1, 1));
    }
    // Partner 7 is answered by another authority, which nobody asked.
    let told = of_partner("7", production, &id_type).unwrap();
    assert_eq!(told.asked, 0);
    let not_enabled = IdType::new("PASSPORT").unwrap();
    assert_eq!(of_partner("042", production, &not_enabled), None);
    let unknown = IdType::new("UNHEARD_OF").unwrap();
    assert_eq!(of_partner("042", Environment::Sandbox, &unknown), None);
}
