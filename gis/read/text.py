"""Text as people write it: numbers with blanks and commas, ids from spreadsheets, odd characters in names."""

import re
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
Column: TypeAlias = "pd.Series[Any]"

# fmt: off
NOT_KNOWN = frozenset([
    "", "-", "--", "–", "—", "...", "…", "?", "nan", "na", "n/a", "#n/a", "null", "none", "no data",
    "unknown", "нет данных", "нет", "н/д", "нд", "н.д.", "деректер жоқ", "мәлімет жоқ", "жоқ", "д/ж",
])
# fmt: on
"""How people write "no data", in lower case."""

_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
_SPREADSHEET_WHOLE = re.compile(r"\d+\.0+")
_BREAKS = r"[\t\r\n]+"


def parse_numbers(
    values: Column, *, comma: Literal["decimal", "thousands"] = "decimal"
) -> tuple[NDArray[np.float64], Bool]:
    """Read numbers as people write them: `1 234,5`, `1,234.5`, `1'234`, `нет данных`.

    Blanks of any kind and apostrophes between digits are dropped. A comma is the decimal sign, unless the
    column shows otherwise (two commas in a value, or a comma before a point).

    Parameters
    ----------
    values
        Numbers or text, shape `(n,)`.
    comma
        How a column is read in which each comma is followed by three digits, which may mean either.

    Returns
    -------
    numbers, unreadable : arrays of shape `(n,)`
        NaN where the value is blank, says "no data" (`NOT_KNOWN`) or is unreadable.

    Examples
    --------
    >>> numbers, unreadable = parse_numbers(pd.Series(["1 234", "0,5", "нет данных", "many"]))
    >>> numbers.tolist(), unreadable.tolist()
    ([1234.0, 0.5, nan, nan], [False, False, False, True])
    >>> parse_numbers(pd.Series(["1,234", "12,500"]), comma="thousands")[0].tolist()
    [1234.0, 12500.0]
    """
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return values.to_numpy(dtype=float, na_value=np.nan), np.zeros(len(values), bool)
    codes, uniques = pd.factorize(values.astype(object), use_na_sentinel=True)
    text = pd.Series([str(u).strip() for u in uniques], dtype=object)
    numbers = np.array(pd.to_numeric(text, errors="coerce"), dtype=float)
    odd = np.flatnonzero(np.isnan(numbers))
    folded = text.iloc[odd].str.casefold()
    unknown = folded.isin(NOT_KNOWN).to_numpy()
    numbers[odd] = pd.to_numeric(_plain_numbers(folded, comma), errors="coerce").to_numpy(dtype=float)
    unreadable = np.isnan(numbers)
    unreadable[odd[unknown]] = False
    # The last stands for missing values, which are coded -1.
    return np.append(numbers, np.nan)[codes], np.append(unreadable, False)[codes]


def _plain_numbers(text: Column, comma: str) -> Column:
    """Return numbers as Python writes them: no blanks, no grouped thousands, a point as the decimal sign."""
    text = text.str.replace(r"(?<=\d)[\s'’`]+(?=\d)", "", regex=True).str.replace("−", "-")
    with_comma = text.str.contains(",")
    grouped = text.str.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
    surely = text.str.contains(r",\d+,|,\d+\.", regex=True).any()
    if surely or (comma == "thousands" and grouped[with_comma].all()):
        # A comma elsewhere, as in 0,5, would be a second meaning in one column: left, and so unreadable.
        return text.where(~grouped, text.str.replace(",", ""))
    # Points that group thousands, as in 1.234.567 and 1.234,5, cannot be decimal signs.
    pointed = text.str.fullmatch(r"[+-]?\d{1,3}(\.\d{3}){2,}|[+-]?\d{1,3}(\.\d{3})+,\d+")
    return text.where(~pointed, text.str.replace(".", "")).str.replace(",", ".")


def ambiguous_commas(values: Column) -> int:
    """Count values such as `1,234`, where the column does not show what its commas mean; 0 where it does.

    Examples
    --------
    >>> ambiguous_commas(pd.Series(["1,234", "5"])), ambiguous_commas(pd.Series(["1,234", "0,5"]))
    (1, 0)
    """
    text = as_text(values)
    with_comma = text[text.str.contains(",")]
    both = with_comma.str.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}")
    return int(both.sum()) if both.all() else 0


def as_text(values: Column) -> Column:
    """Return values as trimmed text, empty where missing; whole numbers lose the `.0` of a spreadsheet.

    Codes that start with a zero, or lost it, are left as they are.

    Examples
    --------
    >>> as_text(pd.Series([101.0, 102.0, None])).tolist()
    ['101', '102', '']
    >>> as_text(pd.Series(["101.0", "102.0"])).tolist(), as_text(pd.Series(["1.0", "1.5", " a "])).tolist()
    (['101', '102'], ['1.0', '1.5', 'a'])
    """
    codes, words = coded(values)
    text = np.array(words, dtype=object)
    return pd.Series(text[codes], index=values.index, name=values.name, dtype="str")


def coded(values: Column) -> tuple[NDArray[np.intp], list[str]]:
    """Return the texts that `as_text` makes, each once or a few times, and which of them each value has.

    The last text is empty and stands for missing values, coded -1. What depends on the text alone is found out once
    for each, not for each of a million roads.

    Examples
    --------
    >>> codes, words = coded(pd.Series(["no", " yes", None, "no"]))
    >>> codes.tolist(), words
    ([0, 1, -1, 0], ['no', 'yes', ''])
    """
    codes, uniques = pd.factorize(values)
    words = [(u if type(u) is str else _plain(u)).strip() for u in np.asarray(uniques, dtype=object)]
    if any(words) and all(_SPREADSHEET_WHOLE.fullmatch(w) for w in words if w):
        words = [w.split(".")[0] for w in words]
    return codes, [*words, ""]


def _plain(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def optional_text(values: Column) -> Column:
    """Return values as trimmed text, None where missing or empty.

    Examples
    --------
    >>> optional_text(pd.Series([" a", "", None])).tolist()
    ['a', None, None]
    """
    codes, words = coded(values)
    text = np.array([word or None for word in words], dtype=object)
    return pd.Series(text[codes], index=values.index, name=values.name, dtype=object)


def strip_control(values: Column) -> tuple[Column, Bool]:
    r"""Remove control characters; breaks and tabs become a blank. Markup and formulas stay as they are.

    Returns
    -------
    text, changed
        `changed` marks the values that held such characters.

    Examples
    --------
    >>> text, changed = strip_control(pd.Series(["Ал\x07маты", "<b>=1+1</b>"]))
    >>> text.tolist(), changed.tolist()
    (['Алматы', '<b>=1+1</b>'], [True, False])
    """
    changed = values.str.contains(_CONTROL + "|" + _BREAKS, regex=True).to_numpy(dtype=bool)
    if not changed.any():
        return values, changed
    text = values.str.replace(_BREAKS, " ", regex=True).str.replace(_CONTROL, "", regex=True).str.strip()
    return text, changed


def lost_letters(values: Column) -> Bool:
    """Mark values in which letters were lost by an encoding: `?` at a Cyrillic letter, or U+FFFD.

    Examples
    --------
    >>> lost_letters(pd.Series(["?ызылорда", "Where?", "Қызылорда"])).tolist()
    [True, False, False]
    """
    pattern = "[\u0400-\u04ff]\\?|\\?[\u0400-\u04ff]|\ufffd"
    return values.str.contains(pattern, regex=True).to_numpy(dtype=bool)
