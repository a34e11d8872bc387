use selfsame_job::identity::IdentityRecord;
use selfsame_job::operator::OperatorRole;
use selfsame_job::user::{UserKey, UserStatus};
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_store::store::{Audit as _, OlderTokenKeys, RegisterEntry};
use selfsame_wire::id::Environment;
use selfsame_wire::id_info::{Country, IdNumber, IdType};

use super::*;

/// What is done is on the audit's record under the name of whoever did it; what is not done leaves no record.
#[tokio::test]
async fn every_action_is_recorded_under_the_actors_name_or_says_why_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
    let operator = Operator::new(&store, Actor::new("admin:eve").unwrap());
    let (p, q) = (PartnerId::new("p").unwrap(), PartnerId::new("q").unwrap());
    let recorded = async || store.audit(0, 100).await.unwrap();
    let before = recorded().await.len();

    let added = operator.add_partner(&p, "P", false).await.unwrap();
    let replaced = operator.replace_key(&p, Environment::Sandbox).await;
    let key = replaced.unwrap();
    assert_ne!(key.expose(), added.sandbox_key.expose());
    assert_eq!(
        operator.partner(&p).await.unwrap().sandbox_key.expose(),
        key.expose()
    );
    operator.set_production(&p, true).await.unwrap();
    operator.set_signs_bodies(&p, true).await.unwrap();
    assert!(operator.partner(&p).await.unwrap().signs_bodies);
    operator
        .replace_token_key(OlderTokenKeys::LiveOut)
        .await
        .unwrap();
    let new = NewToken {
        name: "ops",
        role: OperatorRole::Observer,
        expires_in: None,
    };
    let (token, _) = operator.add_token(&new).await.unwrap();
    let tokens = operator.tokens().await.unwrap();
    assert_eq!(tokens[0].hash, hash_of_token(&token));
    operator.remove_token("ops").await.unwrap();
    let (staff, number) = (
        RegisterName::new("staff").unwrap(),
        IdNumber::new("123").unwrap(),
    );
    let (country, id_type) = (Country::new("NG").unwrap(), IdType::new("NIN").unwrap());
    let record = IdentityRecord::default();
    let entry = RegisterEntry::new(country, id_type, &number, record).unwrap();
    let entries = [entry.clone()];
    let imported = operator.import_into_register(&staff, &entries).await;
    assert_eq!(imported.unwrap().new, 1);
    operator
        .remove_register_entry(&staff, entry.key())
        .await
        .unwrap();
    operator
        .import_into_register(&staff, &entries)
        .await
        .unwrap();
    assert_eq!(operator.remove_register(&staff).await.unwrap(), 1);
    let done = recorded().await;
    let actions: Vec<&str> = done[before..].iter().map(|r| r.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "partner_added",
            "partner_key_replaced",
            "partner_production_set",
            "partner_signatures_set",
            "token_key_replaced",
            "admin_token_added",
            "admin_token_removed",
            "register_imported",
            "register_entry_removed",
            "register_imported",
            "register_removed",
        ]
    );
    assert!(done[before..].iter().all(|r| r.actor == "admin:eve"));

    let ada = UserKey {
        partner: p.clone(),
        environment: Environment::Sandbox,
        user: UserId::new("ada").unwrap(),
    };
    let job = SmileJobId::new("j").unwrap();
    let refused = [
        operator.add_partner(&p, "", true).await.map(drop),
        operator
            .replace_key(&q, Environment::Sandbox)
            .await
            .map(drop),
        operator.set_production(&q, true).await,
        operator.partner(&q).await.map(drop),
        operator.user(&ada).await.map(drop),
        operator.set_user_status(&ada, UserStatus::Disabled).await,
        operator.unlock_user(&ada).await,
        operator.clear_user(&ada, "mistaken").await,
        operator.clear_user(&ada, " ").await,
        operator.replay_callback(&job).await,
        operator.remove_token("ops").await,
        operator.remove_register(&staff).await.map(drop),
        operator.remove_register_entry(&staff, entry.key()).await,
    ];
    for outcome in refused {
        let why = outcome.unwrap_err();
        assert!(!matches!(why, NotDone::Store(_)), "{why}");
    }
    for (name, seconds) in [("a\nb", None), ("ops", Some(0)), ("ops", Some(u64::MAX))] {
        let new = NewToken {
            name,
            expires_in: seconds.map(std::time::Duration::from_secs),
            ..new.clone()
        };
        assert!(operator.add_token(&new).await.is_err(), "{name:?}");
    }
    assert_eq!(recorded().await.len(), done.len());
}
