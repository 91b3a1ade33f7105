"""XML from outside: no document type, so no entities that grow, and nothing fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.parsers import expat

from timetabling.formats.text import InputError

__all__ = ["MarkupError", "parse"]

_DEEPEST = 100


class MarkupError(ValueError):
    """Not XML, or more of it than is wanted; with the line."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


def parse(
    data: bytes,
    *,
    start: Callable[[str, Mapping[str, str], int], None],
    end: Callable[[str, str], None],
) -> None:
    """Call back for each element, by its name without a namespace.

    Parameters
    ----------
    start
        Told the name, the attributes and the line of an element that begins.
    end
        Told the name of an element that ends, and the text since the last start or end.

    Raises
    ------
    MarkupError
        If it is no well-formed XML, has a document type, or elements within 100 others.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.buffer_size = 2**16
    text: list[str] = []
    depth = 0

    def local(name: str) -> str:
        return name.rpartition(" ")[2]

    def on_start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise MarkupError(parser.CurrentLineNumber, "expected less deeply nested elements")
        text.clear()
        start(local(name), attributes, parser.CurrentLineNumber)

    def on_end(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(local(name), "".join(text))
        text.clear()

    def on_doctype(*_: object) -> None:
        raise MarkupError(parser.CurrentLineNumber, "expected no document type (<!DOCTYPE ...>)")

    parser.StartElementHandler = on_start
    parser.EndElementHandler = on_end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = on_doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        problem = f"expected XML, got {expat.ErrorString(error.code)}"
        raise MarkupError(error.lineno, problem) from None
    except (MarkupError, InputError):
        raise
    except (LookupError, ValueError):  # Python's own complaints about an encoding
        problem = "expected XML in UTF-8, got another encoding"
        raise MarkupError(parser.CurrentLineNumber, problem) from None
