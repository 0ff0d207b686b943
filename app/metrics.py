"""Metrics: the gauges at `/metrics`, for Prometheus; from this machine, or with METRICS_TOKEN."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from ipaddress import ip_address

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from app.billing.reconciliation import gauges, leases, sweep
from app.billing.reconciliation.gauges import Agreement, Load, Modes
from app.billing.site import Site
from app.db.engine import Database

metrics = Blueprint("metrics", __name__)

_MODES = {False: "test", True: "live"}


@metrics.get("/metrics")
def show() -> Response:
    """Answer every gauge as it is now."""
    site: Site = current_app.extensions["site"]
    token = site.config.METRICS_TOKEN
    if not (_is_known(token) or _is_local()):
        # Nobody is told that there is something here, unless a token could be given.
        return _refusal(401 if token else 404)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges(current_app.extensions["database"], site))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def install(flask_app: Flask) -> None:
    """Answer Prometheus."""
    flask_app.register_blueprint(metrics)


def _refusal(status: int) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return Response("", status=status, headers=headers, content_type="text/plain")


def _is_known(token: str) -> bool:
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_local() -> bool:
    # Behind a proxy on this machine everybody seems to be local; what it forwards names them.
    if any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP")):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class _Gauges(Collector):
    """Reads the tables at each scrape."""

    def __init__(self, database: Database, site: Site) -> None:
        self._database, self._site = database, site

    def collect(self) -> Iterator[Metric]:
        now = self._site.clock.now()
        with self._database.reader() as db:
            agreement, load = gauges.agreement(db, now=now), gauges.load(db, now=now)
            swept = leases.last_done(db, sweep.LEASE)
        yield from _agreement(agreement)
        yield from _load(load)
        if swept is not None:
            since = max(0.0, (now - swept).total_seconds())
            yield _gauge("portico_sweep_seconds", "Since the worker's last sweep ended.", since)
        yield from _worker(self._site)


def _agreement(told: Agreement) -> Iterator[Metric]:
    yield from _by_mode(
        "paid_but_inactive",
        "Purchases and plans that are paid, and neither active, in review nor refunded.",
        told.paid_but_inactive,
    )
    yield from _by_mode(
        "active_without_payment",
        "Plans that run and whose running period nobody has paid.",
        told.active_without_payment,
    )
    yield _gauge(
        "oldest_unreconciled_seconds",
        "Age of what has been due longest for a look, an act or an event.",
        told.oldest_unreconciled_seconds,
    )
    yield _gauge(
        "webhook_lag_seconds",
        "Age of the oldest provider event that has not been looked at.",
        told.webhook_lag_seconds,
    )


def _load(told: Load) -> Iterator[Metric]:
    for name, words, counts in (
        ("due", "Rows whose time has come.", told.due),
        ("waiting", "What waits to be sent, delivered or decided.", told.waiting),
        ("failed", "What was given up and takes a person.", told.failed),
    ):
        family = GaugeMetricFamily(f"portico_{name}", words, labels=["kind"])
        for kind, count in counts.items():
            family.add_metric([kind], count)
        yield family
    yield _gauge(
        "portico_delivery_lag_seconds",
        "Age of the oldest webhook of ours that could have been attempted.",
        told.delivery_lag_seconds,
    )


def _worker(site: Site) -> Iterator[Metric]:
    if site.config.QUEUE == "none":
        return
    # Imported here because it opens the queue.
    from app import jobs

    yield _gauge("portico_queue_jobs", "Jobs in the queue.", jobs.waiting())
    seen = jobs.worker_seen_seconds()
    if seen is not None:
        yield _gauge("portico_worker_seen_seconds", "Since a worker last reported.", seen)


def _by_mode(name: str, words: str, counts: Modes) -> Iterator[Metric]:
    yield _gauge(name, words, sum(counts.values()))
    family = GaugeMetricFamily(f"portico_{name}", words, labels=["mode"])
    for livemode, count in counts.items():
        family.add_metric([_MODES[livemode]], count)
    yield family


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)
