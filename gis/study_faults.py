"""What is wrong in a study file, said in the words of its author."""

import difflib
from pathlib import Path
from typing import Any

from pydantic import BaseModel

_EXPECTED = {
    "string_type": "expected text in quotes",
    "path_type": "expected a path in quotes",
    "float_type": "expected a number",
    "int_type": "expected a whole number",
    "finite_number": "expected a finite number",
    "string_pattern_mismatch": "expected lower-case Latin letters, digits and _, beginning with a letter",
    "string_too_long": "expected at most {max_length} letters",
    "literal_error": "expected {expected}",
    "greater_than": "expected a number above {gt:g}",
    "greater_than_equal": "expected {ge:g} or more",
    "less_than_equal": "expected {le:g} or less",
    "too_short": "expected at least {min_length} of them, not {actual_length}",
    "too_long": "expected {max_length} of them, not {actual_length}",
    "list_type": "expected a list in [ ]",
}


def fault_text(fault: Any, root: type[BaseModel]) -> str:
    """Say what is wrong, from an error of pydantic's; `root` is the model of the whole file."""
    # In parentheses stand our names for the kinds of a value, in brackets pydantic's: no part of the key.
    loc = [part for part in fault["loc"] if not (isinstance(part, str) and part[:1] in ("(", "["))]
    key = ".".join(part if isinstance(part, str) else str(part + 1) for part in loc) or "the study"
    kind, value = fault["type"], fault.get("input")
    if kind == "extra_forbidden":
        return f"{key}: no such key; {_hint(loc, root)}"
    if kind == "missing":
        return f"{key}: missing; this key is needed"
    message = _EXPECTED.get(kind, str(fault["msg"]).removeprefix("Value error, ")).format(**fault.get("ctx", {}))
    if kind in ("model_type", "dict_type"):
        message = f"expected a table: [{key}] on a line of its own, its keys below"
    elif kind == "list_type" and loc[-1] in ("tiers", "seasons", "indicators", "supplies"):
        message = f"expected [[{key}]], with two brackets on each side, for each of them"
    return f"{key}: {message}" if isinstance(value, dict | list) else f"{key} = {_shown(value)}: {message}"


def _shown(value: object) -> str:
    """Write a value as TOML does, or nearly."""
    return str(value).lower() if isinstance(value, bool) else repr(str(value) if isinstance(value, Path) else value)


def _hint(loc: list[str | int], root: type[BaseModel]) -> str:
    key, known = str(loc[-1]), _keys_beside(tuple(loc), root)
    if len(loc) > 1 and key in ("title", "language", "notes"):
        return f"{key} belongs at the top of the file, above the first line in [ ]"
    near = difflib.get_close_matches(key.lower(), known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"


def _keys_beside(loc: tuple[str | int, ...], root: type[BaseModel]) -> list[str]:
    """The keys that are known where an unknown one was found, by walking the models."""
    model: Any = root
    for part in loc[:-1]:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part) if model is not None else None
        model = _model_in(field.annotation) if field is not None else None
    return sorted(model.model_fields) if model is not None else []


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None
