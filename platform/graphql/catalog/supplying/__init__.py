"""Supplying as GraphQL shows it: suppliers, their prices, purchase orders, receipts."""

# Variants show prices and orders, and these show variants: whoever comes first, variants are declared first.
import stoa.graphql.catalog.types  # noqa: F401
