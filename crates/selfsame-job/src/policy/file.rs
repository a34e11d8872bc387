//! The policy file: layers of overrides, resolved once into one policy for each environment and job type.

mod scores;

use indexmap::IndexMap;
use selfsame_face::template::ModelThresholds;
use selfsame_wire::id::Environment;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use toml::{Table, Value};

use self::scores::{scores, unset};
use super::{ChallengeMode, ComparisonPolicy, MotionMode, Policy, ReceiptPolicy, check};
use crate::product::JobType;

/// The longest policy file that is read, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// Why a policy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML.
    #[error("policy: {0}")]
    Syntax(String),
    /// A field is unknown, of another type, out of its range, or at odds with another.
    #[error("policy: {field} {problem}")]
    Field {
        /// The field, dotted, with its layer; or, where layers come together, with the job that it concerns in brackets.
        field: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
}

/// One policy for each environment and job type.
///
/// Layers, each over the one before: what is built in for the environment; `[defaults]`; `[sandbox]` or `[production]`;
/// `[enrolment]` or `[authentication]`; and `[sandbox.enrolment]` and the like. What is said of enrolments holds for updates of a
/// photograph too, and what is said of Biometric KYC for that of the photo on file, unless a layer of their own says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Policies {
    name: String,
    version: String,
    /// Sandbox, production; each as in [`JobType::ALL`].
    table: [Vec<Policy>; 2],
    text: String,
    sha256: String,
}

impl Default for Policies {
    fn default() -> Self {
        Self::assemble(
            "built-in".to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
            Environment::ALL
                .map(|environment| vec![Policy::built_in(environment); JobType::ALL.len()]),
        )
    }
}

#[derive(Serialize)]
struct Text<'p> {
    name: &'p str,
    version: &'p str,
    sandbox: EnvironmentText<'p>,
    production: EnvironmentText<'p>,
}

/// What is in force in an environment.
#[derive(Serialize)]
struct EnvironmentText<'p> {
    /// Of jobs that only look up.
    receipt: ReceiptPolicy,
    #[serde(flatten)]
    judged: IndexMap<&'p str, &'p Policy>,
}

