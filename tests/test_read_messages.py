"""Every error of reading says what was expected or what to do, wherever it stands in the source."""

import ast
import re
import sys
from pathlib import Path

import pytest
from study_tools import ROOT

sys.path.insert(0, str(ROOT / "tests" / "publish"))
from finding_tools import HOLE, _texts

MODULES = [*sorted((ROOT / "gis" / "read").glob("*.py")), ROOT / "gis/season_inputs.py", ROOT / "gis/steps/seasons.py"]
# What is expected, what to do, or the names to choose from.
TELLS = re.compile(
    r"; \w|: \w+ (it|them|beside)|\bexpected |\bmust be|\bset |\bneeds |no such file in|did you mean|: mend|make"
)


def errors(path: Path) -> list[tuple[str, int]]:
    """Message and line of each error that a module may raise; one for each way a message may go."""
    tree = ast.parse(path.read_text("utf-8"))
    found = []
    for scope in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        for call in ast.walk(scope):
            if not isinstance(call, ast.Call) or len(call.args) < 2:
                continue
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name == "fail":
                message = call.args[1]
            elif name in ("add", "Finding") and "error" in _texts(call.args[0], scope, tree, call.lineno):
                message = call.args[2]
            elif name == "_refuse":
                message = call.args[3]
            else:
                continue
            found += [(text, call.lineno) for text in _texts(message, scope, tree, call.lineno)]
    return [one for one in found if one[0] != HOLE]


FOUND = sorted({(path.name, text, line) for path in MODULES for text, line in errors(path)})


def test_the_source_is_read_as_meant() -> None:
    texts = {text for _, text, _ in FOUND}
    assert len(texts) > 60
    assert "lon is blank; fill it in, or take the row out".replace("lon", HOLE) in texts
    assert "the number of the road is blank; fill it in, such as A-1" in texts


@pytest.mark.parametrize(("module", "text", "line"), FOUND)
def test_every_error_says_what_to_do(module: str, text: str, line: int) -> None:
    assert TELLS.search(text), f"{module}:{line}: {text.replace(HOLE, '...')}"


@pytest.mark.parametrize("text", ["lon is blank", "the file is empty", "no roads are left"])
def test_a_message_that_leaves_one_alone_is_found(text: str) -> None:
    assert not TELLS.search(text)
