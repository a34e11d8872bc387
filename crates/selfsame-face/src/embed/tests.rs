use std::num::NonZeroUsize;

use selfsame_testing::onnx::{OUTPUT, SIDE, thumbnail_embedder, thumbnail_manifest};

use super::*;
use crate::inference::{EngineChoice, Precision, start};
use crate::models::ModelStore;

/// A folder with an embedder in it, and its manifest's path.
fn installed(manifest: impl FnOnce(&str) -> String) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let onnx = thumbnail_embedder([0.3, 0.6, 0.1]);
    std::fs::write(dir.path().join("thumbnail.onnx"), &onnx).unwrap();
    let path = dir.path().join("thumbnail.toml");
    std::fs::write(&path, manifest(&hex::encode(Sha256::digest(&onnx)))).unwrap();
    (dir, path)
}

fn plain(sha256: &str) -> String {
    thumbnail_manifest("thumbnail.onnx", sha256)
}

fn problem(manifest: impl FnOnce(&str) -> String) -> String {
    let (_dir, path) = installed(manifest);
    Embedder::read(&path).unwrap_err().to_string()
}

/// Ready to run by the portable engine, which needs no model store.
fn loaded(embedder: Embedder) -> LoadedEmbedder {
    let store = ModelStore::locate(Some(Path::new("none")));
    let engine = start(EngineChoice::Rten, &store, NonZeroUsize::MIN).unwrap();
    let side = embedder.input().side;
    let onnx = embedder.own_onnx().unwrap().unwrap();
    let inference = engine.load(&onnx, &[1, 3, side, side], Precision::F32);
    LoadedEmbedder::new(embedder, inference.unwrap())
}

/// A picture whose upper half has another colour than the lower, with landmarks as the model wants them.
fn picture(upper: [u8; 3], lower: [u8; 3]) -> (RgbImage, Landmarks) {
    let picture = RgbImage::from_fn(SIDE as u32, SIDE as u32, |_, y| {
        image::Rgb(if y < SIDE as u32 / 2 { upper } else { lower })
    });
    let [left_eye, right_eye, nose, mouth_left, mouth_right] = align::REFERENCE;
    let landmarks = Landmarks {
        left_eye,
        right_eye,
        nose,
        mouth_left,
        mouth_right,
    };
    (picture, landmarks)
}

#[test]
fn an_installed_embedder_makes_templates_of_its_own_length_and_name() {
    let (_dir, path) = installed(plain);
    let embedder = Embedder::read(&path).unwrap();
    assert_eq!(embedder.template_len(), OUTPUT);
    assert_eq!(embedder.thresholds().unwrap().same, 0.98);
    assert_ne!(embedder.model(), Embedder::built_in().model());
    let loaded = loaded(embedder);
    assert_eq!(loaded.try_out().unwrap(), OUTPUT);
    let embed = |upper, lower| {
        let (picture, landmarks) = picture(upper, lower);
        loaded.embed(&picture, &landmarks, None).unwrap().unwrap()
    };
    let a = embed([200; 3], [20; 3]);
    assert_eq!(a.values().len(), OUTPUT);
    // The mean of (200 − 127.5) · 0.0078431 over 32 squares, and of (20 − 127.5) · 0.0078431 over the others.
    let raw = (32.0f32 * (0.5686f32.powi(2) + 0.8431f32.powi(2))).sqrt();
    assert!((a.raw_length().unwrap() - raw).abs() < 0.01, "{a:?}");
    assert!(a.values()[0] > 0.0 && a.values()[63] < 0.0);
    let score = |b: &Template| a.compare(b).unwrap().value();
    assert!(score(&embed([190; 3], [25; 3])) > 0.99);
    assert!(score(&embed([20; 3], [200; 3])) < 0.0);
}

#[test]
fn the_order_of_colours_and_the_crop_are_the_manifests() {
    let value = |from: &str, to: &str| {
        let (_dir, path) = installed(|sha256| plain(sha256).replace(from, to));
        let loaded = loaded(Embedder::read(&path).unwrap());
        let (picture, landmarks) = picture([255, 0, 0], [0, 255, 255]);
        let aligned = align::align(&picture, &landmarks).unwrap();
        // Whether the face was cut out before makes no difference.
        let cut = loaded.embed(&picture, &landmarks, None).unwrap().unwrap();
        let given = loaded.embed(&picture, &landmarks, Some(&aligned));
        assert_eq!(cut, given.unwrap().unwrap());
        cut.values()[0] * cut.raw_length().unwrap()
    };
    // Red counts 0.3, and blue 0.1.
    assert!((value("x", "x") - (0.3 - 0.7)).abs() < 0.01);
    assert!((value("\"rgb\"", "\"bgr\"") - (0.1 - 0.9)).abs() < 0.01);
    let points = "side = 112\nalignment = [[10, 10], [100, 10], [56, 60], [20, 100], [90, 100]]";
    assert!((value("side = 112", points) - (0.3 - 0.7)).abs() < 0.05);
}

#[test]
fn a_manifest_that_is_wrong_says_what_and_where() {
    let changed = |from: &str, to: &str| problem(|sha256| plain(sha256).replace(from, to));
    for (from, to, says) in [
        ("output = 64", "output = 8", "output must be 16 to 4096"),
        ("side = 112", "side = 9", "input.side must be 32 to 512"),
        ("\"rgb\"", "\"xyz\"", "xyz"),
        ("licence = \"CC0-1.0\"", "", "licence"),
        ("name =", "nmae =", "nmae"),
        ("match = 0.98", "match = 2.0", "thresholds.match must be"),
        (
            "review = 0.97",
            "review = 0.99",
            "thresholds.review must be",
        ),
        ("[127.5, 127.5", "[nan, 127.5", "input.mean must be"),
        ("thumbnail.onnx", "../thumbnail.onnx", "beside the manifest"),
    ] {
        let told = changed(from, to);
        assert!(
            told.contains(says) && told.contains("thumbnail.toml"),
            "{told}"
        );
    }
    assert!(problem(|_| plain("abc")).contains("64 lower-case hexadecimal"));
    assert!(problem(|_| "x".repeat(70_000)).contains("larger than 65536 bytes"));
}