impl Policies {
    /// Reads a policy file.
    ///
    /// # Errors
    /// The first thing that is wrong, named by its dotted field.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        Self::read(text, &|_| ())
    }

    /// The same for another recognition model than the built-in one: thresholds that the file leaves out are the model's own, never
    /// the built-in ones, which mean nothing to its scores.
    ///
    /// # Errors
    /// As [`Policies::parse`]; and where neither the file nor the model has a threshold.
    pub fn parse_for(text: &str, model: Option<&ModelThresholds>) -> Result<Self, PolicyError> {
        Self::read(text, &|table| scores(table, model))
    }

    /// What is built in, for another recognition model than the built-in one.
    ///
    /// # Errors
    /// Where the model has no thresholds.
    pub fn built_in_for(model: Option<&ModelThresholds>) -> Result<Self, PolicyError> {
        let version = env!("CARGO_PKG_VERSION");
        let text = format!("name = \"built-in\"\nversion = \"{version}\"\n");
        Self::parse_for(&text, model)
    }

    /// Reads a file over what is built in, as `adjust` changes that.
    fn read(text: &str, adjust: &dyn Fn(&mut Table)) -> Result<Self, PolicyError> {
        if text.len() > MAX_BYTES {
            return Err(PolicyError::Syntax(format!(
                "the file is larger than {MAX_BYTES} bytes"
            )));
        }
        let file: Table = text.parse().map_err(|e: toml::de::Error| {
            PolicyError::Syntax(e.to_string().trim_end().to_owned())
        })?;
        let name = label(&file, "name")?;
        let version = label(&file, "version")?;
        let layers = Layers::read(&file)?;
        let resolve = |environment: Environment, job_type: JobType| {
            let mut table = as_table(&Policy::built_in(environment))?;
            adjust(&mut table);
            for layer in layers.of(environment, job_type) {
                merge(&mut table, layer);
            }
            if let Some(field) = unset(&table) {
                return Err(PolicyError::Field {
                    field: format!("{field} ({environment}, {})", key(job_type)),
                    problem: "is not set: what is built in holds for the built-in recognition model only; set it in the policy \
                              file, or [thresholds] in the embedder's manifest"
                        .to_owned(),
                });
            }
            let policy = read(table, "")?;
            check::check(&policy)
                .map(|()| policy)
                .map_err(|problem| PolicyError::Field {
                    field: format!("{} ({environment}, {})", problem.field, key(job_type)),
                    problem: problem.text,
                })
        };
        let of = |environment| {
            let each = JobType::ALL.iter();
            each.map(|job_type| match job_type.face() {
                Some(_) => resolve(environment, *job_type),
                // Nothing is judged by it; but its receipts tell what the file says of all jobs.
                None => looked_up(environment, layers.of(environment, *job_type)),
            })
            .collect::<Result<Vec<Policy>, PolicyError>>()
            .map(challenged)
        };
        Ok(Self::assemble(
            name,
            version,
            [of(Environment::Sandbox)?, of(Environment::Production)?],
        ))
    }

    fn assemble(name: String, version: String, table: [Vec<Policy>; 2]) -> Self {
        let each = |at: usize| EnvironmentText {
            receipt: table[at][JobType::EnhancedKyc.index()].receipt,
            judged: JobType::judged()
                .map(|t| (key(t), &table[at][t.index()]))
                .collect(),
        };
        let text = match toml::to_string(&Text {
            name: &name,
            version: &version,
            sandbox: each(0),
            production: each(1),
        }) {
            Ok(text) => text,
            Err(_) => unreachable!("a policy holds numbers, words and tables only"),
        };
        let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
        Self {
            name,
            version,
            table,
            text,
            sha256,
        }
    }

    /// The policy that a job is judged by.
    #[must_use]
    pub fn of(&self, environment: Environment, job_type: JobType) -> &Policy {
        let environment = match environment {
            Environment::Sandbox => 0,
            Environment::Production => 1,
        };
        &self.table[environment][job_type.index()]
    }

    /// What a new face must score against the face that it replaces: of what every type of job asks for, the strictest. Whoever
    /// replaces a face may authenticate ever after, so that it must not be easier.
    #[must_use]
    pub fn replacement_thresholds(&self, environment: Environment) -> ComparisonPolicy {
        let strictest = |of: fn(ComparisonPolicy) -> f32| {
            let each = JobType::judged();
            each.map(|job_type| of(self.of(environment, job_type).comparison))
                .fold(f32::MIN, f32::max)
        };
        ComparisonPolicy {
            match_threshold: strictest(|policy| policy.match_threshold),
            review_threshold: strictest(|policy| policy.review_threshold),
        }
    }

    /// Its name, as the file gives it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version, as the file gives it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// All that is in force, as a policy file without any gap: whoever keeps it can repeat every decision.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of [`Policies::text`], hexadecimal. A file of the operator's may leave fields to what is built in, so that its
    /// own digest would not tell what was in force.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The same with movement required of every job.
    #[must_use]
    pub fn strict(self) -> Self {
        let mut table = self.table;
        for policy in table.iter_mut().flatten() {
            policy.liveness.motion.mode = MotionMode::Required;
        }
        Self::assemble(self.name, self.version, table)
    }

    /// What is built in, as a policy file to start from.
    ///
    /// # Errors
    /// Never, in a build whose tests pass.
    pub fn built_in_file() -> Result<String, PolicyError> {
        #[derive(Serialize)]
        struct File<'p> {
            name: &'p str,
            version: &'p str,
            defaults: Policy,
            sandbox: Table,
        }
        let built_in = Self::default();
        let defaults = Policy::built_in(Environment::Production);
        let sandbox = difference(
            &as_table(&defaults)?,
            &as_table(&Policy::built_in(Environment::Sandbox))?,
        );
        let file = File {
            name: &built_in.name,
            version: &built_in.version,
            defaults,
            sandbox,
        };
        toml::to_string(&file).map_err(|e| PolicyError::Syntax(e.to_string()))
    }
}

/// One environment's policies, each with the challenge of the type of job that its own jobs must not be easier than.
fn challenged(mut each: Vec<Policy>) -> Vec<Policy> {
    for job_type in JobType::ALL {
        let Some(other) = job_type.product().challenged_as() else {
            continue;
        };
        let required = each[other.index()].liveness.challenge;
        let own = &mut each[job_type.index()].liveness.challenge;
        if required.mode == ChallengeMode::Required && own.mode != ChallengeMode::Required {
            *own = required;
        }
    }
    each
}

/// The policy of jobs that judge no face: of the layers, what they say of receipts.
fn looked_up<'t>(
    environment: Environment,
    layers: impl Iterator<Item = &'t Table>,
) -> Result<Policy, PolicyError> {
    const SECTION: &str = "receipt";
    let mut table = as_table(&Policy::built_in(environment))?;
    for said in layers.filter_map(|layer| layer.get(SECTION)) {
        let over = Table::from_iter([(SECTION.to_owned(), said.clone())]);
        merge(&mut table, &over);
    }
    read(table, "")
}

fn key(job_type: JobType) -> &'static str {
    job_type.product().name()
}

fn label(file: &Table, field: &str) -> Result<String, PolicyError> {
    let wrong = |problem: &str| PolicyError::Field {
        field: field.to_owned(),
        problem: problem.to_owned(),
    };
    let text = file
        .get(field)
        .ok_or_else(|| wrong("is missing; results name the policy by it"))?
        .as_str()
        .ok_or_else(|| wrong("must be text"))?;
    if text.is_empty() || text.len() > 100 || text.chars().any(char::is_control) {
        return Err(wrong("must be 1 to 100 bytes without control characters"));
    }
    Ok(text.to_owned())
}

