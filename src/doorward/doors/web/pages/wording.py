"""Values in the words of a language: times, sizes, how a run ended, what a parameter takes."""

from datetime import datetime

from doorward.core.errors import BadArgument
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import (
    INTEGER_MOST,
    AddressType,
    ChoiceType,
    FlagType,
    HostnameType,
    IntegerType,
    NumberType,
    ParameterType,
    PathType,
    PatternType,
    PortType,
    SecretType,
    TextType,
    number_word,
)
from doorward.doors.web.pages.texts import Texts

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")


def duration(texts: Texts, seconds: float) -> str:
    """`0.4 s`, `3 min 12 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".", texts.decimal)
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def size(texts: Texts, size_bytes: float) -> str:
    """`252 GiB`, `1.5 MiB`, by powers of 1,024."""
    value, unit = float(size_bytes), 0
    while value >= 1024 and unit + 1 < len(_UNITS):
        value, unit = value / 1024, unit + 1
    digits = 1 if unit and value < 10 and value != int(value) else 0
    return f"{value:.{digits}f} {_UNITS[unit]}".replace(".", texts.decimal)


def moment(iso: str) -> str:
    """A time of JSON as people write it, in UTC."""
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M:%S} UTC"


def outcome_words(texts: Texts, outcome: Outcome) -> str:
    """How it ended, with what is missing of the output."""
    ending = _ending(texts, outcome)
    if outcome.cut_at_bytes:
        return f"{ending}, {texts.cut.format(size=size(texts, outcome.cut_at_bytes))}"
    return ending


def _ending(texts: Texts, outcome: Outcome) -> str:
    reason = texts.reasons.get(outcome.reason, outcome.reason)
    match outcome.kind:
        case OutcomeKind.EXITED:
            return texts.exited.format(status=outcome.status) if outcome.status else texts.done
        case OutcomeKind.SIGNALLED:
            return texts.killed.format(signal=outcome.signal)
        case OutcomeKind.TIMED_OUT:
            return texts.timed_out.format(seconds=f"{outcome.after_seconds:g}")
        case OutcomeKind.CANCELLED:
            return texts.cancelled_because.format(reason=reason) if reason else texts.cancelled
        case OutcomeKind.UNKILLABLE:
            return texts.unkillable
        case kind:
            return texts.failed.format(reason=reason or kind.value)


def problem_words(texts: Texts, problem: BadArgument, parameter: Parameter | None) -> str:
    """What is wrong with a value of a form; `parameter` is None for one that fits none."""
    if parameter is None:
        found = problem.found or "?"
        if problem.expected.startswith("a parameter of "):
            return texts.no_such_parameter.format(found=found)
        return texts.expected_got.format(expected=problem.expected, found=found)
    expected = hint(texts, parameter.type)
    # a text that is merely missing needs no more words
    if not problem.found or problem.found == "nothing":
        return texts.expected.format(expected=expected)
    return texts.expected_got.format(expected=expected, found=problem.found)


def hint(texts: Texts, kind: ParameterType) -> str:
    """What a parameter of this type takes."""
    match kind:
        case TextType() | SecretType() | PortType():
            return _bounded_hint(texts, kind)
        case IntegerType() | NumberType():
            return _number_hint(texts, kind)
        case ChoiceType(choices=choices):
            return texts.one_of.format(choices=", ".join(choices))
        case PathType(within=within):
            return texts.path.format(within=within)
        case PatternType(pattern=pattern):
            return texts.pattern.format(pattern=pattern)
        case FlagType() | HostnameType() | AddressType():
            return _plain_hint(texts, kind)


def _plain_hint(texts: Texts, kind: FlagType | HostnameType | AddressType) -> str:
    match kind:
        case FlagType():
            return texts.yes_or_no
        case HostnameType():
            return texts.host_name
        case AddressType():
            return texts.address


def _bounded_hint(texts: Texts, kind: TextType | SecretType | PortType) -> str:
    match kind:
        case TextType(min=least, max=most):
            return texts.any_text.format(least=least, most=most)
        case SecretType(min=least, max=most):
            return texts.secret.format(least=least, most=most)
        case PortType(min=least, max=most):
            return texts.port.format(least=least, most=most)


def _number_hint(texts: Texts, kind: IntegerType | NumberType) -> str:
    least, most = number_word(kind.min), number_word(kind.max)
    if isinstance(kind, NumberType):
        return (texts.number_from if most == "inf" else texts.number_between).format(least=least, most=most)
    if kind.max < INTEGER_MOST:
        return texts.integer_between.format(least=kind.min, most=kind.max)
    return texts.integer_from.format(least=kind.min) if kind.min > -INTEGER_MOST else texts.integer
