"""Every order in which the steps of a few tasks can happen, one after the other.

A task is a function that calls :func:`step` before each thing that others can see. All tasks
run in one thread; nothing happens between two steps.
"""

from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from typing import Any

from greenlet import getcurrent, greenlet

Task = Callable[[], Any]
Run = tuple[dict[str, Any], list[str]]


def step() -> None:
    """Let others go first; nothing outside of :func:`every_order`."""
    parent = getcurrent().parent
    if parent is not None:
        parent.switch()


def every_order(
    tasks: Callable[[], Mapping[str, Task]], after_each: Callable[[dict[str, Any]], None]
) -> Iterator[Run]:
    """Run fresh tasks in every order; ``after_each`` sees what has been returned, at each new step.

    Gives for each order what the tasks have returned or raised, and who did each step.
    """
    to_do: list[list[str]] = [[]]
    while to_do:
        prefix = to_do.pop()
        results, taken, choices = _run(tasks(), prefix, after_each)
        yield results, taken
        for position in range(len(prefix), len(taken)):
            done = taken[:position]
            to_do += [[*done, other] for other in choices[position] if other != taken[position]]


def _run(
    tasks: Mapping[str, Task], prefix: list[str], after_each: Callable[[dict[str, Any]], None]
) -> tuple[dict[str, Any], list[str], list[list[str]]]:
    results: dict[str, Any] = {}
    waiting = {name: greenlet(_keeping(name, task, results)) for name, task in tasks.items()}
    for each in waiting.values():
        each.gr_context = copy_context()  # the same connections for all
        each.switch()  # as far as its first step
    taken: list[str] = []
    choices: list[list[str]] = []
    while runnable := [name for name, each in waiting.items() if not each.dead]:
        name = prefix[len(taken)] if len(taken) < len(prefix) else runnable[0]
        choices.append(runnable)
        taken.append(name)
        waiting[name].switch()
        if len(taken) >= len(prefix):  # else an order before this one has been here
            after_each(results)
    return results, taken, choices


def _keeping(name: str, task: Task, results: dict[str, Any]) -> Task:
    def run() -> None:
        try:
            results[name] = task()
        except Exception as error:  # noqa: BLE001  # a result like any other
            results[name] = error

    return run
