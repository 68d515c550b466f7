"""Which of our languages a browser likes best."""

import re

from doorward.core.settings import Language

_RANGE = re.compile(
    r"\s*([A-Za-z*]{1,8})(?:-[A-Za-z0-9-]{1,40})?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?"
)
_RANGES = 16
_LANGUAGES = {language.value: language for language in Language}


def language_of(header: str, *, otherwise: Language) -> Language:
    """
    The language that an Accept-Language header asks for.

    Args:
        header: `fr-CH, fr;q=0.9, en;q=0.8`; only its first 16 ranges count.
        otherwise: for a header that names none of ours.

    Source: RFC 9110 section 12.5.4, RFC 4647 section 3.3.1: the first subtag decides.
    """
    best, best_weight = otherwise, 0.0
    for part in header.split(",", _RANGES)[:_RANGES]:
        match = _RANGE.fullmatch(part)
        language = _LANGUAGES.get(match[1].lower()) if match else None
        if match is None or language is None:
            continue
        weight = float(match[2] or 1)
        if weight > best_weight:
            best, best_weight = language, weight
    return best
