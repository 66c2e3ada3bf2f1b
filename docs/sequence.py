"""Draw a sequence diagram from its text, as an SVG that is part of the page.

.. code-block:: text

    ```{sequence} What it shows, in a sentence
    Browser, Site
    Browser -> Site: POST /accounts/logout/
    Site: the session ends
    Site --> Browser: You have been logged out.
    ```

The first line names the columns. ``->`` is an arrow, ``-->`` a dashed one for an answer, and a line
without an arrow is a note in its column. The colors are those of the text, light or dark.
"""

from dataclasses import dataclass
from html import escape
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

#: Of a character of the font, about; of a line of text; of the gap beside a text.
CHARACTER, LINE, GAP = 7.2, 34, 14
HEAD = 40


@dataclass(frozen=True)
class Step:
    """An arrow from a column to another, or a note if both are the same."""

    start: int
    end: int
    text: str
    dashed: bool = False


class Sequence(SphinxDirective):
    """The directive ``sequence``; its argument is read aloud in place of the picture."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the diagram."""
        names, steps = parse(list(self.content))
        svg = draw(names, steps, self.arguments[0], f"sequence-{self.env.new_serialno('sequence')}")
        return [nodes.raw("", f'<figure class="sequence">{svg}</figure>', format="html")]


def parse(lines: list[str]) -> tuple[list[str], list[Step]]:
    """Return the columns and the steps of a text."""
    first, *rest = [line.strip() for line in lines if line.strip()]
    names = [name.strip() for name in first.split(",")]
    return names, [_parse_step(line, names) for line in rest]


def _parse_step(line: str, names: list[str]) -> Step:
    who, _, text = line.partition(": ")
    arrow = "-->" if "-->" in who else "->"
    start, _, end = (part.strip() for part in who.partition(arrow))
    return Step(names.index(start), names.index(end or start), text, arrow == "-->")


def draw(names: list[str], steps: list[Step], title: str, key: str) -> str:
    """Return the SVG."""
    centers = _place(names, steps)
    width = _edge(names, steps, centers)
    height = HEAD + LINE * len(steps) + GAP
    parts = [
        f'<svg viewBox="0 0 {width:.0f} {height}" style="max-width: {width:.0f}px" role="img"',
        f' aria-labelledby="{key}"><title id="{key}">{escape(title)}</title>',
    ]
    for name, x in zip(names, centers, strict=True):
        half = CHARACTER * len(name) / 2 + GAP
        parts.append(f'<path class="life" d="M{x:.1f} {HEAD}V{height}"/>')
        parts.append(f'<rect x="{x - half:.1f}" y="1" width="{2 * half:.1f}" height="28" rx="4"/>')
        parts.append(f'<text class="name" x="{x:.1f}" y="20">{escape(name)}</text>')
    for number, step in enumerate(steps, start=1):
        parts += _draw_step(step, centers, HEAD + LINE * number - 8)
    return "".join([*parts, "</svg>"])


def _draw_step(step: Step, centers: list[float], y: float) -> list[str]:
    start, end = centers[step.start], centers[step.end]
    text = escape(step.text)
    if start == end:
        half = CHARACTER * len(step.text) / 2 + 6
        box = f'<rect class="note" x="{start - half:.1f}" y="{y - 17}" width="{2 * half:.1f}" height="24"/>'
        return [box, f'<text x="{start:.1f}" y="{y}">{text}</text>']
    back = 1 if end < start else -1
    kind = ' class="dashed"' if step.dashed else ""
    return [
        f'<path{kind} d="M{start:.1f} {y}H{end:.1f}"/>',
        f'<path d="M{end + 7 * back:.1f} {y - 4}L{end:.1f} {y}l{7 * back} 4"/>',
        f'<text x="{(start + end) / 2:.1f}" y="{y - 6}">{text}</text>',
    ]


def _place(names: list[str], steps: list[Step]) -> list[float]:
    """Return where the columns are: as close as names, notes and arrows allow."""
    halves = [CHARACTER * len(name) / 2 + GAP for name in names]
    notes = [step for step in steps if step.start == step.end]
    for step in notes:
        halves[step.start] = max(halves[step.start], CHARACTER * len(step.text) / 2 + GAP)
    centers = [halves[0] + 2]
    for column in range(1, len(names)):
        apart = (
            centers[-1] + CHARACTER * (len(names[column - 1]) + len(names[column])) / 2 + 3 * GAP
        )
        for step in steps:
            low, high = sorted((step.start, step.end))
            needed = CHARACTER * len(step.text)
            if low == high == column or low == high == column - 1:
                apart = max(apart, centers[-1] + needed / 2 + GAP)
            elif high == column:
                apart = max(apart, centers[low] + needed + 2 * GAP)
        centers.append(apart)
    return centers


def _edge(names: list[str], steps: list[Step], centers: list[float]) -> float:
    """Return where the picture ends on the right."""
    texts = [(number, name) for number, name in enumerate(names)]
    texts += [(step.start, step.text) for step in steps if step.start == step.end]
    return max(centers[column] + CHARACTER * len(text) / 2 + GAP + 2 for column, text in texts)


def setup(app: Any) -> dict[str, bool]:
    """Add the directive, and how its pictures look."""
    app.add_directive("sequence", Sequence)
    app.add_css_file("sequence.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
