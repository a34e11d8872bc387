//! Partners, and where their results go of jobs that name no callback URL.

use selfsame_job::callback_url::{CallbackUrl, CallbackUrls};
use selfsame_job::partner::Partner;
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, PartnerId};

use crate::fixture::*;

fn url(text: &str) -> CallbackUrl {
    CallbackUrl::new(text).unwrap()
}

async fn urls(store: &dyn Store, id: &PartnerId) -> CallbackUrls {
    store.partner(id).await.unwrap().unwrap().callback_urls
}

async fn each_environment_has_its_callback_url_until_it_is_set_anew(dir: Place) {
    let store = open(&dir).await;
    let other = Partner {
        id: PartnerId::new("other").unwrap(),
        callback_urls: CallbackUrls::default(),
        ..partner()
    };
    let id = partner().id;
    let (sandbox, production) = (Environment::Sandbox, Environment::Production);
    let (a, b) = (
        url("https://a.example/s3cret?k=1"),
        url("https://b.example/"),
    );
    let by = by();
    let none = store.set_callback_url(&id, &[sandbox], Some(&a), &by).await;
    assert!(!none.unwrap(), "there is no such partner");
    for each in [&partner(), &other] {
        assert!(store.create_partner(each, &by).await.unwrap());
    }
    assert_eq!(urls(&*store, &id).await, partner().callback_urls);
    for (environments, given, wanted) in [
        (
            &Environment::ALL[..],
            Some(&a),
            (Some(a.clone()), Some(a.clone())),
        ),
        (&[production], Some(&b), (Some(a.clone()), Some(b.clone()))),
        (&[sandbox], None, (None, Some(b.clone()))),
        (&[production], None, (None, None)),
    ] {
        let set = store.set_callback_url(&id, environments, given, &by).await;
        assert!(set.unwrap());
        let found = urls(&*store, &id).await;
        assert_eq!((found.sandbox, found.production), wanted);
    }
    assert_eq!(urls(&*store, &other.id).await, CallbackUrls::default());
    let all = store.partners().await.unwrap();
    assert_eq!(all.len(), 2, "both can be read");

    let done = store.audit(0, 100).await.unwrap();
    let of = |action: &str| -> Vec<_> {
        let them = done.iter().filter(|record| record.action == action);
        them.map(|record| (record.subject.as_str(), record.details.as_str()))
            .collect()
    };
    // Where to, without what may be a secret.
    let set = |details| ("partner p", details);
    assert_eq!(
        of("partner_callback_set"),
        [
            set(r#"{"environment":"sandbox","callbacks_to":"https://a.example"}"#),
            set(r#"{"environment":"production","callbacks_to":"https://a.example"}"#),
            set(r#"{"environment":"production","callbacks_to":"https://b.example"}"#),
            set(r#"{"environment":"sandbox","callbacks_to":null}"#),
            set(r#"{"environment":"production","callbacks_to":null}"#),
        ]
    );
    assert_eq!(
        of("partner_added"),
        [
            set(
                r#"{"name":"P","production":false,"callbacks_to":{"sandbox":"https://default.example"}}"#
            ),
            ("partner other", r#"{"name":"P","production":false}"#),
        ]
    );
    assert!(!holds(&dir.everything().await, b"s3cret"));
}

on_each!(each_environment_has_its_callback_url_until_it_is_set_anew,);
