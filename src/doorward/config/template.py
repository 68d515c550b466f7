"""The commented configuration to begin with, which `doorward init` writes."""

from importlib.resources import files

from doorward.config.ranges import plain
from doorward.core.limits import facts


def template_text() -> str:
    """Every table, key and limit, explained; as it stands, it changes nothing."""
    head = files("doorward.config").joinpath("template.toml").read_text("utf-8")
    limits = (
        f"# {about.unit}, from {plain(about.least)} to {plain(about.most)} ({about.source})\n"
        f"#{name} = {plain(default)}\n"
        for name, default, about in facts()
    )
    return head + "".join(limits)
