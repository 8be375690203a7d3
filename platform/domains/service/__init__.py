"""The buyers: who they are, how they are reached, and what they agreed to."""

from stoa.domains.service.knowing import Buyer, clean_email, known_customer, normal_phone

__all__ = ["Buyer", "clean_email", "known_customer", "normal_phone"]
