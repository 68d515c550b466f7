"""The daemon's figures in the text format of Prometheus, for whoever may ask how it is."""

import asyncio
from collections.abc import Iterable, Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from doorward.core.figures import Figure, single
from doorward.core.outcome import Outcome
from doorward.doors.web.problems import refused
from doorward.doors.web.routes import Route
from doorward.doors.web.visit import Visit

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


async def metrics(visit: Visit) -> web.StreamResponse:
    """All figures as they are now."""
    door = visit.door
    status = door.desk.status(visit.caller)
    if isinstance(status, Outcome):
        raise refused(status)
    sessions = single("doorward_web_sessions", "Browsers that are signed in", len(door.house.sessions))
    # the process's own are read from files
    text = await asyncio.to_thread(metrics_text, [*door.figures(), sessions])
    return web.Response(body=text, headers={"Content-Type": TEXT_FORMAT})


def metrics_text(figures: Iterable[Figure]) -> bytes:
    """`figures`, and those of this process, as Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(_Figures(figures))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Figures(Collector):
    """Hands them out once."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = tuple(figures)

    def collect(self) -> Iterator[Metric]:
        for figure in self._figures:
            kind = CounterMetricFamily if figure.is_total else GaugeMetricFamily
            family = kind(figure.name, figure.about, labels=figure.labels)
            for labels, value in figure.values.items():
                family.add_metric(labels, value)
            yield family


ROUTES = (Route("GET", "/metrics", metrics),)
