//! Registers hold what was imported, tell it by its number alone, and nothing of it stands on disk in the clear.

use std::sync::Arc;

use bytes::Bytes;
use selfsame_job::identity::{IdentityRecord, Photo};
use selfsame_store::error::StoreError;
use selfsame_store::store::*;
use selfsame_wire::id_info::{Country, IdNumber, IdType};

use crate::fixture::*;

fn register(name: &str) -> RegisterName {
    RegisterName::new(name).unwrap()
}

fn key(id_type: &str, number: &str) -> EntryKey {
    let (country, id_type) = (Country::new("NG").unwrap(), IdType::new(id_type).unwrap());
    EntryKey::new(country, id_type, &IdNumber::new(number).unwrap()).unwrap()
}

fn entry(number: &str, name: &str, photo: Option<&[u8]>) -> RegisterEntry {
    let record = IdentityRecord {
        full_name: Some(name.to_owned()),
        photo: photo.map(|bytes| Photo(Bytes::copy_from_slice(bytes))),
        full_data: [("team".to_owned(), "PLANTED-team".into())]
            .into_iter()
            .collect(),
        ..IdentityRecord::default()
    };
    let (country, id_type) = (Country::new("NG").unwrap(), IdType::new("STAFF").unwrap());
    RegisterEntry::new(country, id_type, &IdNumber::new(number).unwrap(), record).unwrap()
}

async fn put(store: &Arc<dyn Store>, name: &str, entries: &[RegisterEntry]) -> [u64; 3] {
    let (register, by) = (register(name), by());
    let put = store.put_register_entries(&register, entries, &by);
    let Imported {
        new,
        replaced,
        unchanged,
    } = put.await.unwrap();
    [new, replaced, unchanged]
}

async fn found(store: &Arc<dyn Store>, name: &str, number: &str) -> Option<IdentityRecord> {
    let (register, key) = (register(name), key("STAFF", number));
    store.register_entry(&register, &key).await.unwrap()
}

/// What was done to registers, as it is on record.
async fn audited(store: &Arc<dyn Store>) -> Vec<(String, String, String)> {
    let records = store.audit(0, 1000).await.unwrap().into_iter();
    let of_registers = records.filter(|r| r.action.starts_with("register"));
    of_registers
        .map(|r| (r.action, r.subject, r.details))
        .collect()
}

async fn what_was_imported_is_found_by_its_number_alone(dir: Place) {
    let store = open(&dir).await;
    let ada = entry("ab-12 34", "Ada Lovelace", Some(b"a photograph"));
    assert_eq!(
        put(&store, "staff", std::slice::from_ref(&ada)).await,
        [1, 0, 0]
    );
    for number in ["AB1234", "ab1234", "A B-1 2 3 4"] {
        let record = found(&store, "staff", number).await.unwrap();
        assert_eq!(&record, ada.record(), "{number}");
    }
    let record = found(&store, "staff", "AB1234").await.unwrap();
    assert_eq!(record.id_number.as_deref(), Some("ab-12 34"));
    assert_eq!(record.photo.unwrap().0, "a photograph");
    assert_eq!(found(&store, "staff", "AB12345").await, None);
    assert_eq!(found(&store, "pupils", "AB1234").await, None);
    let (staff, other_type) = (register("staff"), key("PUPIL", "AB1234"));
    let found = store.register_entry(&staff, &other_type).await;
    assert_eq!(found.unwrap(), None);
}

