//! A register is asked as any authority is.

use bytes::Bytes;
use selfsame_job::audit::Actor;
use selfsame_job::identity::{IdentityQuery, IdentityRecord, Photo};
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_store::store::RegisterEntry;
use selfsame_wire::id::{Environment, PartnerId, SmileJobId};
use selfsame_wire::id_info::{Country, IdInfo, IdNumber, IdType};
use sqlx::Executor as _;

use super::*;

fn asking(id_type: &str, number: &str) -> Asking {
    let given = IdInfo {
        country: Country::new("NG"),
        id_type: IdType::new(id_type),
        id_number: IdNumber::new(number),
        ..IdInfo::default()
    };
    Asking {
        query: IdentityQuery::new(&given).unwrap(),
        partner: PartnerId::new("p").unwrap(),
        environment: Environment::Production,
        smile_job_id: SmileJobId::new("j").unwrap(),
        partner_params: serde_json::from_str("{}").unwrap(),
    }
}

#[tokio::test]
async fn who_was_imported_is_found_and_nobody_else_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&Options::new(dir.path())).await.unwrap());
    let staff = RegisterName::new("staff").unwrap();
    let record = IdentityRecord {
        full_name: Some("Ada Lovelace".to_owned()),
        photo: Some(Photo(Bytes::from_static(b"a photograph"))),
        ..IdentityRecord::default()
    };
    let (country, id_type) = (Country::new("NG").unwrap(), IdType::new("STAFF").unwrap());
    let number = IdNumber::new("AB-1234").unwrap();
    let ada = RegisterEntry::new(country, id_type, &number, record.clone()).unwrap();
    let by = Actor::server();
    let put = store.put_register_entries(&staff, &[ada], &by).await;
    assert_eq!(put.unwrap().new, 1);

    let register = Register::new(staff, Arc::clone(&store) as Arc<dyn Registers>);
    let answer = async |id_type, number| register.ask(&asking(id_type, number)).await.unwrap();
    let as_it_was = Answer::Found(Box::new(record.clone()));
    assert_eq!(answer("STAFF", "AB-1234").await, as_it_was);
    let otherwise_written = IdentityRecord {
        id_number: Some("AB-1234".to_owned()),
        ..record
    };
    let found = Answer::Found(Box::new(otherwise_written));
    assert_eq!(answer("STAFF", "ab1234").await, found);
    for (id_type, number) in [("STAFF", "AB-12345"), ("NIN", "AB-1234"), ("STAFF", "- -")] {
        assert_eq!(answer(id_type, number).await, Answer::NotFound, "{number}");
    }
    let others = RegisterName::new("pupils").unwrap();
    let empty = Register::new(others, Arc::clone(&store) as Arc<dyn Registers>);
    let asked = empty.ask(&asking("STAFF", "AB-1234")).await.unwrap();
    assert_eq!(asked, Answer::NotFound);

    // Somebody changed it on the disk.
    let file = dir.path().join("selfsame.db");
    let database = sqlx::sqlite::SqlitePool::connect_with(
        sqlx::sqlite::SqliteConnectOptions::new().filename(file),
    );
    let changed = "UPDATE register_entries SET record = substr(record, 1, 60)";
    database.await.unwrap().execute(changed).await.unwrap();
    let asked = register.ask(&asking("STAFF", "AB-1234")).await;
    assert!(matches!(asked, Err(AskError::Nonsense(_))), "{asked:?}");
    assert!(!format!("{asked:?}").contains("1234"));
}
