"""Addresses as orders keep them."""

from stoa.kit.addresses import Address, clean_address

__all__ = ["Address", "clean_address"]
