"""Delivery as GraphQL shows it."""
