"""Buyers and service as GraphQL shows them."""
