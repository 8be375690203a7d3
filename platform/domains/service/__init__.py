"""The buyers: who they are, how they are reached, and what they agreed to."""

from stoa.domains.service.knowing import Buyer, clean_email, known_customer, normal_phone
from stoa.domains.service.knowing_many import Known, forget_customers, forget_identities, known_customers

__all__ = [
    "Buyer",
    "Known",
    "clean_email",
    "forget_customers",
    "forget_identities",
    "known_customer",
    "known_customers",
    "normal_phone",
]
