"""Figures for Prometheus. Never labelled by shop: ten thousand shops would be ten thousand series."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()
REQUESTS = Counter("stoa_http_requests", "HTTP requests by route, method and status.", ["route", "method", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "stoa_http_seconds",
    "How long requests took, by route.",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
SOCKETS = Gauge("stoa_websockets", "Websockets that are open.", registry=REGISTRY)


def exposition() -> bytes:
    """The page that Prometheus reads."""
    return generate_latest(REGISTRY)
