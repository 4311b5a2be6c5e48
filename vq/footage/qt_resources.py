"""Files inside a Qt resource file (`.rcc`), where some packages keep their pictures.

The format is that of `RCCResourceLibrary` in Qt's `rcc.cpp`, versions 1 to 3: a header, a tree of
nodes sorted by hash, names in UTF-16, and the data, each file stored, or packed with zlib.
"""

import struct
import zlib

from vq.footage.unavailable import UnavailableError

_DIRECTORY, _ZLIB, _ZSTD = 2, 1, 4
_MAX_CHILDREN = 100_000


def read(content: bytes, path: str, *, limit: int) -> bytes:
    """One file of a resource file.

    `path` is one inside, such as `images/cat.webp`; `limit` is in bytes.

    Raises:
        UnavailableError: it is not in there, is packed in a way we do not read, or is too large.
    """
    try:
        return _Tree(content).read(path, limit)
    except (struct.error, zlib.error, UnicodeDecodeError) as error:
        raise UnavailableError(
            "unsafe_archive", f"is no Qt resource file, or a damaged one ({error})"
        ) from error


class _Tree:
    def __init__(self, content: bytes) -> None:
        magic, version, tree, data, names = struct.unpack_from(">4sIIII", content)
        if magic != b"qres" or version not in (1, 2, 3):
            raise UnavailableError("unsafe_archive", "is no Qt resource file of version 1 to 3")
        self._content, self._tree, self._data, self._names = content, tree, data, names
        # From version 2 on a node ends in the time of its last change.
        self._node_size = 14 if version == 1 else 22

    def read(self, path: str, limit: int) -> bytes:
        node = 0
        for part in path.split("/"):
            node = self._child(node, part, path)
        _, flags, _, offset = struct.unpack_from(">IHII", self._content, self._at(node))
        if flags & (_DIRECTORY | _ZSTD):
            raise UnavailableError("not_in_archive", f"{path} is a folder, or packed with zstd")
        start = self._data + offset
        (length,) = struct.unpack_from(">I", self._content, start)
        packed = self._content[start + 4 : start + 4 + length]
        if len(packed) != length:
            raise UnavailableError("unsafe_archive", f"ends inside of {path}")
        if flags & _ZLIB:
            unpacker = zlib.decompressobj()
            packed = unpacker.decompress(packed[4:], limit + 1)
        if len(packed) > limit:
            raise UnavailableError("too_large", f"{path} unpacks to more than the limit")
        return packed

    def _child(self, node: int, name: str, path: str) -> int:
        _, flags, count, first = struct.unpack_from(">IHII", self._content, self._at(node))
        if flags & _DIRECTORY and count <= _MAX_CHILDREN:
            for child in range(first, first + count):
                (at,) = struct.unpack_from(">I", self._content, self._at(child))
                if self._name(at) == name:
                    return child
        raise UnavailableError("not_in_archive", f"has no {path}")

    def _name(self, at: int) -> str:
        (length,) = struct.unpack_from(">H", self._content, self._names + at)
        start = self._names + at + 6  # after the length comes a hash of the name
        return self._content[start : start + 2 * length].decode("utf-16-be")

    def _at(self, node: int) -> int:
        return self._tree + node * self._node_size