async fn an_import_that_is_repeated_changes_what_is_different_only(dir: Place) {
    let store = open(&dir).await;
    let all = [
        entry("1", "Ada", None),
        entry("2", "Bob", Some(b"bob")),
        entry("3", "Cy", None),
    ];
    assert_eq!(put(&store, "staff", &all).await, [3, 0, 0]);
    assert_eq!(put(&store, "staff", &all).await, [0, 0, 3]);
    let changed = [
        entry("1", "Ada", None),
        entry("2", "Bob", Some(b"bob, older")),
        entry("3", "Cyd", None),
        entry("4", "Dan", None),
        // Once more, in the same import.
        entry("4", "Dana", None),
    ];
    assert_eq!(put(&store, "staff", &changed).await, [1, 3, 1]);
    assert_eq!(
        found(&store, "staff", "2").await.unwrap().photo.unwrap().0,
        "bob, older"
    );
    let name = async |number| found(&store, "staff", number).await.unwrap().full_name;
    assert_eq!(name("3").await.unwrap(), "Cyd");
    assert_eq!(name("4").await.unwrap(), "Dana");
    // A photograph that is gone from the table is gone here.
    assert_eq!(
        put(&store, "staff", &[entry("2", "Bob", None)]).await,
        [0, 1, 0]
    );
    assert_eq!(found(&store, "staff", "2").await.unwrap().photo, None);
    let counts: Vec<String> = (audited(&store).await.into_iter())
        .map(|(action, subject, details)| {
            assert_eq!(
                (&*action, &*subject),
                ("register_imported", "register staff")
            );
            details
        })
        .collect();
    assert_eq!(
        counts,
        [
            r#"{"new":3,"replaced":0,"unchanged":0}"#,
            r#"{"new":1,"replaced":3,"unchanged":1}"#,
            r#"{"new":0,"replaced":1,"unchanged":0}"#,
        ],
        "what changed nothing is not on record"
    );
}

async fn registers_are_listed_without_what_they_hold(dir: Place) {
    let store = open(&dir).await;
    assert_eq!(store.registers().await.unwrap(), []);
    put(
        &store,
        "staff",
        &[entry("1", "Ada", Some(b"x")), entry("2", "Bob", None)],
    )
    .await;
    put(&store, "pupils", &[entry("1", "Cy", None)]).await;
    let counts: Vec<(String, u64, u64)> = (store.registers().await.unwrap().into_iter())
        .map(|r| (r.register.to_string(), r.entries, r.photos))
        .collect();
    assert_eq!(
        counts,
        [("pupils".to_owned(), 1, 0), ("staff".to_owned(), 2, 1)]
    );
    let staff = register("staff");
    let mut after = 0;
    let mut photos = Vec::new();
    loop {
        let page = store.register_entries(&staff, after, 1).await.unwrap();
        let Some(one) = page.first() else { break };
        assert_eq!((page.len(), one.id_type.as_str()), (1, "STAFF"));
        assert_eq!(one.country.as_str(), "NG");
        after = one.sequence;
        photos.push(one.has_photo);
    }
    assert_eq!(photos, [true, false]);
}

