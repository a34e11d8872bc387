use selfsame_job::callback_url::CallbackUrl;
use selfsame_job::identity::IdentityRecord;
use selfsame_job::operator::OperatorRole;
use selfsame_job::user::{UserKey, UserStatus};
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_store::store::{Audit as _, OlderTokenKeys, RegisterEntry};
use selfsame_wire::id::Environment;
use selfsame_wire::id_info::{Country, IdNumber, IdType};

use super::*;
use crate::callback::target::TargetRules;

/// What is done is on the audit's record under the name of whoever did it; what is not done leaves no record.
#[tokio::test]
async fn every_action_is_recorded_under_the_actors_name_or_says_why_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
    let operator = Operator::new(&store, Actor::new("admin:eve").unwrap());
    let (p, q) = (PartnerId::new("p").unwrap(), PartnerId::new("q").unwrap());
    let recorded = async || store.audit(0, 100).await.unwrap();
    let before = recorded().await.len();

    let url = CallbackUrl::new("https://p.example/").unwrap();
    let newcomer = NewPartner {
        id: &p,
        name: "P",
        production_enabled: false,
        callback_url: Some(&url),
    };
    let rules = TargetRules::default();
    let added = operator.add_partner(&newcomer, rules).await.unwrap();
    assert_eq!(added.callback_urls.production.as_ref(), Some(&url));
    let replaced = operator.replace_key(&p, Environment::Sandbox).await;
    let key = replaced.unwrap();
    assert_ne!(key.expose(), added.sandbox_key.expose());
    assert_eq!(
        operator.partner(&p).await.unwrap().sandbox_key.expose(),
        key.expose()
    );
    operator.set_production(&p, true).await.unwrap();
    let plain = CallbackUrl::new("http://p.example/").unwrap();
    let (sandbox, all) = (&[Environment::Sandbox], &Environment::ALL);
    let set = operator.set_callback_url(&p, sandbox, Some(&plain), rules);
    set.await.unwrap();
    let kept = operator.partner(&p).await.unwrap().callback_urls;
    assert_eq!(
        (kept.sandbox.as_ref(), kept.production.as_ref()),
        (Some(&plain), Some(&url))
    );
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
            "partner_callback_set",
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
    let inside = CallbackUrl::new("http://10.0.0.1/").unwrap();
    let refused = [
        operator.add_partner(&newcomer, rules).await.map(drop),
        operator
            .add_partner(
                &NewPartner {
                    id: &q,
                    callback_url: Some(&plain),
                    ..newcomer
                },
                rules,
            )
            .await
            .map(drop),
        operator.set_callback_url(&q, all, None, rules).await,
        operator
            .set_callback_url(&p, all, Some(&plain), rules)
            .await,
        operator
            .set_callback_url(&p, sandbox, Some(&inside), rules)
            .await,
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
    let as_it_was = operator.partner(&p).await.unwrap().callback_urls;
    assert_eq!(as_it_was, kept);
    let partners = operator.partners().await.unwrap();
    assert_eq!(partners.len(), 1, "q was refused whole");
}
