//! `selfsame receipt`.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use selfsame_receipt::{Receipt, SignedReceipt, SigningKey, VerifyingKey};
use selfsame_server::operate::Operator;
use serde::Serialize;

use super::data::{Data, actor};
use crate::output::{self, Outcome};

/// The largest file that is read. A receipt is some dozen kilobytes.
const MOST_BYTES: u64 = 4 * 1024 * 1024;
/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Verify receipts of identity checks; list and rotate the keys that sign them.
#[derive(clap::Args)]
pub(crate) struct ReceiptCommand {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Verify a receipt: the page, the PDF, or the signed text by itself. What is printed is what was signed, whatever the file shows.
    /// Exit 0: the signature is right; 1: it is not; 2: it could not be read.
    Verify {
        /// The file, or a link to the receipt (http or https).
        receipt: String,
        /// A key that you trust (ed25519:…); may be given several times. `selfsame receipt keys` prints a server's, which needs
        /// nobody's data to verify with [default: the keys of the data directory].
        #[arg(long, value_name = "KEY")]
        key: Vec<VerifyingKey>,
    },
    /// Print the public keys by which receipts are verified, the one that signs first.
    Keys,
    /// Make a new key, which signs from now on, on every node at once. Receipts of older keys are verified as before.
    Rotate {
        /// Erase the older keys, where one is no longer secret: no receipt that they signed is verified any more.
        #[arg(long)]
        forget: bool,
    },
}

#[derive(Serialize)]
struct Verified<'r> {
    verified: bool,
    key: String,
    receipt: &'r Receipt,
}

impl ReceiptCommand {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        match &self.action {
            Action::Verify { receipt, key } => self.verify(receipt, key, json).await,
            Action::Keys => self.keys(json).await,
            Action::Rotate { forget } => self.rotate(*forget, json).await,
        }
    }

    async fn verify(&self, receipt: &str, trusted: &[VerifyingKey], json: bool) -> Outcome {
        let file = if receipt.starts_with("https://") || receipt.starts_with("http://") {
            fetched(receipt).await?
        } else {
            read(Path::new(receipt))?
        };
        let own;
        let keys = if trusted.is_empty() {
            own = self.own().await?;
            own.iter().map(|(_, key)| *key).collect()
        } else {
            trusted.to_vec()
        };
        let signed = match SignedReceipt::verify(&file, &keys) {
            Ok(signed) => signed,
            Err(why) => {
                if json {
                    output::json(&serde_json::json!({"verified": false, "why": why.to_string()}))?;
                } else {
                    output::line(&format!("not verified: {why}"));
                }
                return Ok(ExitCode::from(1));
            }
        };
        if json {
            output::json(&Verified {
                verified: true,
                key: signed.key().to_string(),
                receipt: signed.receipt(),
            })?;
        } else {
            output::line(&format!("verified: signed by {}", signed.key()));
            output::line(&serde_json::to_string_pretty(signed.receipt())?);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The keys on record, with their numbers.
    async fn own(&self) -> Result<Vec<(u32, VerifyingKey)>, Failure> {
        let store = self.data.open().await?;
        let keys = store.receipt_keys().await?;
        keys.iter()
            .map(|key| {
                let signing = SigningKey::from_seed(&key.seed)?;
                Ok((key.number, *signing.public()))
            })
            .collect()
    }

    async fn keys(&self, json: bool) -> Outcome {
        for (at, (number, key)) in self.own().await?.into_iter().enumerate() {
            let signs = at == 0;
            if json {
                output::json(&serde_json::json!({
                    "number": number, "key": key.to_string(), "kid": key.fingerprint(), "signs": signs,
                }))?;
            } else {
                let now = if signs { "  signs now" } else { "" };
                output::line(&format!("receipt key {number:<4} {key}{now}"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn rotate(&self, forget: bool, json: bool) -> Outcome {
        let store = self.data.open().await?;
        let number = Operator::new(&*store, actor())
            .rotate_receipt_key(forget)
            .await?;
        output::done(
            json,
            &serde_json::json!({"receipt_key": number, "older_keys_forgotten": forget}),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

fn too_large(whence: &str) -> Failure {
    format!("{whence} is larger than {MOST_BYTES} bytes: no receipt is").into()
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |error| format!("cannot read {}: {error}", path.display());
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .map_err(wrong)?
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(wrong)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(too_large(&path.display().to_string()));
    }
    Ok(bytes)
}

/// What stands behind a link. The link is a secret, and in no message.
async fn fetched(link: &str) -> Result<Vec<u8>, Failure> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()?;
    let answered = client.get(link).send().await.map_err(|e| e.without_url())?;
    if !answered.status().is_success() {
        return Err(format!("the link answers {}", answered.status()).into());
    }
    let mut answered = answered;
    let mut bytes = Vec::new();
    while let Some(part) = answered.chunk().await.map_err(|e| e.without_url())? {
        bytes.extend_from_slice(&part);
        if bytes.len() as u64 > MOST_BYTES {
            return Err(too_large("what the link leads to"));
        }
    }
    Ok(bytes)
}
