//! Pictures that are large, slow or odd, against the real binary: its memory stays within what it was given, its cores come
//! back, and whoever sent a good picture is served.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::io::{Cursor, Write as _};
use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::support::{Server, add_partner, capture, http, package, photographs};

/// A PNG whose pixels are all zero: a few hundred KiB, however large it is.
fn flat_png(size: (u32, u32), colours: png::ColorType, depth: png::BitDepth) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size.0, size.1);
    encoder.set_color(colours);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    let row = vec![0; colours.samples() * (depth as usize / 8) * size.0 as usize];
    let mut stream = writer.stream_writer().unwrap();
    for _ in 0..size.1 {
        stream.write_all(&row).unwrap();
    }
    stream.finish().unwrap();
    drop(writer);
    file
}

fn hostile() -> Vec<u8> {
    flat_png((8160, 6144), png::ColorType::Rgba, png::BitDepth::Sixteen)
}

fn code(ended: &Value) -> &str {
    ended["result"]["ResultCode"].as_str().unwrap()
}

fn text(ended: &Value) -> &str {
    ended["result"]["ResultText"].as_str().unwrap()
}

async fn enrol(server: &Server, user: &str, package: Vec<u8>) -> Value {
    let job = uuid::Uuid::new_v4().to_string();
    let upload = server.upload_body(user, &job, 4, "");
    server.run(&http(), &upload, package).await
}

/// Eight jobs with one picture without a face, at the same time.
async fn all_at_once(server: &Arc<Server>, name: &str, picture: &[u8]) {
    let mut jobs = JoinSet::new();
    for at in 0..8 {
        let (server, package) = (Arc::clone(server), package(picture));
        let user = format!("{name}-{at}");
        jobs.spawn(async move { enrol(&server, &user, package).await });
    }
    while let Some(ended) = jobs.join_next().await {
        let ended = ended.unwrap();
        assert_ne!(code(&ended), "0840");
        assert_ne!(code(&ended), "2401", "{}", text(&ended));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_pictures_share_one_budget_of_memory() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    // Of such pictures, as they are decoded, one fits and two do not.
    let more = ["--images-mib", "200", "--workers", "4"];
    let server = Server::start(data.path(), &key, &more);
    assert_eq!(code(&enrol(&server, "ada", package(&photo)).await), "0840");
    let server = Arc::new(server);
    // Small ones first, so that each of the engine's threads has what it needs for itself.
    let small = flat_png((640, 480), png::ColorType::Rgb, png::BitDepth::Eight);
    all_at_once(&server, "small", &small).await;
    let quiet = server.most_resident();
    let picture = hostile();
    assert!(picture.len() < 3 << 20, "{} bytes", picture.len());
    all_at_once(&server, "large", &picture).await;
    let grown = server.most_resident() - quiet;
    // Two pictures at once would be 290 MiB, and each used to take 665. The packages take some.
    assert!(grown < 270, "{grown} MiB more than in quiet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_never_fits_is_refused_by_its_headers() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--images-mib", "100"]);
    let ended = enrol(&server, "u", package(&hostile())).await;
    assert_eq!(code(&ended), "0001");
    assert!(
        text(&ended).contains("send a smaller one"),
        "{}",
        text(&ended)
    );
    assert_eq!(code(&enrol(&server, "ada", package(&photo)).await), "0840");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_takes_too_long_ends_and_its_core_is_free() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let more = ["--analysis-timeout", "1", "--workers", "1"];
    // Else the second is spent on preparing models.
    let prepared = [("SELFSAME_LOAD_WHEN_NEEDED", "false".to_owned())];
    let server = Server::start_with(&prepared, data.path(), &key, &more);
    // All of these would take many times that, and fit a package.
    let size = (9248, 6944);
    let frame = flat_png(size, png::ColorType::Grayscale, png::BitDepth::Eight);
    assert!(24 * frame.len() < 16 << 20, "{} bytes", frame.len());
    let frames = vec![&frame[..]; 24];
    let is_late = |ended: &Value| {
        assert_eq!(code(ended), "0001");
        assert!(
            text(ended).contains("took longer than 1s"),
            "{}",
            text(ended)
        );
    };
    is_late(&enrol(&server, "u", capture(&photo, &frames)).await);
    // The only core is free again. A second may be too short for a good picture too, where the machine has much else to do.
    let mut tries = 1;
    let mut ended = enrol(&server, "ada", package(&photo)).await;
    while code(&ended) != "0840" {
        is_late(&ended);
        tries += 1;
        assert!(tries < 20, "no second of twenty was long enough");
        ended = enrol(&server, "ada", package(&photo)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selfie_of_fifty_megapixels_is_the_same_person() {
    let Some([first, second, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    // Nothing here is generic: what the library compiles for itself is optimised, and the tests are not.
    let large = image::load_from_memory(&first).unwrap().resize_exact(
        6144,
        8160,
        image::imageops::Triangle,
    );
    let path = data.path().join("large.jpg");
    large.save(&path).unwrap();
    let mut file = std::fs::read(&path).unwrap();
    // As a telephone may leave it: without its end marker.
    file.truncate(file.len() - 2);
    assert_eq!(code(&enrol(&server, "ada", package(&file)).await), "0840");
    let upload = server.upload_body("ada", "again", 2, "");
    let again = server.run(&http(), &upload, package(&second)).await;
    assert_eq!(code(&again), "0820", "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_picture_with_an_end_marker_is_no_picture() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let mut half = photo[..photo.len() * 9 / 10].to_vec();
    half.extend([0xff, 0xd9]);
    let ended = enrol(&server, "u", package(&half)).await;
    assert_eq!(code(&ended), "0001");
    assert!(text(&ended).contains("truncated"), "{}", text(&ended));
    // A HEIC by another name.
    let heic = [&b"\0\0\0\x24ftypheic\0\0\0\0mif1heic"[..], &[0; 100]].concat();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let info = br#"{"images": [{"image_type_id": 0, "file_name": "a.jpg"}]}"#;
    for (name, bytes) in [("info.json", &info[..]), ("a.jpg", &heic)] {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let package = zip.finish().unwrap().into_inner();
    let ended = enrol(&server, "h", package).await;
    assert_eq!(code(&ended), "0001");
    assert!(
        text(&ended).contains("neither JPEG nor PNG: send one of these"),
        "{}",
        text(&ended)
    );
}
