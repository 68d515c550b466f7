"""Figures of the daemon, for whoever watches many daemons: each with a name and a value for each label."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """
    One figure.

    Attributes:
        name: `doorward_` and what is counted, with its unit: `_seconds`, `_bytes`.
        about: one line for people.
        is_total: only ever grows, from 0 at the start of the daemon.
        labels: the names of the labels.
        values: by the values of the labels, in their order.

    Source: the naming practices of Prometheus.
    """

    name: str
    about: str
    is_total: bool = False
    labels: tuple[str, ...] = ()
    values: Mapping[tuple[str, ...], float]


def single(name: str, about: str, value: float, *, is_total: bool = False) -> Figure:
    """A figure without labels."""
    return Figure(name=name, about=about, is_total=is_total, values={(): value})
