//! The gallery in the database finds what the one in memory finds. Left out where there is no PostgreSQL: scripts/services.sh.

use selfsame_store::blobs::FileBlobs;
use selfsame_store::keyring::MasterKey;
use selfsame_store::postgres::{self, PostgresStore};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::*;

/// A schema of its own in the test's database, dropped with its test.
struct Schema {
    server: String,
    name: String,
    dir: tempfile::TempDir,
}

impl Schema {
    async fn new() -> Option<Self> {
        let server = std::env::var("SELFSAME_TEST_POSTGRES").ok()?;
        let name = format!("gallery_{}", uuid::Uuid::new_v4().simple());
        let schema = Self {
            server,
            name,
            dir: tempfile::tempdir().unwrap(),
        };
        schema.run("CREATE SCHEMA {}").await;
        Some(schema)
    }

    async fn run(&self, what: &str) {
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        let statement = what.replace("{}", &self.name);
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .unwrap();
    }

    async fn store(&self) -> Arc<PostgresStore> {
        let mut url = url::Url::parse(&self.server).unwrap();
        url.query_pairs_mut()
            .append_pair("options[search_path]", &self.name);
        let master = MasterKey::read_or_create(&self.dir.path().join("master.key")).unwrap();
        let blobs = Arc::new(FileBlobs::open(self.dir.path().join("blobs")).unwrap());
        let options = postgres::Options {
            connections: 4,
            ..postgres::Options::new(url.to_string(), master, blobs)
        };
        Arc::new(PostgresStore::connect(&options).await.unwrap())
    }
}

/// Directions that nobody chose, the same each time: some near to one another, as people are.
fn people(count: usize) -> Vec<Template> {
    let mut state = 7u64;
    let mut number = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((state >> 33) as f32 / (1u64 << 31) as f32) - 0.5
    };
    let mut direction = || std::array::from_fn::<f32, TEMPLATE_LEN, _>(|_| number());
    let centres: Vec<_> = (0..6).map(|_| direction()).collect();
    (0..count)
        .map(|n| {
            let (own, centre) = (direction(), centres[n % centres.len()]);
            let values: Vec<f32> = own.iter().zip(centre).map(|(o, c)| o + c).collect();
            face_by(&values, "m")
        })
        .collect()
}

/// What was found, in an order that does not depend on how an engine orders equal scores. Of those that are as good as the tenth, it is
/// not said which are told: they are left out.
fn ranked(found: &Found) -> Vec<(f32, UserId)> {
    let told = found.duplicates.iter();
    let mut told: Vec<_> = told.map(|d| (d.score.value(), d.user_id.clone())).collect();
    if let [.., (last, _)] = told[..]
        && told.len() == MOST
    {
        told.retain(|(score, _)| *score > last);
    }
    told.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then_with(|| a.1.as_str().cmp(b.1.as_str()))
    });
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_finds_what_memory_finds() {
    let Some(schema) = Schema::new().await else {
        return;
    };
    let store = schema.store().await;
    let faces = people(90);
    for (n, face) in faces.iter().enumerate() {
        let environment = if n % 10 == 9 {
            Environment::Production
        } else {
            Environment::Sandbox
        };
        let user = key("p", environment, &format!("u{n}"));
        enrol_beside(&*store, &user, face.clone(), "m", Vec::new()).await;
        if n % 4 == 0 {
            // A second photo beside the first.
            let first = store.user(&user).await.unwrap().unwrap();
            let photo = first.reference.unwrap().photo;
            let face = faces[(n + 6) % 90].clone();
            enrol_beside(&*store, &user, face, "m", vec![photo]).await;
        }
    }
    let shared: Arc<dyn Store> = store.clone();
    let served = Served::only(TemplateModel::new("m").unwrap());
    let new = || Gallery::new(shared.clone(), &served, NonZeroUsize::MIN);
    let memory = new();
    let engine = async || GalleryEngine::Database(Arc::new(store.faces().await.unwrap()));
    // Two nodes: who follows first puts the rows there for both.
    let (mut one, two) = (
        new().searched_by(engine().await),
        new().searched_by(engine().await),
    );
    one.page = 7;
    let (a, b) = tokio::join!(one.follow(), two.follow());
    assert_eq!(a.unwrap(), b.unwrap());
    let actor = Actor::new("cli:ada").unwrap();
    let mut found = 0;
    for (n, face) in faces.iter().enumerate().step_by(5) {
        // Somebody goes before each search.
        let status = if n % 2 == 0 {
            UserStatus::Deleted
        } else {
            UserStatus::Disabled
        };
        let gone = sandbox(&format!("u{}", n + 1));
        store.set_user_status(&gone, status, &actor).await.unwrap();
        for at_least in [0.3, 0.5, 0.7] {
            let probes = [Probe::new(face, ComparisonScore::new(at_least))];
            let user = sandbox(&format!("u{n}"));
            let wanted = memory.duplicates(&user, &probes).await.unwrap();
            for gallery in [&one, &two] {
                let found = gallery.duplicates(&user, &probes).await.unwrap();
                assert_eq!(ranked(&found), ranked(&wanted));
                assert_eq!(found.duplicates.len(), wanted.duplicates.len());
                assert_eq!(found.as_of, wanted.as_of);
            }
            found += wanted.duplicates.len();
        }
    }
    assert!(found > 100, "{found}");
    drop((one, two, memory, store));
    schema.run("DROP SCHEMA {} CASCADE").await;
}
