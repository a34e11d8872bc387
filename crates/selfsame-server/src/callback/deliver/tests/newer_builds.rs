//! What only a newer build can read is left to it.

use super::*;

/// How often callbacks wait without having been tried.
const POSTPONED: &str =
    "SELECT COUNT(*) FROM deliveries WHERE lease IS NULL AND next_attempt_at > $1";

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_of_a_newer_builds_job_uses_up_no_try() {
    use sqlx::ConnectOptions as _;
    let office = Office::open().await;
    office.partner("p").await;
    let (address, mut received) = honest("127.0.0.1").await;
    let url = format!("http://{address}/");
    let job = office.result_for("p", SANDBOX, url).await;
    let began = Timestamp::now().as_microsecond();
    let database = office.dir.path().join("selfsame.db");
    let database = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
    let mut database = database.connect().await.unwrap();
    let kind: String = sqlx::query_scalar("SELECT kind FROM jobs")
        .fetch_one(&mut database)
        .await
        .unwrap();
    sqlx::query("UPDATE jobs SET kind = 'of_next_year'")
        .execute(&mut database)
        .await
        .unwrap();
    office.deliver(LONG, ONCE, Schemes::default());
    let mut tried = 0;
    while sqlx::query_scalar::<_, i64>(POSTPONED)
        .bind(began)
        .fetch_one(&mut database)
        .await
        .unwrap()
        == 0
    {
        tried += 1;
        assert!(tried < 600, "it was not put back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let record = office.store.deliveries(&job).await.unwrap().remove(0);
    assert_eq!(record.state, DeliveryState::Pending);
    assert!(record.attempts.is_empty());
    // Then a build comes that knows it; here the very same.
    sqlx::query("UPDATE jobs SET kind = $1")
        .bind(kind)
        .execute(&mut database)
        .await
        .unwrap();
    sqlx::query("UPDATE deliveries SET next_attempt_at = next_attempt_at - 60000000")
        .execute(&mut database)
        .await
        .unwrap();
    tokio::time::timeout(LONG, received.recv())
        .await
        .unwrap()
        .unwrap();
    let record = office.tried(&job, 1).await;
    assert_eq!(record.state, DeliveryState::Delivered);
    assert_eq!(record.attempts.len(), 1);
}
