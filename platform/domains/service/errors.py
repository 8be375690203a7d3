"""What the service of buyers refuses."""

from __future__ import annotations

from stoa.kit.errors import Conflict, NotFound, Refusal, Taken


class NoSuchCustomer(NotFound):
    code = "CUSTOMER_NOT_FOUND"


class NoSuchAddress(NotFound):
    code = "ADDRESS_NOT_FOUND"


class NoSuchIdentity(NotFound):
    code = "IDENTITY_NOT_FOUND"


class NoSuchMerge(NotFound):
    code = "MERGE_NOT_FOUND"


class CustomerChanged(Conflict):
    """Somebody saved the customer after the version that this edit is based on."""

    code = "CUSTOMER_CHANGED"


class IdentityTaken(Taken):
    """Another customer is known by it: `customer` says which."""

    code = "IDENTITY_TAKEN"


class AlreadyErased(Refusal):
    code = "CUSTOMER_ERASED"


class SameCustomer(Refusal):
    """There is nobody to merge: both are one already."""

    code = "SAME_CUSTOMER"


class AlreadyUndone(Refusal):
    code = "MERGE_ALREADY_UNDONE"


class ChangedSinceMerging(Conflict):
    """Undoing would lose what was changed since: `what` names it."""

    code = "CHANGED_SINCE_MERGING"
