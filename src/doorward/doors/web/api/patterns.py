"""Patterns of Python's as JavaScript has them, which JSON Schema speaks; where both mean the same."""

import re

# A part of a pattern that means the same to both, once `_translated` has rewritten some. What Unicode makes
# different (\\d, \\w, \\s, \\b), what only one of them has (named groups, back references, possessive
# quantifiers, flags), and braces and brackets that stand for themselves fit none of these.
_PART = re.compile(
    r"""
      (?P<group>\((?:\?:)?|\)|\|)
    | (?P<quantifier>(?:[*+?]|\{[0-9]{0,4}(?:,[0-9]{0,4})?\})\??)
    | (?P<class>\[\^?(?:\\[^0-9A-Za-z]|[^][\\])+\])
    | (?P<escape>\\[^0-9A-Za-z])
    | (?P<anchor>[.^$])
    | (?P<plain>[^][(){}|*+?\\.^$])
    """,
    re.VERBOSE | re.DOTALL,
)
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_NO_BOUND = re.compile(r"\{,?\}\??")


def as_javascript(pattern: str) -> str | None:
    """
    A pattern that matches as a whole what `pattern` matches as a whole; None where that cannot be said.

    Source: ECMA-262, 22.2.1, with the flag `u`: only what is syntax may be escaped.
    """
    parts: list[str] = []
    position, before = 0, "("
    while position < len(pattern):
        match = _PART.match(pattern, position)
        if match is None or match.lastgroup is None:
            return None
        part = _translated(match.lastgroup, match[0], before=before)
        if part is None:
            return None
        parts.append(part)
        position, before = match.end(), "*" if match.lastgroup == "quantifier" else match[0]
    return f"^(?:{''.join(parts)})$"


def _translated(kind: str, part: str, *, before: str) -> str | None:
    match kind:
        case "quantifier":
            # nothing to repeat, a possessive or a doubled one
            if before in {"(", "(?:", "|", "*", "^", "$"} or _NO_BOUND.fullmatch(part):
                return None
            return part.replace("{,", "{0,")
        case "class":
            return "[" + re.sub(r"\\(.)|(.)", _in_class, part[1:-1], flags=re.DOTALL) + "]"
        case "escape":
            return part if part[1] in _SYNTAX else part[1]
        case _:
            return part


def _in_class(match: re.Match[str]) -> str:
    escaped = match[1]
    if escaped is None:
        return match[0]
    return match[0] if escaped in _SYNTAX or escaped == "-" else str(escaped)
