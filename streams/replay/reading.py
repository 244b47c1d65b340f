"""Files read line by line in bounded memory, compressed or not."""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from streams.replay.lines import KEPT, MAX_LINE, Progress, ReplayError

_CHUNK = 1 << 20


class RawLine(NamedTuple):
    """A line without its end; `broken` says why the file cannot be read beyond it."""

    number: int
    raw: bytes
    truncated: int = 0
    broken: str = ""


def raw_lines(path: Path, progress: Progress) -> Iterator[RawLine]:
    """The lines of a file; of one longer than MAX_LINE the first KEPT bytes. Raises ReplayError."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise ReplayError(f"{path} cannot be read: {error.strerror}; name a file or folder that you may read") from None
    with file, _Meter(file, progress) as meter:
        stream = _unpacked(meter)
        number = 0
        while True:
            number += 1
            try:
                line = _line(stream, number)
            except (EOFError, zlib.error, OSError) as error:
                yield RawLine(number, b"", broken=f"the file breaks off here: {error}")
                return
            if line is None:
                return
            yield line


def _line(stream: BinaryIO, number: int) -> RawLine | None:
    raw = stream.readline(MAX_LINE + 1)
    if not raw:
        return None
    truncated = 0
    if len(raw) > MAX_LINE and not raw.endswith(b"\n"):
        rest = b""
        while not rest.endswith(b"\n") and (rest := stream.readline(_CHUNK)):
            truncated += len(rest.rstrip(b"\r\n"))
        return RawLine(number, raw[:KEPT], truncated + len(raw) - KEPT)
    if number == 1:
        raw = raw.removeprefix(b"\xef\xbb\xbf")
    return RawLine(number, raw.removesuffix(b"\n").removesuffix(b"\r"))


def _unpacked(meter: "_Meter") -> BinaryIO:
    buffered = io.BufferedReader(meter, _CHUNK)
    if buffered.peek(2)[:2] == b"\x1f\x8b":
        # Not buffered once more: a buffer that is being filled when the file breaks off takes what it holds along.
        return cast(BinaryIO, gzip.GzipFile(fileobj=buffered))
    return buffered


class _Meter(io.RawIOBase):
    """Passes a file through and tells how much of it has been read."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._file = file
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._progress(len(data))
        return len(data)
