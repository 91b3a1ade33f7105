"""Text files from outside: read strictly, all problems reported at once; written whole or not."""

from __future__ import annotations

import codecs
import errno
import os
import secrets
import stat
from pathlib import Path

__all__ = [
    "Complaints",
    "InputError",
    "Report",
    "check_file",
    "check_word",
    "is_plain",
    "quote",
    "read_bytes",
    "read_lines",
    "whole_number",
    "write_bytes",
    "write_text",
]

MAX_BYTES = 64 * 2**20  # thirty times the largest real instance
MAX_LINE_LENGTH = 1_000_000  # splitting one line of 64 MiB would take gigabytes
MAX_LINES = 2_000_000  # some millions a second are looked at
MAX_DIGITS = 18
MAX_SHOWN = 20
MAX_COUNTED = 10_000  # a file of nothing but problems is not read to its end

# Persian and the scripts of India are misspelt without them: zero width non-joiner, and joiner.
_JOINERS = dict.fromkeys((0x200C, 0x200D))


class InputError(ValueError):
    """A file does not hold what it should.

    The message has a line for each problem, ``FILE:LINE: what is wrong``, up to 20 of them and
    the count of the rest. Trying again is of no use: the file must be changed.
    """


class Complaints:
    """The problems found so far in what is read, be it of one file or of several."""

    def __init__(self) -> None:
        self._shown: list[tuple[int, str]] = []
        self._num_hidden = 0

    def add(self, place: str, problem: str, *, order: int = 0) -> None:
        """Note a problem at a place; they are told by `order`, and else as they come.

        Raises
        ------
        InputError
            If there are 10,000 beyond those that are shown: enough is enough.
        """
        if len(self._shown) < MAX_SHOWN:
            self._shown.append((order, f"{place}: {problem}"))
        else:
            self._num_hidden += 1
            if self._num_hidden == MAX_COUNTED:
                self.check()

    def check(self) -> None:
        """Do nothing if all is well.

        Raises
        ------
        InputError
            If there is a problem; it names all of them.
        """
        if self._shown:
            problems = [problem for _, problem in sorted(self._shown, key=lambda x: x[0])]
            if self._num_hidden:
                at_least = "at least " if self._num_hidden == MAX_COUNTED else ""
                problems.append(f"and {at_least}{self._num_hidden} more")
            raise InputError("\n".join(problems))


class Report:
    """The problems found in a file so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._complaints = Complaints()

    def add(self, line: int, problem: str) -> None:
        """Note a problem on a line; the first line is 1. Raises as `Complaints.add`."""
        self._complaints.add(f"{self._path}:{line}", problem, order=line)

    def check(self) -> None:
        """Raise what there is, as `Complaints.check`."""
        self._complaints.check()


def check_file(path: Path) -> None:
    """Check that there is a regular file of a sensible size, without opening it.

    Raises
    ------
    InputError
        If it is missing, a directory, a device or a pipe (which might never end), or over 64 MiB.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValueError as error:  # a null byte in the name
        raise InputError(f"{path!r}: {error}") from None
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{path}: expected a file, got a directory")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: expected a regular file, got a device or a pipe")
    if status.st_size > MAX_BYTES:
        raise InputError(f"{path}: expected at most {MAX_BYTES} bytes, got {status.st_size}")


def read_bytes(path: Path) -> bytes:
    """Read a file whole.

    Raises
    ------
    InputError
        If there is no such file, or `check_file` has something against it.
    OSError
        If reading fails half-way.
    """
    check_file(path)
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    with file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:  # it grew meanwhile, or is of a kind that does not tell its size
        raise InputError(f"{path}: expected at most {MAX_BYTES} bytes, got more")
    return data


def read_lines(path: Path) -> list[str]:
    """Read the lines of a UTF-8 text; lines end as on Unix, Windows or old Macs.

    A file of nothing but white space has no lines. But for tabs, a line is as `is_plain` says.

    Raises
    ------
    InputError
        If there is no such file, or it is not a text.
    OSError
        If reading fails half-way.
    """
    data = read_bytes(path)
    if not data.strip():
        return []
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{path}:1: expected UTF-8 text, got UTF-16; save it as UTF-8")
    if b"\0" in data:
        null_line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise InputError(f"{path}:{null_line}: expected text, got binary data")
    num_lines = max(data.count(b"\n"), data.count(b"\r"))
    if num_lines > MAX_LINES:
        raise InputError(f"{path}: expected at most {MAX_LINES} lines, got {num_lines}")
    text = data.decode("utf-8-sig", errors="surrogateescape")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    report = Report(path)
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE_LENGTH:
            problem = f"expected at most {MAX_LINE_LENGTH} characters a line, got {len(line)}"
            report.add(number, problem)
        elif not is_plain(line):
            odd = next((c for c in line if c != "\t" and not is_plain(c)), None)
            if odd is not None:
                report.add(number, f"expected UTF-8 text, got {_describe(odd)}")
    report.check()
    return lines


def whole_number(word: str) -> int:
    """Parse plain digits: no sign, point, underscore or digits of another script.

    Raises
    ------
    ValueError
        If it is anything else, or has more than 18 digits.
    """
    if not (word.isascii() and word.isdigit()):
        raise ValueError(f"expected a whole number, in digits only, got {quote(word)}")
    if len(word) > MAX_DIGITS:
        raise ValueError(f"expected a number of at most {MAX_DIGITS} digits, got {quote(word)}")
    return int(word)


def is_plain(text: str) -> bool:
    r"""Whether all characters print, or join others and keep them apart as scripts need.

    >>> is_plain("می\u200cشود"), is_plain("two\u202elines"), is_plain("two\nlines")
    (True, False, False)
    """
    return text.isprintable() or text.translate(_JOINERS).isprintable()


def quote(text: str) -> str:
    """Quote a piece of a file for a message, cut where it is long."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def check_word(what: str, word: str) -> None:
    """Check that a text reads back as one word.

    Raises
    ------
    ValueError
        If it does not.
    """
    if word.split() != [word] or not is_plain(word):
        raise ValueError(f"{what}: expected one word without spaces, got {word!r}")


def write_text(path: Path, text: str) -> None:
    """Write a text as `write_bytes` does, in UTF-8."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file in one step: whoever looks sees the old one or the new one, whole.

    Raises
    ------
    OSError
        If it cannot be written; what was there stays.
    """
    target = Path(os.path.realpath(path))  # so that a symbolic link stays one
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
    if target.exists() and not target.is_file():
        # Replacing it would remove a device such as /dev/null.
        raise OSError(errno.EINVAL, "expected a regular file, or none", str(path))
    try:
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _describe(odd: str) -> str:
    code = ord(odd)
    if 0xDC80 <= code <= 0xDCFF:  # how "surrogateescape" hands on a byte it could not decode
        byte = code - 0xDC00
        character = bytes([byte]).decode("cp1252", errors="ignore")
        meant = f", {character!r} in Windows-1252; save it as UTF-8" if character else ""
        return f"the byte 0x{byte:02x}{meant}"
    return f"the unprintable character U+{code:04X}"
