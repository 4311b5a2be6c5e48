"""The second feature of a student: what its head reads, as an output of its network.

A network that scores has one output, the probabilities of the levels. What the layer before them
reads is made an output as well, in memory: the file stays as it is. ONNX is protobuf, in which a
message that is appended to another of its kind adds to what can be repeated; so neither the `onnx`
package nor a copy of the weights is needed.
"""

import base64
from collections.abc import Iterator

import numpy as np

from vq.video.shapes import Float32

OUTPUT = "levels"
PRODUCTS = (b"Gemm", b"MatMul")
GRAPH, NODE, OUTPUTS, NAME = 7, 1, 12, 1
"""Numbers of fields: a model's graph; a graph's nodes and outputs; an output's name."""
INPUTS, NODE_OUTPUTS, KIND = 1, 2, 4
"""Of a node."""
LARGEST = float(np.finfo(np.float16).max)


def name_in(network: bytes) -> str:
    """What the network calls the numbers that its last matrix product reads.

    Raises:
        ValueError: there is none before its levels.
    """
    nodes: dict[bytes, tuple[bytes, list[bytes]]] = {}
    for number, graph in _fields(memoryview(network)):
        for field, node in _fields(graph) if number == GRAPH else ():
            if field == NODE:
                inputs, outputs, kind = (
                    [bytes(value) for key, value in _fields(node) if key == wanted]
                    for wanted in (INPUTS, NODE_OUTPUTS, KIND)
                )
                nodes |= dict.fromkeys(outputs, (kind[0], inputs))
    name = OUTPUT.encode()
    while name in nodes:
        operation, (name, *_) = nodes[name]
        if operation in PRODUCTS:
            return name.decode()
    raise ValueError(f"no matrix product comes before {OUTPUT}")


def as_output(network: bytes, name: str) -> bytes:
    """The network with a value of that name as its last output."""
    return network + _field(GRAPH, _field(OUTPUTS, _field(NAME, name.encode())))


def as_text(feature: Float32[np.ndarray, " dim"]) -> str:
    """A feature as it travels in a row: base64 of its numbers as float16, low byte first."""
    return base64.b64encode(np.clip(feature, -LARGEST, LARGEST).astype("<f2").tobytes()).decode()


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of the fields of a protobuf message that have a length: no numbers."""
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        wire = key & 7
        if wire == 2:
            length, at = _number(message, at)
            yield key >> 3, message[at : at + length]
            at += length
        elif wire == 0:
            _, at = _number(message, at)
        else:
            at += {1: 8, 5: 4}[wire]


def _number(message: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first; and where the next field begins."""
    number = shift = 0
    while True:
        byte = message[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _length(len(content)) + content


def _length(number: int) -> bytes:
    low = [number >> shift & 127 for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(byte | 128 for byte in low[:-1]), low[-1]])
