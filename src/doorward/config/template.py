"""The commented configuration to begin with, which `doorward init` writes."""

from importlib.resources import files

from doorward.config.ranges import plain
from doorward.core.limits import Limits, PenaltyLimits, facts

_PENALTIES = """
# What a source pays for trying in vain to log in, at all doors with a login together: the seconds add up, and
# once they are more than the least, its connections are closed for that long.
[limits.penalties]
# Networks or addresses that pay nothing; loopback pays for wrong logins alone.
#exempt = ["192.0.2.0/24", "2001:db8::7"]
"""


def template_text() -> str:
    """Every table, key and limit, explained; as it stands, it changes nothing."""
    head = files("doorward.config").joinpath("template.toml").read_text("utf-8")
    return head + _limits(Limits) + _PENALTIES + _limits(PenaltyLimits)


def _limits(table: type[Limits] | type[PenaltyLimits]) -> str:
    return "".join(
        f"# {about.unit}, from {plain(about.least)} to {plain(about.most)} ({about.source})\n"
        f"#{name} = {plain(default)}\n"
        for name, default, about in facts(table)
    )
