//! Which recognition models a server compares templates of, and the templates on file that a probe is compared with.

use selfsame_face::template::{
    ComparisonScore, ModelThresholds, NotATemplateModel, Template, TemplateModel,
};

use crate::user::User;

/// The models of a server: the one that makes the templates of what is enrolled, and those that it serves besides, for users
/// whom they enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    primary: TemplateModel,
    also: Vec<TemplateModel>,
}

impl Served {
    /// One model.
    #[must_use]
    pub const fn only(primary: TemplateModel) -> Self {
        Self {
            primary,
            also: Vec::new(),
        }
    }

    /// One model and others besides.
    #[must_use]
    pub const fn with(primary: TemplateModel, also: Vec<TemplateModel>) -> Self {
        Self { primary, also }
    }

    /// The model that makes the templates of what is enrolled.
    #[must_use]
    pub const fn primary(&self) -> &TemplateModel {
        &self.primary
    }

    /// All of them, the primary first.
    pub fn models(&self) -> impl Iterator<Item = &TemplateModel> {
        std::iter::once(&self.primary).chain(&self.also)
    }

    /// As text: the names, the primary first, divided by spaces.
    #[must_use]
    pub fn text(&self) -> String {
        let names: Vec<&str> = self.models().map(TemplateModel::as_str).collect();
        names.join(" ")
    }

    /// Reads what [`Served::text`] gave.
    ///
    /// # Errors
    /// When there is no name in it, or something that is none.
    pub fn parse(text: &str) -> Result<Self, NotATemplateModel> {
        let mut models = text.split(' ').map(TemplateModel::new);
        Ok(Self {
            primary: models.next().ok_or(NotATemplateModel)??,
            also: models.collect::<Result<_, _>>()?,
        })
    }

    /// A user's templates that a probe is compared with: those of the primary model where there are any, else those of the first
    /// other model that has some. Scores of two models are never weighed against each other.
    #[must_use]
    pub fn enrolled<'u>(&'u self, user: &'u User) -> Option<Enrolled<'u>> {
        let model = self
            .models()
            .find(|model| user.references_by(model).next().is_some())?;
        Some(Enrolled {
            of: Of::User(user, model),
            thresholds: None,
        })
    }
}

/// Templates on file that a probe is compared with, all of one model. The highest score counts.
#[derive(Debug, Clone, Copy)]
pub struct Enrolled<'u> {
    of: Of<'u>,
    thresholds: Option<ModelThresholds>,
}

#[derive(Debug, Clone, Copy)]
enum Of<'u> {
    Template(&'u Template),
    User(&'u User, &'u TemplateModel),
}

impl<'u> From<&'u Template> for Enrolled<'u> {
    fn from(template: &'u Template) -> Self {
        Self {
            of: Of::Template(template),
            thresholds: None,
        }
    }
}

impl<'u> Enrolled<'u> {
    /// The same, judged by another model's thresholds rather than the policy's.
    #[must_use]
    pub const fn judged_by(mut self, thresholds: Option<ModelThresholds>) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// The thresholds that take the place of the policy's.
    #[must_use]
    pub const fn thresholds(&self) -> Option<&ModelThresholds> {
        self.thresholds.as_ref()
    }

    /// The model of the templates.
    #[must_use]
    pub const fn model(&self) -> &'u TemplateModel {
        match self.of {
            Of::Template(template) => template.model(),
            Of::User(_, model) => model,
        }
    }

    /// The highest score of a probe against them; `None` where it is of another model.
    #[must_use]
    pub fn compare(&self, probe: &Template) -> Option<ComparisonScore> {
        match self.of {
            Of::Template(template) => probe.compare(template),
            Of::User(user, model) => user
                .references_by(model)
                .filter_map(|r| probe.compare(&r.template))
                .max_by(|a, b| a.value().total_cmp(&b.value())),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use selfsame_wire::id::{Environment, PartnerId, SmileJobId, UserId};

    use super::*;
    use crate::user::{CAPTURES, Reference, UserKey, UserStatus};

    fn model(name: &str) -> TemplateModel {
        TemplateModel::new(name).unwrap()
    }

    /// At this cosine to the first axis.
    fn template(cosine: f32, name: &str) -> Template {
        let mut values = [0.0; 32];
        (values[0], values[1]) = (cosine, (1.0 - cosine * cosine).sqrt());
        Template::new(&values, &model(name)).unwrap()
    }

    /// A user with templates of these cosines and models, the latest first.
    fn user(templates: &[(f32, &str)]) -> User {
        let mut references: Vec<Reference> = (templates.iter().enumerate())
            .map(|(at, (cosine, name))| Reference {
                template: template(*cosine, name),
                photo: SmileJobId::new(format!("photo-{at}")).unwrap(),
            })
            .collect();
        let further = references.split_off(1.min(references.len()));
        User {
            key: UserKey {
                partner: PartnerId::new("p").unwrap(),
                environment: Environment::Sandbox,
                user: UserId::new("u").unwrap(),
            },
            status: UserStatus::Active,
            fraud_locked: false,
            reference: references.pop(),
            further,
            enrolled_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_highest_score_of_comparable_templates_counts() {
        let user = user(&[(0.2, "new"), (0.9, "old"), (0.7, "new"), (0.4, "new")]);
        let served = Served::with(model("new"), vec![model("old")]);
        let enrolled = served.enrolled(&user).unwrap();
        assert_eq!(enrolled.model(), &model("new"));
        let score = enrolled.compare(&template(1.0, "new")).unwrap().value();
        assert!((score - 0.7).abs() < 1e-6);
        assert_eq!(enrolled.compare(&template(1.0, "old")), None);
    }

    #[test]
    fn who_has_only_another_models_template_is_served_by_that_model_or_not_at_all() {
        let user = user(&[(0.9, "old")]);
        assert!(Served::only(model("new")).enrolled(&user).is_none());
        let both = Served::with(model("new"), vec![model("older"), model("old")]);
        let enrolled = both.enrolled(&user).unwrap();
        assert_eq!(enrolled.model(), &model("old"));
        assert!(enrolled.compare(&template(1.0, "old")).is_some());
    }

    #[test]
    fn earlier_enrolments_stay_where_the_new_face_matched_them() {
        let user = user(&[(1.0, "m"), (1.0, "other"), (1.0, "m"), (1.0, "m")]);
        let kept = user.kept_beside(&model("m"), true);
        assert_eq!(kept.len(), CAPTURES - 1);
        let names: Vec<&str> = kept.iter().map(SmileJobId::as_str).collect();
        assert_eq!(names, ["photo-0", "photo-2"]);
        // Another face is on file from now on: the earlier one must not open the account.
        assert!(user.kept_beside(&model("m"), false).is_empty());
        assert!(user.kept_beside(&model("third"), true).is_empty());
    }

    #[test]
    fn names_come_back() {
        let served = Served::with(model("a"), vec![model("b"), model("c")]);
        assert_eq!(Served::parse(&served.text()), Ok(served));
        let one = Served::only(model("a"));
        assert_eq!(Served::parse("a"), Ok(one));
        assert_eq!(Served::parse(""), Err(NotATemplateModel));
        assert_eq!(Served::parse("a  b"), Err(NotATemplateModel));
    }
}
