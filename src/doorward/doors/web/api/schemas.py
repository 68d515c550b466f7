"""
The JSON Schema of a command's parameters: what a client can check before it asks.

A schema never refuses what the server takes. Where it cannot say all that the server looks at, `description`
says it in words.
"""

import math
from collections.abc import Mapping

from doorward.core.command import Command
from doorward.core.limits import Limits
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import (
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
)
from doorward.core.secret import Secret
from doorward.doors.web.api.patterns import as_javascript

Schema = dict[str, object]

_CONTROLS = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_ANY = f"^[^{_CONTROLS}]*$"
_NO_DASH = f"^(?!-)[^{_CONTROLS}]*$"

_HOSTNAME = rf"^(?![0-9.]+$){HostnameType.LABEL}(?:\.{HostnameType.LABEL})*\.?$"
_ADDRESSES: tuple[Schema, ...] = ({"format": "ipv4"}, {"format": "ipv6"})


def parameters_schema(command: Command, limits: Limits) -> Schema:
    """The schema of the object that holds the parameters of `command`."""
    schema: Schema = {
        "type": "object",
        "properties": {each.name: parameter_schema(each, limits) for each in command.parameters},
        "additionalProperties": False,
    }
    if required := [each.name for each in command.parameters if each.is_required]:
        schema["required"] = required
    return schema


def parameter_schema(parameter: Parameter, limits: Limits) -> Schema:
    """The schema of one parameter's value."""
    schema = _of_type(parameter.type)
    if parameter.repeats:
        schema = {"type": "array", "items": schema, "maxItems": limits.arguments}
    facts = [parameter.summary, parameter.type.expected]
    schema["description"] = "; ".join(fact for fact in facts if fact)
    default = parameter.default
    if isinstance(default, tuple):
        schema["default"] = list(default)
    elif default is not None and not isinstance(default, Secret):
        schema["default"] = default
    return schema


def _of_type(kind: ParameterType) -> Schema:
    match kind:
        case IntegerType(min=least, max=most) | PortType(min=least, max=most):
            return {"type": "integer", "minimum": least, "maximum": most}
        case NumberType():
            return _number(kind)
        case FlagType():
            return {"type": "boolean"}
        case ChoiceType(choices=choices):
            return {"type": "string", "enum": list(choices)}
        case _:
            return {"type": "string", **_text(kind)}


def _number(kind: NumberType) -> Schema:
    bounds = {"minimum": kind.min, "maximum": kind.max}
    return {"type": "number", **{name: bound for name, bound in bounds.items() if math.isfinite(bound)}}


def _text(kind: ParameterType) -> Mapping[str, object]:
    match kind:
        case TextType(min=least, max=most):
            return {"minLength": least, "maxLength": most, "pattern": _NO_DASH}
        case PathType(max=most):
            return {"minLength": 1, "maxLength": most, "pattern": _NO_DASH}
        case SecretType(min=least, max=most):
            secret = {"format": "password", "writeOnly": True}
            return {"minLength": least, "maxLength": most, "pattern": _ANY, **secret}
        case PatternType(pattern=pattern, max=most):
            translated = as_javascript(pattern)
            whole = {"allOf": [{"pattern": translated}]} if translated else {}
            return {"maxLength": most, "pattern": _ANY, **whole}
        case HostnameType():
            return {"maxLength": 253, "anyOf": [{"pattern": _HOSTNAME}, *_ADDRESSES]}
        case AddressType():
            return {"maxLength": 45, "anyOf": list(_ADDRESSES)}
        case _:
            raise TypeError(f"{kind.type_name} is no kind of text")