#[test]
fn a_file_that_the_manifest_does_not_describe_is_refused() {
    let (dir, path) = installed(plain);
    std::fs::write(dir.path().join("thumbnail.onnx"), b"another").unwrap();
    let embedder = Embedder::read(&path).unwrap();
    let told = embedder.own_onnx().unwrap_err().to_string();
    assert!(
        told.contains("SHA-256") && told.contains("thumbnail.onnx"),
        "{told}"
    );
    std::fs::remove_file(dir.path().join("thumbnail.onnx")).unwrap();
    let told = embedder.own_onnx().unwrap_err().to_string();
    assert!(told.contains("thumbnail.onnx"), "{told}");
}

#[test]
fn only_what_shapes_templates_names_their_model() {
    let model = |from: &str, to: &str| {
        let (_dir, path) = installed(|sha256| plain(sha256).replace(from, to));
        Embedder::read(&path).unwrap().model().clone()
    };
    let own = model("x", "x");
    assert_eq!(own, model("match = 0.98", "match = 0.985"));
    assert_eq!(own, model("\"Thumbnail\"", "\"Miniature\""));
    assert_ne!(own, model("\"rgb\"", "\"bgr\""));
    assert_ne!(own, model("[127.5, 127.5, 127.5]", "[127.5, 127.5, 127.0]"));
    // The built-in calibration is read, and templates from before it are known by the model's file.
    let built_in = Embedder::built_in();
    let names: Vec<&str> = built_in.models().map(TemplateModel::as_str).collect();
    assert_eq!(names.len(), 2);
    assert_eq!(names[1], Model::SFace.artefact().sha256);
}

#[test]
fn a_calibration_takes_the_mean_away_and_makes_another_model() {
    let (_dir, path) = installed(plain);
    let plain = Embedder::read(&path).unwrap();
    let mut mean = vec![0.0; OUTPUT];
    mean[0] = 0.25;
    // The first 16 numbers, in reverse, twice as long.
    let mut matrix = vec![0.0; 16 * OUTPUT];
    for row in 0..16 {
        matrix[row * OUTPUT + 15 - row] = 2.0;
    }
    let calibration = Calibration::new(mean, Some(matrix)).unwrap();
    let calibrated = plain.clone().with_calibration(calibration.clone()).unwrap();
    assert_ne!(plain.model(), calibrated.model());
    let both = [calibrated.model(), plain.model()];
    assert_eq!(Vec::from_iter(calibrated.models()), both);
    assert_eq!(Vec::from_iter(plain.models()), [plain.model()]);
    assert_eq!(calibrated.template_len(), 16);
    let (picture, landmarks) = picture([200; 3], [20; 3]);
    let embed = |embedder: &Embedder| {
        let made = loaded(embedder.clone()).embed(&picture, &landmarks, None);
        made.unwrap().unwrap()
    };
    let (before, after) = (embed(&plain), embed(&calibrated));
    let mut expected: Vec<f32> = before.values()[..16]
        .iter()
        .rev()
        .map(|v| 2.0 * v)
        .collect();
    expected[15] -= 0.5;
    let expected = Template::new(&expected, calibrated.model()).unwrap();
    assert!(after.compare(&expected).unwrap().value() > 0.99999);
    assert_eq!(after.raw_length(), before.raw_length());
    assert_eq!(after.compare(&before), None);
    // What the model made before it was calibrated is brought to it without a photograph; what others made is not.
    let brought = calibrated.calibrate(&before).unwrap();
    assert!(after.compare(&brought).unwrap().value() > 0.99999);
    assert_eq!(calibrated.calibrate(&after), None);
    assert_eq!(plain.calibrate(&before), None);
}

#[test]
fn a_calibration_file_comes_back_and_hostile_ones_do_not_get_in() {
    let calibration = Calibration::new(vec![0.5; 16], Some(vec![0.25; 16 * 16])).unwrap();
    let bytes = calibration.to_bytes();
    assert_eq!(Calibration::from_bytes(&bytes).unwrap(), calibration);
    let mean_only = Calibration::new(vec![0.5; 16], None).unwrap();
    assert_eq!(
        Calibration::from_bytes(&mean_only.to_bytes()).unwrap(),
        mean_only
    );
    for end in 0..bytes.len() {
        assert!(Calibration::from_bytes(&bytes[..end]).is_err());
    }
    let with = |at: usize, value: [u8; 4]| {
        let mut changed = bytes.clone();
        changed[at..at + 4].copy_from_slice(&value);
        Calibration::from_bytes(&changed)
    };
    assert_eq!(with(8, [0xff; 4]), Err(CalibrationError::Length));
    assert!(with(8, [0; 4]).is_err() && with(12, [0; 4]).is_err());
    assert_eq!(
        with(16, f32::NAN.to_le_bytes()),
        Err(CalibrationError::Number)
    );
    for wrong in [vec![0.0; 15], vec![0.0; 16 * 17], vec![0.0; 33]] {
        assert!(Calibration::new(vec![0.0; 16], Some(wrong)).is_err());
    }
    let built_in = Embedder::built_in().with_calibration(calibration);
    assert!(matches!(
        built_in,
        Err(CalibrationError::OtherLength { .. })
    ));
}
