"""Figures for Prometheus: readable, and never by shop."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from stoa.kit.metrics import REGISTRY, exposition, operations


def test_the_page_can_be_parsed() -> None:
    families = {family.name: family for family in text_string_to_metric_families(exposition().decode())}

    assert {
        "stoa_http_requests",
        "stoa_http_seconds",
        "stoa_websockets",
        "stoa_event_streams",
        "stoa_graphql_operations",
        "stoa_graphql_events",
        "stoa_graphql_points",
        "stoa_statement_seconds",
        "stoa_database_connections",
        "stoa_jobs",
        "process_resident_memory_bytes",
        "python_gc_collections",
    } <= set(families)
    assert all(family.documentation for family in families.values())


def test_no_figure_is_told_by_shop() -> None:
    """Ten thousand shops would be ten thousand series of each."""
    labels = {name for metric in REGISTRY.collect() for sample in metric.samples for name in sample.labels}

    assert labels.isdisjoint({"shop", "schema", "account", "token", "path", "request_id"})


def test_operations_are_counted_by_type_and_outcome() -> None:
    labels = {"type": "query", "outcome": "a test's"}

    operations("query", "a test's").inc()
    operations("query", "a test's").inc()

    assert REGISTRY.get_sample_value("stoa_graphql_operations_total", labels) == 2
