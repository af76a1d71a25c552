"""IPython syntax to Python, without IPython.

Magics become the calls IPython itself makes (`get_ipython().run_line_magic(...)`), so that the
analysis sees one form only. Line numbers are kept.
"""

from __future__ import annotations

import ast
import re
import textwrap

_ASSIGN = re.compile(r"^(\s*)([^\s=(#'\"][^=#'\"]*?)\s*=\s*([%!])\s*(.+)$", re.S)
_HELP = re.compile(r"^(\s*)([\w.%*\[\]]+)(\?\??)\s*;?\s*$")
_PROMPT = re.compile(r"^(>>> ?|In \[\d+\]: )")
_CONTINUATION = re.compile(r"^(\.\.\. ?|\s*\.{3,}: ?)")
_QUOTES = re.compile(r"'''|\"\"\"|'|\"|[()\[\]{}]|#|\\")


def parse(source: str) -> tuple[ast.Module, str]:
    """The tree of a cell and the Python text its positions refer to; SyntaxError if there is none.

    No magic is valid Python, so a cell that parses holds none.
    """
    try:
        return _python(source), source
    except SyntaxError:
        text = to_python(source)
        return _python(text), text


def _python(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or type(error).__name__) from error


def to_python(source: str) -> str:
    lines = source.splitlines()
    while lines and not lines[0].strip():
        lines.pop(0)
    if not lines:
        return ""
    if lines[0].startswith("%%"):
        name, _, rest = lines[0][2:].partition(" ")
        body = "\n".join(lines[1:]) + "\n"
        return f"get_ipython().run_cell_magic({name.strip()!r}, {rest.strip()!r}, {body!r})"
    lead = len(source) - len(source.lstrip("\n"))
    if lines[0][:1] in (" ", "\t"):
        lines = textwrap.dedent("\n".join(lines)).splitlines()
    if _PROMPT.match(lines[0]):
        lines = [_CONTINUATION.sub("", _PROMPT.sub("", line, count=1), count=1) for line in lines]
    return "\n" * lead + "\n".join(_translate(lines))


def _translate(lines: list[str]) -> list[str]:
    out: list[str] = []
    quote: str | None = None
    depth = 0
    joined = False
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if quote is None and depth == 0 and not joined:
            extra = 0
            if _is_magic(line):
                while line.endswith("\\") and index < len(lines):
                    line = line[:-1] + lines[index].lstrip()
                    index += 1
                    extra += 1
            replaced = _magic(line)
            if replaced is not None:
                out.append(replaced)
                out.extend([""] * extra)
                continue
        out.append(line)
        quote, depth, joined = _scan(line, quote, depth)
    return out


def _is_magic(line: str) -> bool:
    text = line.lstrip()
    return text[:1] in ("%", "!", "?") or _ASSIGN.match(line) is not None


def _magic(line: str) -> str | None:
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    help_match = _HELP.match(line)
    if text.startswith("?") or help_match:
        name = help_match.group(2) if help_match else text.strip("? ;")
        return f"{indent}get_ipython().run_line_magic('pinfo', {name!r})"
    if text.startswith("!!"):
        return f"{indent}get_ipython().getoutput({text[2:].strip()!r})"
    if text.startswith("!"):
        return f"{indent}get_ipython().system({text[1:].strip()!r})"
    if text.startswith("%"):
        return indent + _line_magic(text[1:])
    assign = _ASSIGN.match(line)
    if assign and _is_target(assign.group(2)):
        kind, rest = assign.group(3), assign.group(4).strip()
        call = _line_magic(rest) if kind == "%" else f"get_ipython().getoutput({rest!r})"
        return f"{assign.group(1)}{assign.group(2)} = {call}"
    if text[:1] in (",", ";", "/") and len(text) > 1 and (text[1].isalpha() or text[1] == "_"):
        return indent + _autocall(text)
    return None


def _is_target(text: str) -> bool:
    try:
        ast.parse(f"{text} = 0")
    except SyntaxError:
        return False
    return True


def _line_magic(text: str) -> str:
    name, _, rest = text.strip().partition(" ")
    return f"get_ipython().run_line_magic({name!r}, {rest.strip()!r})"


def _autocall(text: str) -> str:
    name, _, rest = text[1:].strip().partition(" ")
    if text[0] == "/":
        return f"{name}({rest})"
    if text[0] == ";":
        return f"{name}({rest!r})"
    return f"{name}({', '.join(repr(word) for word in rest.split())})"


def _scan(line: str, quote: str | None, depth: int) -> tuple[str | None, int, bool]:
    """State after a line: the open quote, the depth of brackets, joined by a backslash."""
    position = 0
    while True:
        found = _QUOTES.search(line, position)
        if found is None:
            return (quote if quote and len(quote) == 3 else None), depth, False
        token = found.group()
        position = found.end()
        if token == "\\":
            if position >= len(line):
                return quote, depth, True
            position += 1
        elif quote is not None:
            if token == quote:
                quote = None
            elif token[0] == quote[0] and len(token) == 3:
                # Three of a one-character quote: it ends at the first of them.
                position -= 2
                quote = None
            elif token != quote and len(quote) == 3 and token == quote[0]:
                continue
        elif token == "#":
            return None, depth, False
        elif token[0] in "'\"":
            quote = token
        elif token in "([{":
            depth += 1
        else:
            depth = max(0, depth - 1)
