"""Totals of a table: exact, and apart for each currency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stoa.kit.reporting.documents import Kind, Table


class Sums:
    """Adds rows up as they pass."""

    def __init__(self, table: Table, currency: str) -> None:
        self.currency = currency
        self._by_currency: dict[str, dict[int, int]] = {}
        self._summed = [i for i, each in enumerate(table.columns) if each.is_summed]
        self._currency_at = next((i for i, each in enumerate(table.columns) if each.kind is Kind.CURRENCY), None)

    def add(self, row: Sequence[Any]) -> str:
        """Count the row; its currency."""
        currency = self.currency if self._currency_at is None else str(row[self._currency_at])
        if self._summed:
            sums = self._by_currency.get(currency)
            if sums is None:
                sums = self._by_currency[currency] = dict.fromkeys(self._summed, 0)
            for i in self._summed:
                sums[i] += row[i] or 0
        return currency

    def totals(self) -> list[tuple[str, dict[int, int]]]:
        """By column, of each currency there is; nothing when nothing is summed, or there was no row."""
        return sorted(self._by_currency.items())
