"""Type annotations of settings: a comparison with values, and a description in words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from django_logout.conf import logout_settings

_WORDS: dict[Any, tuple[str, str]] = {
    Any: ("anything", "..."),
    NoneType: ("None", "None"),
    str: ("a string", '"..."'),
    bool: ("True or False", "True"),
    int: ("a whole number", "60"),
    float: ("a number", "0.5"),
    timedelta: ("a timedelta", "timedelta(minutes=30)"),
    Mapping: ("a dict", '{"...": "..."}'),
    Callable: ("a callable", "a_function"),
}


def describe(hint: Any) -> tuple[str, str]:
    """Return an annotation in words, and an example value."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        words, examples = zip(*map(describe, inner), strict=True)
        return " or ".join(words), examples[0]
    if origin is tuple:
        item, example = describe(inner[0])
        return f"a list (each item {item})", f"[{example}]"
    if origin is Literal:
        return f"one of {', '.join(map(repr, inner))}", repr(inner[0])
    return _WORDS.get(origin or hint, (f"a {(origin or hint).__name__}", "..."))


def listed(setting: str) -> Sequence[str]:
    """Return the strings that a setting lists. One of another type lists none: it has a check of
    its own."""
    given = getattr(logout_settings(), setting)
    return given if matches(given, tuple[str, ...]) else ()


def matches(value: Any, hint: Any) -> bool:
    """Return whether a value has the annotated type. A list is accepted for a tuple."""
    origin, inner = get_origin(hint) or hint, get_args(hint)
    if origin in {Union, UnionType}:
        return any(matches(value, choice) for choice in inner)
    if origin is tuple:
        return isinstance(value, list | tuple) and all(matches(item, inner[0]) for item in value)
    if origin is Literal:
        return value in inner
    if origin is Mapping:
        pairs = value.items() if isinstance(value, Mapping) else [(None, None)]
        return all(matches(k, inner[0]) and matches(v, inner[1]) for k, v in pairs)
    if origin in {int, float} and isinstance(value, bool):
        return False
    return origin is Any or (callable(value) if origin is Callable else isinstance(value, origin))
