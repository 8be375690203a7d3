"""The buyers: who they are, how they are reached, and what they agreed to."""

from stoa.domains.service.consenting import Consent, ConsentWay, set_consent
from stoa.domains.service.describing import CustomerChanges, CustomerDraft
from stoa.domains.service.editing import add_identity, create_customer, remove_identity, update_customer
from stoa.domains.service.erasing import erase_customer
from stoa.domains.service.knowing import Buyer, find_customer, known_customer, present_ids
from stoa.domains.service.knowing_many import Known, forget_customers, forget_identities, known_customers
from stoa.domains.service.merging import merge_customers, undo_merge
from stoa.domains.service.numbers import clean_email, normal_phone
from stoa.domains.service.residing import add_address, remove_address, update_address

__all__ = [
    "Buyer",
    "Consent",
    "ConsentWay",
    "CustomerChanges",
    "CustomerDraft",
    "Known",
    "add_address",
    "add_identity",
    "clean_email",
    "create_customer",
    "erase_customer",
    "find_customer",
    "forget_customers",
    "forget_identities",
    "known_customer",
    "known_customers",
    "merge_customers",
    "normal_phone",
    "present_ids",
    "remove_address",
    "remove_identity",
    "set_consent",
    "undo_merge",
    "update_address",
    "update_customer",
]
