//! Several templates of a user: of several enrolments, and by several models.

use selfsame_face::template::TemplateModel;
use selfsame_job::user::{Reference, UserStatus};
use selfsame_store::sqlite::SqliteStore;
use selfsame_store::sqlite::keys::Keys;
use selfsame_store::store::*;
use selfsame_wire::id::SmileJobId;

use crate::fixture::*;

/// Enrols the user once more, and keeps these earlier enrolments beside it; gives the photo's job.
async fn enrolled(store: &dyn Store, name: &str, keeps: &[&SmileJobId]) -> SmileJobId {
    let job = new_job(name, "ada");
    let outcome = Outcome {
        keeps: keeps.iter().map(|k| (*k).clone()).collect(),
        ..outcome(&job)
    };
    assert_eq!(end(store, &job, &outcome).await, Finished::Committed);
    job.smile_job_id
}

/// The photos and models of a user's templates, the latest enrolment's first.
async fn on_file(store: &dyn Store) -> Vec<(SmileJobId, String)> {
    let key = new_job("any", "ada").user;
    let user = store.user(&key).await.unwrap().unwrap();
    // Lists hold the same.
    let listed = store.users(&key.partner, key.environment).await.unwrap();
    assert_eq!(listed[0].further.len(), user.further.len());
    let changed = store.users_changed(0, 100).await.unwrap();
    assert_eq!(changed[0].user.further.len(), user.further.len());
    user.references()
        .map(|r| (r.photo.clone(), r.template.model().to_string()))
        .collect()
}

fn by(model: &str, photo: &SmileJobId) -> Reference {
    Reference {
        template: template_by(model),
        photo: photo.clone(),
    }
}

fn m(photo: &SmileJobId) -> (SmileJobId, String) {
    (photo.clone(), "m".to_owned())
}

async fn earlier_enrolments_stay_only_where_they_are_named(dir: Place) {
    let store = open(&dir).await;
    let first = enrolled(&store, "one", &[]).await;
    assert_eq!(on_file(&store).await, [m(&first)]);
    let second = enrolled(&store, "two", &[&first]).await;
    assert_eq!(on_file(&store).await, [m(&second), m(&first)]);
    let third = enrolled(&store, "three", &[&second, &first]).await;
    assert_eq!(on_file(&store).await, [m(&third), m(&second), m(&first)]);
    let fourth = enrolled(&store, "four", &[&third, &second]).await;
    assert_eq!(on_file(&store).await, [m(&fourth), m(&third), m(&second)]);
    // Another face: none of them may open the account any more.
    let other = enrolled(&store, "five", &[]).await;
    assert_eq!(on_file(&store).await, [m(&other)]);
}

async fn another_models_template_is_of_the_photo_on_file_and_goes_with_it(dir: Place) {
    let store = open(&dir).await;
    let first = enrolled(&store, "one", &[]).await;
    let key = new_job("any", "ada").user;
    let seen = store.users_changed(0, 100).await.unwrap()[0].sequence;
    assert!(store.add_template(&key, &by("new", &first)).await.unwrap());
    let new = (first.clone(), "new".to_owned());
    assert_eq!(on_file(&store).await, [m(&first), new.clone()]);
    // Whoever follows changes sees it.
    let changed = store.users_changed(seen, 100).await.unwrap();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].user.further[0].template, template_by("new"));
    // Once more changes nothing but its time.
    assert!(store.add_template(&key, &by("new", &first)).await.unwrap());
    assert_eq!(on_file(&store).await.len(), 2);
    // A template of a photo that was replaced while it was made is not put on record.
    let second = enrolled(&store, "two", &[&first]).await;
    assert_eq!(on_file(&store).await, [m(&second), m(&first)]);
    assert!(!store.add_template(&key, &by("new", &first)).await.unwrap());
    let nobody = new_job("any", "nobody").user;
    assert!(
        !store
            .add_template(&nobody, &by("new", &first))
            .await
            .unwrap()
    );
}

