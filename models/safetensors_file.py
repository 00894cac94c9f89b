"""Writes a safetensors file, for the scripts that convert models. Input: tensors and metadata.

The package `safetensors` would write the metadata in another order each time.
"""

import hashlib
import json
import struct

import numpy as np

# So that a reader can use the numbers where they are in memory.
DATA_ALIGNMENT = 64


def write(file, tensors, metadata):
    """Writes the tensors, 32-bit floats by name, in their order, and prints what `file` is."""
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        numbers = np.ascontiguousarray(tensor, "<f4").tobytes()
        offsets = [len(data), len(data) + len(numbers)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        data += numbers
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % DATA_ALIGNMENT)
    content = struct.pack("<Q", len(text)) + text + data
    with open(file, "wb") as output:
        output.write(content)
    print(f"{file}: {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")