async fn nothing_of_a_person_stands_on_disk_and_removal_erases(dir: Place) {
    let store = open(&dir).await;
    let many: Vec<_> = (0..203)
        .map(|n| {
            entry(
                &format!("PLANTED{n}"),
                "PLANTED-name",
                Some(b"PLANTED-photo"),
            )
        })
        .collect();
    assert_eq!(put(&store, "staff", &many).await, [203, 0, 0]);
    put(&store, "pupils", &many[..2]).await;
    let kept = dir.everything().await;
    assert!(holds(&kept, b"register_entries") || dir.is(Kind::Postgres));
    assert!(!holds(&kept, b"PLANTED"));
    // One number has another code in another register.
    let codes = dir
        .number("SELECT COUNT(DISTINCT code) FROM register_entries")
        .await;
    assert_eq!(codes, 205);

    let (staff, one) = (register("staff"), key("STAFF", "planted-7"));
    let remove = async || {
        store
            .remove_register_entry(&staff, &one, &by())
            .await
            .unwrap()
    };
    assert!(remove().await);
    assert!(!remove().await);
    assert_eq!(found(&store, "staff", "PLANTED7").await, None);
    assert!(found(&store, "staff", "PLANTED8").await.is_some());
    assert_eq!(store.remove_register(&staff, &by()).await.unwrap(), 202);
    assert_eq!(store.remove_register(&staff, &by()).await.unwrap(), 0);
    assert_eq!(found(&store, "staff", "PLANTED8").await, None);
    assert!(found(&store, "pupils", "PLANTED1").await.is_some());
    let done = audited(&store).await;
    assert_eq!(
        done[2..],
        [
            (
                "register_entry_removed",
                r#"{"country":"NG","id_type":"STAFF"}"#
            ),
            ("register_removed", r#"{"entries":202}"#),
        ]
        .map(|(action, details)| {
            (
                action.to_owned(),
                "register staff".to_owned(),
                details.to_owned(),
            )
        })
    );
    assert!(!format!("{done:?}").contains("PLANTED"));
}

async fn an_entry_that_cannot_be_read_stops_only_itself_and_can_be_imported_again(dir: Place) {
    for column in ["record", "photo"] {
        let dir = dir.another().await;
        let store = open(&dir).await;
        let both = [
            entry("1", "Ada", Some(b"ada")),
            entry("2", "Bob", Some(b"bob")),
        ];
        put(&store, "staff", &both).await;
        dir.damage(
            "register_entries",
            column,
            "id = (SELECT MIN(id) FROM register_entries)",
        )
        .await;
        let asked = store
            .register_entry(&register("staff"), both[0].key())
            .await;
        assert!(matches!(asked, Err(StoreError::Sealed(_))), "{asked:?}");
        assert!(found(&store, "staff", "2").await.is_some());
        let listed = store.register_entries(&register("staff"), 0, 0).await;
        assert_eq!(listed.unwrap().len(), 2);
        // As it was, an import takes it for unchanged: it is removed first.
        let (staff, by) = (register("staff"), by());
        let removed = store.remove_register_entry(&staff, both[0].key(), &by);
        assert!(removed.await.unwrap());
        assert_eq!(put(&store, "staff", &both).await, [1, 0, 1]);
        assert!(found(&store, "staff", "1").await.is_some());
    }
}

/// Whoever has the database cannot put one person's photograph into another's place.
async fn a_value_opens_in_its_own_place_only(dir: Place) {
    let store = open(&dir).await;
    let both = [
        entry("1", "Ada", Some(b"ada")),
        entry("2", "Bob", Some(b"bob")),
    ];
    put(&store, "staff", &both).await;
    tamper(
        &dir,
        "UPDATE register_entries SET photo = (SELECT photo FROM register_entries ORDER BY id LIMIT 1)",
    )
    .await;
    assert!(found(&store, "staff", "1").await.is_some());
    let asked = store
        .register_entry(&register("staff"), both[1].key())
        .await;
    assert!(matches!(asked, Err(StoreError::Sealed(_))), "{asked:?}");
}

async fn imports_at_once_of_the_same_numbers_leave_each_once(dir: Place) {
    let store = open(&dir).await;
    let imports: Vec<_> = (0..4)
        .map(|turn| {
            let store = Arc::clone(&store);
            let mut entries: Vec<_> = (0..30)
                .map(|n| entry(&n.to_string(), "Ada", None))
                .collect();
            // In another order each, so that their rows would wait for each other.
            entries.rotate_left(turn * 7);
            tokio::spawn(async move { put(&store, "staff", &entries).await })
        })
        .collect();
    let mut sums = [0; 3];
    for import in imports {
        let counts = import.await.unwrap();
        sums = std::array::from_fn(|n| sums[n] + counts[n]);
    }
    assert_eq!(sums, [30, 0, 90]);
    assert_eq!(
        dir.number("SELECT COUNT(*) FROM register_entries").await,
        30
    );
}

on_each!(
    what_was_imported_is_found_by_its_number_alone,
    an_import_that_is_repeated_changes_what_is_different_only,
    registers_are_listed_without_what_they_hold,
    nothing_of_a_person_stands_on_disk_and_removal_erases,
    an_entry_that_cannot_be_read_stops_only_itself_and_can_be_imported_again,
    a_value_opens_in_its_own_place_only,
    imports_at_once_of_the_same_numbers_leave_each_once,
);
