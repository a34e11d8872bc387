"""The models that a comparison and a capture run, with what each is given, and how much arithmetic that is.

To be used with the interpreter of the bench's virtual environment, which has the packages `onnx` and `onnxruntime`.
"""

import math

# Name, the file that the example `models` writes, its input, and how often it runs: for a comparison of a selfie that is upright and
# sharp, and for a capture of a selfie and eight such frames (crates/selfsame-face/src/analyser). Change it with the analyser.
MODELS = [
    ("YuNet at 128", "face_detection_yunet_2023mar.onnx", (1, 3, 128, 128), 0, 8),
    ("YuNet at 192", "face_detection_yunet_2023mar.onnx", (1, 3, 192, 192), 1, 0),
    ("YuNet at 256", "face_detection_yunet_2023mar.onnx", (1, 3, 256, 256), 1, 9),
    ("YuNet at 320", "face_detection_yunet_2023mar.onnx", (1, 3, 320, 320), 0, 1),
    ("SFace", "face_recognition_sface_2021dec_int8bq.onnx", (1, 3, 112, 112), 1, 9),
    ("FaceMesh", "face_landmarks_detector.onnx", (1, 3, 256, 256), 0, 1),
    ("Blendshapes", "face_blendshapes.onnx", (1, 146, 2), 0, 1),
    ("MiniFAS", "minifas-128.onnx", (1, 3, 128, 128), 0, 18),
    ("Silent-Face near", "2.7_80x80_MiniFASNetV2.onnx", (1, 3, 80, 80), 0, 9),
    ("Silent-Face far", "4_0_0_80x80_MiniFASNetV1SE.onnx", (1, 3, 80, 80), 0, 9),
]


def reshape(model, shape):
    """Makes a model's one input of this shape, and forgets what was written down for another. Gives the input's name."""
    graph = model.graph
    initial = {tensor.name for tensor in graph.initializer}
    (given,) = [value for value in graph.input if value.name not in initial]
    del given.type.tensor_type.shape.dim[:]
    for size in shape:
        given.type.tensor_type.shape.dim.add().dim_value = size
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
    del graph.value_info[:]
    return given.name


def shapes_of(model, shape):
    """The shape of all that a model computes from an input of this shape: it is run once, and gives everything."""
    import numpy
    import onnxruntime

    given, graph = reshape(model, shape), model.graph
    initial = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    known = {value.name for value in graph.output}
    for node in graph.node:
        for name in node.output:
            if name and name not in known:
                graph.output.add().name = name
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    values = session.run(outputs, {given: numpy.zeros(shape, dtype=numpy.float32)})
    return initial | {given: list(shape)} | {name: list(value.shape) for name, value in zip(outputs, values)}


def macs(path, shape):
    """Multiply-adds of a model's convolutions, matrix products and dense layers."""
    import onnx

    model = onnx.load(str(path))
    shapes = shapes_of(model, shape)
    total = 0
    for node in model.graph.node:
        given, out = [shapes[name] for name in node.input if name], shapes[node.output[0]]
        if node.op_type == "Conv":
            # Each number of the output is a sum over the kernel and the input channels of its group.
            total += math.prod(out) * math.prod(given[1][1:])
        elif node.op_type == "ConvTranspose":
            total += math.prod(given[0]) * math.prod(given[1][1:])
        elif node.op_type == "MatMul":
            total += math.prod(out) * given[0][-1]
        elif node.op_type == "Gemm":
            turned = any(a.name == "transA" and a.i for a in node.attribute)
            total += math.prod(out) * given[0][0 if turned else -1]
    return total
