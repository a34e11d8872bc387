//! The page's session finds in the fetched photographs what the server's analyser finds. Skips, saying so, where they are
//! missing.

use selfsame_face::decode::{Limits, decode};
use selfsame_face::models::{Model, ModelStore, PHOTOGRAPHS};
use selfsame_testing::{Need, left_out};
use selfsame_web::{FACE_NUMBERS, Session};

/// The detector's input in the page, and in the server.
const SIDES: [usize; 2] = [256, 320];

#[test]
fn each_portrait_shows_one_face_that_looks_straight() {
    let store = ModelStore::locate(None);
    let Ok(yunet) = store.read(Model::YuNet.artefact()) else {
        left_out(Need::Models, &"no models; run `selfsame models fetch`");
        return;
    };
    for side in SIDES {
        let mut session = Session::new();
        session.input(yunet.len()).unwrap().copy_from_slice(&yunet);
        assert!(session.load(side), "{}", session.error());
        for photograph in &PHOTOGRAPHS {
            let Ok(bytes) = store.read(photograph) else {
                left_out(
                    Need::Models,
                    &format!("{} was not fetched", photograph.name),
                );
                continue;
            };
            let pixels = decode(&bytes, &Limits::default()).unwrap().pixels;
            let (width, height) = pixels.dimensions();
            let rgba: Vec<u8> = pixels
                .pixels()
                .flat_map(|p| [p.0[0], p.0[1], p.0[2], 255])
                .collect();
            session.input(rgba.len()).unwrap().copy_from_slice(&rgba);
            let at = format!("{} at {side}", photograph.name);
            assert_eq!(session.look(width, height), Some(1), "{at}");
            let face = session.output();
            assert_eq!(face.len(), FACE_NUMBERS, "{at}");
            let (left_eye, right_eye, nose) = (face[4], face[6], face[8]);
            assert!(left_eye < nose && nose < right_eye, "{at}: {face:?}");
            assert!(face[14] > 0.8, "{at}: score {}", face[14]);
            assert!(
                (0.1..0.9).contains(&face[16]),
                "{at}: exposure {}",
                face[16]
            );
            assert!(
                face[17].abs() < 25.0 && face[18].abs() < 25.0,
                "{at}: {face:?}"
            );
        }
    }
}

#[test]
fn a_picture_of_another_size_than_said_is_refused() {
    let store = ModelStore::locate(None);
    let Ok(yunet) = store.read(Model::YuNet.artefact()) else {
        left_out(Need::Models, &"no models; run `selfsame models fetch`");
        return;
    };
    let mut session = Session::new();
    session.input(yunet.len()).unwrap().copy_from_slice(&yunet);
    assert!(session.load(256), "{}", session.error());
    session.input(4 * 10 * 10).unwrap();
    assert_eq!(session.look(10, 11), None);
    assert!(session.error().contains("10 by 11"), "{}", session.error());
    assert_eq!(session.look(10, 10), Some(0));
}