async fn keeping_one_models_templates_erases_the_others(dir: Place) {
    let store = open(&dir).await;
    let (new, old) = (
        TemplateModel::new("new").unwrap(),
        TemplateModel::new("m").unwrap(),
    );
    let key = new_job("any", "ada").user;
    let first = enrolled(&store, "one", &[]).await;
    let second = enrolled(&store, "two", &[&first]).await;
    // Who has none by the model keeps what there is.
    assert!(!store.keep_only(&key, &new).await.unwrap());
    assert_eq!(on_file(&store).await.len(), 2);
    assert!(store.add_template(&key, &by("new", &second)).await.unwrap());
    let before = state(&store, &key).await;
    assert!(store.keep_only(&key, &new).await.unwrap());
    assert_eq!(on_file(&store).await, [(second.clone(), "new".to_owned())]);
    // Jobs under way are judged by a user whose photo is the same.
    assert_eq!(state(&store, &key).await, before);
    assert!(!store.keep_only(&key, &new).await.unwrap());
    assert!(!store.keep_only(&key, &old).await.unwrap());
    store
        .templates_forgotten(&new, 1, &crate::fixture::by())
        .await
        .unwrap();
    let audit = store.audit(0, 100).await.unwrap();
    assert_eq!(audit.last().unwrap().action, "templates_forgotten");
}

async fn deletion_and_new_keys_cover_all_templates(dir: Place) {
    let store = open(&dir).await;
    let first = enrolled(&store, "one", &[]).await;
    let second = enrolled(&store, "two", &[&first]).await;
    let key = new_job("any", "ada").user;
    assert!(store.add_template(&key, &by("new", &second)).await.unwrap());
    let before = on_file(&store).await;
    assert_eq!(before.len(), 3);
    drop(store);
    let options = dir.sqlite(Limits::default());
    let mut keys = Keys::open(&options).await.unwrap();
    keys.rotate(&crate::fixture::by()).await.unwrap();
    let done = keys
        .reencrypt(&crate::fixture::by(), &mut |_| ())
        .await
        .unwrap();
    assert_eq!(done.unreadable, 0);
    drop(keys);
    let store = SqliteStore::open(&options).await.unwrap();
    assert_eq!(store.data_keys().await.unwrap().len(), 1);
    assert_eq!(on_file(&store).await, before);
    let user = store.user(&key).await.unwrap().unwrap();
    let template = |at: usize| &user.further[at].template;
    let by_new = usize::from(template(0).model().as_str() == "m");
    assert_eq!(*template(by_new), template_by("new"));
    let operator = crate::fixture::by();
    let deleted = store.set_user_status(&key, UserStatus::Deleted, &operator);
    assert!(deleted.await.unwrap());
    assert_eq!(dir.number("SELECT COUNT(*) FROM user_templates").await, 0);
    let user = store.user(&key).await.unwrap().unwrap();
    assert_eq!(user.references().count(), 0);
}

/// What can be decrypted under another row's name could be put in its place.
async fn a_template_is_bound_to_its_user_model_and_photo(dir: Place) {
    let store = open(&dir).await;
    let first = enrolled(&store, "one", &[]).await;
    let key = new_job("any", "ada").user;
    assert!(store.add_template(&key, &by("new", &first)).await.unwrap());
    for change in [
        "model_digest = 'm2'",
        "photo = 'another'",
        "user_id = 'eve', model_digest = 'new', photo = photo",
    ] {
        tamper(
            &dir,
            &format!("BEGIN; UPDATE user_templates SET {change}; COMMIT;"),
        )
        .await;
        for user in ["ada", "eve"] {
            let key = new_job("any", user).user;
            if let Some(user) = store.user(&key).await.unwrap() {
                assert!(user.further.is_empty(), "{change}");
                assert!(user.reference.is_some());
            }
        }
    }
}

on_sqlite!(deletion_and_new_keys_cover_all_templates);

on_each!(
    earlier_enrolments_stay_only_where_they_are_named,
    another_models_template_is_of_the_photo_on_file_and_goes_with_it,
    keeping_one_models_templates_erases_the_others,
    a_template_is_bound_to_its_user_model_and_photo,
);
