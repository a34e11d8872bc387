//! Where deliveries are made in these tests: a store, and what delivers from it.

use super::*;

pub(super) struct Office {
    pub(super) dir: tempfile::TempDir,
    pub(super) store: Arc<dyn Store>,
    pub(super) stopping: watch::Sender<bool>,
}

impl Office {
    pub(super) async fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
        Self {
            dir,
            store: Arc::new(store),
            stopping: watch::channel(false).0,
        }
    }

    /// Starts to deliver; each try may take so long.
    pub(super) fn deliver(&self, timeout: Duration, backoff: Backoff, schemes: Schemes) {
        let reach = Reach::PrivateToo;
        let rules = TargetRules { reach, schemes };
        let effort = Effort { backoff, timeout };
        self.deliver_by(
            rules,
            Efforts {
                callbacks: effort,
                webhooks: effort,
            },
        );
    }

    pub(super) fn deliver_by(&self, rules: TargetRules, efforts: Efforts) {
        let deliverer = Deliverer::new(Arc::clone(&self.store), rules, efforts).unwrap();
        tokio::spawn(deliverer.run(Arc::new(Notify::new()), self.stopping.subscribe()));
    }

    /// The database itself, beside the store.
    pub(super) async fn database(&self) -> sqlx::SqliteConnection {
        use sqlx::ConnectOptions as _;
        let database = self.dir.path().join("selfsame.db");
        let database = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
        database.connect().await.unwrap()
    }

    pub(super) async fn partner(&self, id: &str) {
        let partner = Partner {
            id: PartnerId::new(id).unwrap(),
            name: id.to_owned(),
            production_enabled: true,
            signs_bodies: false,
            callback_urls: CallbackUrls::default(),
            sandbox_key: key(id),
            production_key: key(id),
            created_at: Timestamp::now(),
        };
        let by = Actor::new("cli:test").unwrap();
        self.store.create_partner(&partner, &by).await.unwrap();
    }

    /// A job of a partner has ended, and its result is to go to this URL.
    pub(super) async fn result_for(
        &self,
        partner: &str,
        environment: Environment,
        url: String,
    ) -> SmileJobId {
        self.result_by(Api::V1, partner, environment, url).await
    }

    /// The same, of a job that came by this API.
    pub(super) async fn result_by(
        &self,
        api: Api,
        partner: &str,
        environment: Environment,
        url: String,
    ) -> SmileJobId {
        let result = |job: &SmileJobId| {
            match api {
            Api::V3 => Bytes::from_static(
                br#"{"outcome":1,"code":"0820","is_final":true,"checks":{},"reasons":[],"evidence":{}}"#,
            ),
            Api::V1 | Api::V2 => format!(r#"{{"SmileJobID":"{job}"}}"#).into(),
        }
        };
        self.result(api, partner, environment, url, result).await
    }

    /// The same, that came to this.
    pub(super) async fn result(
        &self,
        api: Api,
        partner: &str,
        environment: Environment,
        url: String,
        result: impl FnOnce(&SmileJobId) -> Bytes,
    ) -> SmileJobId {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let job = NewJob {
            smile_job_id: SmileJobId::new(id.clone()).unwrap(),
            user: UserKey {
                partner: PartnerId::new(partner).unwrap(),
                environment,
                user: UserId::new("u").unwrap(),
            },
            job_id: JobId::new(id).unwrap(),
            job_type: JobType::Authentication,
            request: JobRequest {
                callback_url: Some(url.clone()),
                ..JobRequest::new(api, serde_json::from_str("{}").unwrap())
            },
            retry: false,
            request_digest: None,
        };
        let package = Bytes::from_static(b"x");
        self.store.submit_job(&job, package).await.unwrap();
        let claim = self.store.claim_job(LONG).await.unwrap().unwrap();
        let outcome = Outcome {
            registers: None,
            beside: None,
            result: result(&job.smile_job_id),
            success: true,
            result_code: "0820".to_owned(),
            judged: UserState::default(),
            searched: None,
            attempt: None,
            keeps: Vec::new(),
            enrol: None,
            review: None,
            accepted: Vec::new(),
            only_if_new: false,
            callback_url: Some(url),
        };
        let ended = self.store.finish_job(&claim, &outcome).await.unwrap();
        assert_eq!(ended, Finished::Committed);
        job.smile_job_id
    }

    /// Delivers a result to each of these receivers, whose one try takes so long at most and comes to this status.
    pub(super) async fn try_once(
        &self,
        timeout: Duration,
        receivers: &[(&str, SocketAddr, Option<u16>)],
    ) {
        let mut jobs = Vec::new();
        for (_, receiver, _) in receivers {
            let url = format!("http://{receiver}/");
            jobs.push(self.result_for("p", SANDBOX, url).await);
        }
        self.deliver(timeout, ONCE, Schemes::default());
        for ((name, _, status), job) in receivers.iter().zip(jobs) {
            let record = self.tried(&job, 1).await;
            let attempt = &record.attempts[0];
            assert_eq!(attempt.http_status, *status, "{name}: {attempt:?}");
            let delivered = record.state == DeliveryState::Delivered;
            assert_eq!(delivered, *status == Some(200), "{name}");
        }
    }

    /// The delivery of a job's result, once it was tried so often.
    pub(super) async fn tried(&self, job: &SmileJobId, times: usize) -> DeliveryRecord {
        for _ in 0..600 {
            let record = self.store.deliveries(job).await.unwrap().remove(0);
            if record.attempts.len() >= times {
                return record;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the callback was not tried {times} times");
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        let _ = self.stopping.send(true);
    }
}
