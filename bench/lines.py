"""Print how much there is to read: ``python -m bench.lines``.

* *Lines of code*: lines of ``src`` that hold a token of Python. Blank lines, comments and strings
  that stand alone (docstrings of modules, classes, functions and attributes) do not count.
* *Long functions*: those of more than 50 lines, all lines counted, from ``def`` to the end.
* *Archaic words*: the words below in the Python files of ``src`` and in the pages of ``docs``.
"""

from __future__ import annotations

import ast
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARCHAIC = re.compile(
    r"\b(whoever|nobody|somebody|theirs|whither|thereof|likewise|at one go|be had|come about"
    r"|go on as|let in by|told of)\b",
    re.IGNORECASE,
)
LONG = 50
NO_CODE = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


def lines_of_code(source: str) -> int:
    """Count the lines that hold code."""
    tokens = tokenize.tokenize(BytesIO(source.encode()).readline)
    code = {
        line
        for token in tokens
        if token.type not in NO_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(code.difference(*map(_lines, filter(_is_docstring, ast.walk(ast.parse(source))))))


def long_functions(source: str) -> Iterator[tuple[int, str]]:
    """Yield length and name of each function that is longer than ``LONG`` lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(_lines(node)) > LONG:
            yield len(_lines(node)), node.name


def archaic_words(text: str) -> Counter[str]:
    """Count each of the words."""
    return Counter(word.lower() for word in ARCHAIC.findall(text))


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and (
        isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )


def _lines(node: ast.AST) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)  # type: ignore[attr-defined]


def main(root: Path = ROOT) -> None:
    """Print all of it for a checkout."""
    package = root / "src" / "django_logout"
    sources = {path: path.read_text(encoding="utf-8") for path in sorted(package.rglob("*.py"))}
    pages = [path.read_text(encoding="utf-8") for path in sorted(root.glob("docs/**/*.md"))]

    folders: Counter[str] = Counter()
    for path, source in sources.items():
        folder, *below = path.relative_to(package).parts
        folders[folder if below else "(root)"] += lines_of_code(source)
    print(f"{folders.total():6,} lines of code in {len(sources)} files")
    for folder, lines in folders.most_common():
        print(f"{lines:6,} {folder}")

    found = [
        (length, f"{path.relative_to(package)}: {name}")
        for path, source in sources.items()
        for length, name in long_functions(source)
    ]
    print(f"\n{len(found):6,} functions of more than {LONG} lines")
    for length, name in sorted(found, reverse=True):
        print(f"{length:6,} {name}")

    for where, texts in (("src", list(sources.values())), ("docs", pages)):
        words = sum(map(archaic_words, texts), Counter[str]())
        named = ", ".join(f"{word} {times}" for word, times in words.most_common())
        print(f"\n{words.total():6,} archaic words in {where}{': ' * bool(words)}{named}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
