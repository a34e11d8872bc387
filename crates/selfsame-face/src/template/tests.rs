use super::*;

fn model(name: &str) -> TemplateModel {
    TemplateModel::new(name).unwrap()
}

fn embedding(seed: u32, length: usize) -> Vec<f32> {
    let mut state = seed;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    })
    .take(length)
    .collect()
}

fn template(seed: u32, length: usize) -> Template {
    Template::new(&embedding(seed, length), &model("m")).unwrap()
}

#[test]
fn a_template_of_any_length_is_most_like_itself() {
    for length in [16, 64, 128, 512, 4096] {
        let (a, b) = (template(1, length), template(2, length));
        assert!((a.compare(&a).unwrap().value() - 1.0).abs() < 1e-5);
        assert!(a.compare(&b).unwrap().value() < 0.9);
        assert_eq!(a.compare(&b), b.compare(&a));
    }
    for length in [0, 15, 4097] {
        let refused = Template::new(&embedding(1, length), &model("m"));
        assert_eq!(refused, Err(TemplateError::Length(4 * length)));
    }
}

#[test]
fn templates_of_two_models_give_no_score() {
    let numbers = embedding(1, 128);
    let a = Template::new(&numbers, &model("a")).unwrap();
    let b = Template::new(&numbers, &model("b")).unwrap();
    assert_eq!(a.compare(&b), None);
    assert_eq!(Template::fuse(&[(&a, 1.0), (&b, 1.0)]), None);
    // Of one name, but not of one length: whatever went wrong, no score comes of it.
    assert_eq!(template(1, 128).compare(&template(1, 64)), None);
    // The same name from two places is the same model.
    assert!(
        a.compare(&Template::new(&numbers, &model("a")).unwrap())
            .is_some()
    );
}

#[test]
fn bytes_come_back() {
    let a = template(3, 64);
    assert!(a.raw_length().unwrap() > 1.0);
    let back = Template::from_bytes(&a.to_bytes(), a.model()).unwrap();
    assert!((a.compare(&back).unwrap().value() - 1.0).abs() < 1e-6);
    assert_eq!(back.raw_length(), None);
    let read = |bytes: &[u8]| Template::from_bytes(bytes, &model("m"));
    assert_eq!(read(&[0; 5]), Err(TemplateError::Length(5)));
    assert_eq!(read(&[0; 60]), Err(TemplateError::Length(60)));
    assert_eq!(read(&[0; 512]), Err(TemplateError::Degenerate));
    assert_eq!(read(&[0xff; 512]), Err(TemplateError::Degenerate));
}

#[test]
fn several_pictures_fuse_to_what_they_have_in_common() {
    // Three noisy views of one direction: their mean is nearer to it than each of them.
    let truth = template(9, 128);
    let noisy: Vec<Template> = (20..23)
        .map(|seed| {
            let mixed: Vec<f32> = truth
                .values()
                .iter()
                .zip(template(seed, 128).values())
                .map(|(t, n)| t + n)
                .collect();
            Template::new(&mixed, &model("m")).unwrap()
        })
        .collect();
    let equal: Vec<(&Template, f32)> = noisy.iter().map(|t| (t, 1.0)).collect();
    let fused = Template::fuse(&equal).unwrap();
    let like = |t: &Template| truth.compare(t).unwrap().value();
    assert!(noisy.iter().all(|t| like(t) < like(&fused)));
    assert!((fused.compare(&fused).unwrap().value() - 1.0).abs() < 1e-5);
    // A weight of zero counts for nothing, and only ratios matter.
    let one = Template::fuse(&[(&noisy[0], 5.0), (&noisy[1], 0.0)]).unwrap();
    assert!((one.compare(&noisy[0]).unwrap().value() - 1.0).abs() < 1e-6);
    let (a, b) = (&noisy[0], &noisy[1]);
    let ratio = Template::fuse(&[(a, 1.0), (b, 3.0)]).unwrap();
    let same = Template::fuse(&[(b, 30.0), (a, 10.0)]).unwrap();
    assert!((ratio.compare(&same).unwrap().value() - 1.0).abs() < 1e-6);
    assert!(ratio.compare(b) > ratio.compare(a));
}

#[test]
fn what_has_no_common_direction_does_not_fuse() {
    let a = template(1, 64);
    let opposite: Vec<f32> = a.values().iter().map(|v| -v).collect();
    let opposite = Template::new(&opposite, &model("m")).unwrap();
    assert_eq!(Template::fuse(&[]), None);
    assert_eq!(Template::fuse(&[(&a, 1.0), (&opposite, 1.0)]), None);
    for weight in [-1.0, f32::NAN, f32::INFINITY] {
        assert_eq!(Template::fuse(&[(&a, 1.0), (&a, weight)]), None);
    }
    assert_eq!(Template::fuse(&[(&a, 0.0)]), None);
}

#[test]
fn numbers_are_never_printed() {
    assert_eq!(format!("{:?}", template(4, 128)), "Template(redacted)");
}

#[test]
fn a_model_is_named_by_a_digest_not_by_anything() {
    assert!(TemplateModel::new(&"f".repeat(64)).is_ok());
    for text in ["", "two words", "a/b", "\u{e9}", &"f".repeat(65)] {
        assert_eq!(TemplateModel::new(text), Err(NotATemplateModel));
    }
}
