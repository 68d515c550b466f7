"""How an answer of a built-in command is written: for people, or for programs."""

from doorward.core.parameter import Parameter
from doorward.core.parameter_types import ChoiceType

FORM = Parameter(
    name="form", type=ChoiceType(choices=("text", "json")), default="text", summary="how to write it"
)
