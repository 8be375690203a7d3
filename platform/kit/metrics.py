"""Figures for Prometheus. Never labelled by shop: ten thousand shops would be ten thousand series."""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody reads
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)
SPANS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter(
    "stoa_http_requests", "HTTP requests by route, method and status.", ["route", "method", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "stoa_http_seconds", "How long requests took, by route.", ["route"], buckets=SPANS, registry=REGISTRY
)
SOCKETS = Gauge("stoa_websockets", "Websockets that are open.", registry=REGISTRY)
STREAMS = Gauge("stoa_event_streams", "Streams of server-sent events that are open.", registry=REGISTRY)
OPERATIONS = Counter(
    "stoa_graphql_operations",
    "GraphQL operations by type (unknown when it did not come to that) and outcome: ok; errors: part was refused; "
    "refused: before it began; late: cut off; failed: a bug.",
    ["type", "outcome"],
    registry=REGISTRY,
)
EVENTS = Counter("stoa_graphql_events", "Answers sent to subscriptions.", registry=REGISTRY)
POINTS = Counter("stoa_graphql_points", "Cost points spent.", registry=REGISTRY)
STATEMENTS = Histogram("stoa_statement_seconds", "How long statements took.", buckets=SPANS, registry=REGISTRY)
CONNECTIONS = Gauge(
    "stoa_database_connections", "Connections of this process, by pool and state.", ["pool", "state"], registry=REGISTRY
)
JOBS = Gauge(
    "stoa_jobs",
    "Jobs that are not done, by kind and state; the same from every process.",
    ["kind", "state"],
    registry=REGISTRY,
)


@lru_cache(maxsize=64)
def operations(kind: str, outcome: str) -> Counter:
    """The counter of `OPERATIONS` for these two; finding it anew costs more than counting."""
    return OPERATIONS.labels(kind, outcome)


def exposition() -> bytes:
    """The page that Prometheus reads."""
    return generate_latest(REGISTRY)