/// The file's layers, from the most general to the most specific.
struct Layers {
    layers: Vec<(Option<Environment>, Option<JobType>, Table)>,
}

impl Layers {
    fn read(file: &Table) -> Result<Self, PolicyError> {
        let mut layers = Vec::new();
        for field in file.keys() {
            let known = ["name", "version", "defaults"].contains(&field.as_str())
                || field.parse::<Environment>().is_ok()
                || JobType::judged().any(|k| key(k) == field);
            if !known {
                let job_types: Vec<&str> = JobType::judged().map(key).collect();
                return Err(PolicyError::Field {
                    field: field.clone(),
                    problem: format!(
                        "is no part of a policy; there are name, version, defaults, sandbox, production, {}",
                        job_types.join(" and ")
                    ),
                });
            }
        }
        let mut take = |path: &str,
                        environment: Option<Environment>,
                        job_type: Option<JobType>,
                        mut table: Table| {
            if environment.is_some() && job_type.is_none() {
                // Layers of their own.
                for job_type in JobType::judged() {
                    table.remove(key(job_type));
                }
            }
            // Unknown fields and wrong types are told here, where the layer is known.
            let mut whole = as_table(&Policy::default())?;
            merge(&mut whole, &table);
            read(whole, path)?;
            layers.push((environment, job_type, table));
            Ok::<(), PolicyError>(())
        };
        if let Some(table) = subtable(file, "defaults", "defaults")? {
            take("defaults", None, None, table.clone())?;
        }
        for environment in Environment::ALL {
            let name = environment.as_str();
            if let Some(table) = subtable(file, name, name)? {
                take(name, Some(environment), None, table.clone())?;
            }
        }
        for job_type in JobType::judged() {
            if let Some(table) = subtable(file, key(job_type), key(job_type))? {
                take(key(job_type), None, Some(job_type), table.clone())?;
            }
        }
        for environment in Environment::ALL {
            let Some(outer) = subtable(file, environment.as_str(), environment.as_str())? else {
                continue;
            };
            for job_type in JobType::judged() {
                let path = format!("{environment}.{}", key(job_type));
                if let Some(table) = subtable(outer, key(job_type), &path)? {
                    take(&path, Some(environment), Some(job_type), table.clone())?;
                }
            }
        }
        Ok(Self { layers })
    }

    fn of(&self, environment: Environment, job_type: JobType) -> impl Iterator<Item = &Table> {
        // Types stand in the order of [`JobType::ALL`], in which whatever another is judged as comes before it.
        let parent = job_type.product().judged_as();
        self.layers
            .iter()
            .filter(move |(e, k, _)| {
                e.is_none_or(|e| e == environment)
                    && k.is_none_or(|k| k == job_type || Some(k) == parent)
            })
            .map(|(_, _, table)| table)
    }
}

fn subtable<'t>(
    table: &'t Table,
    field: &str,
    path: &str,
) -> Result<Option<&'t Table>, PolicyError> {
    match table.get(field) {
        None => Ok(None),
        Some(Value::Table(table)) => Ok(Some(table)),
        Some(_) => Err(PolicyError::Field {
            field: path.to_owned(),
            problem: "must be a table".to_owned(),
        }),
    }
}

fn as_table(policy: &Policy) -> Result<Table, PolicyError> {
    Table::try_from(policy).map_err(|e| PolicyError::Syntax(e.to_string()))
}

/// Writes `over` over `table`, field by field.
fn merge(table: &mut Table, over: &Table) {
    for (field, value) in over {
        match (table.get_mut(field), value) {
            (Some(Value::Table(inner)), Value::Table(over)) => merge(inner, over),
            _ => {
                table.insert(field.clone(), value.clone());
            }
        }
    }
}

/// The fields of `to` that differ from those of `from`.
fn difference(from: &Table, to: &Table) -> Table {
    let mut changed = Table::new();
    for (field, value) in to {
        match (from.get(field), value) {
            (Some(Value::Table(from)), Value::Table(to)) => {
                let inner = difference(from, to);
                if !inner.is_empty() {
                    changed.insert(field.clone(), Value::Table(inner));
                }
            }
            (Some(same), _) if same == value => {}
            _ => {
                changed.insert(field.clone(), value.clone());
            }
        }
    }
    changed
}

fn read(table: Table, layer: &str) -> Result<Policy, PolicyError> {
    serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
        let path = error.path().to_string();
        let field = match (layer, path.as_str()) {
            (layer, "." | "") => layer.to_owned(),
            ("", path) => path.to_owned(),
            (layer, path) => format!("{layer}.{path}"),
        };
        PolicyError::Field {
            field,
            problem: format!("is wrong: {}", error.inner().to_string().trim_end()),
        }
    })
}

#[cfg(test)]
mod tests;
