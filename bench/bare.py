"""Models by themselves on another engine, for `bound.py`: the other side of the example `bare_models`, and speaks as it does.

    bare.py onnxruntime|openvino|opencv NAME=SHAPE=FILE...

One line of JSON when ready; then, for each line on standard input, each model some times over, and one line of JSON: milliseconds
of processor time that a run of each took. One thread. A model that the engine does not take is left out, and named in the first line.
"""

import json
import sys
import time

import numpy

import models

RUNS = 10


def onnxruntime(file, shape):
    import onnx
    import onnxruntime as engine

    model = onnx.load(file)
    name = models.reshape(model, shape)
    options = engine.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = engine.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda numbers: session.run(None, {name: numbers})


def openvino(file, shape):
    import openvino as engine

    core = engine.Core()
    model = core.read_model(file)
    model.reshape(list(shape))
    settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    return lambda numbers: request.infer([numbers], share_inputs=True, share_outputs=True)


def opencv(file, shape):
    import cv2

    cv2.setNumThreads(1)
    network = cv2.dnn.readNetFromONNX(file)

    def run(numbers):
        network.setInput(numbers)
        return network.forward(network.getUnconnectedOutLayersNames())

    return run


def version(engine):
    if engine == "opencv":
        import cv2

        return f"OpenCV {cv2.__version__}"
    module = __import__(engine)
    return f"{engine} {module.__version__}"


def main():
    engine, *words = sys.argv[1:]
    load = {"onnxruntime": onnxruntime, "openvino": openvino, "opencv": opencv}[engine]
    loaded, refused = {}, {}
    for word in words:
        name, shape, file = word.split("=", 2)
        shape = tuple(int(side) for side in shape.split("x"))
        numbers = (numpy.arange(numpy.prod(shape)) * 37 % 256).astype(numpy.float32).reshape(shape)
        try:
            run = load(file, shape)
            run(numbers)
        except Exception as error:  # Each engine has errors of its own.
            refused[name] = str(error).strip().splitlines()[0][:120]
            continue
        loaded[name] = (run, numbers)
    print(json.dumps({"engine": version(engine), "refused": refused}), flush=True)
    for _ in sys.stdin:
        took = {}
        for name, (run, numbers) in loaded.items():
            began = time.process_time()
            for _ in range(RUNS):
                run(numbers)
            took[name] = (time.process_time() - began) * 1000 / RUNS
        print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()
