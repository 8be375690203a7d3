"""What access refuses, and in which words."""

from __future__ import annotations

from stoa.kit.errors import InvalidInput, NotFound, Refusal


class NotSignedIn(Refusal):
    """The credential is missing, unknown, expired or ended: one answer for all four."""

    code = "UNAUTHENTICATED"

    def __init__(self) -> None:
        super().__init__("Sign in, or send a valid API token: this request carries no credential that holds.")


class SignInFailed(Refusal):
    """Wrong password or unknown e-mail: one answer, so that nobody learns who has an account."""

    code = "SIGN_IN_FAILED"

    def __init__(self) -> None:
        super().__init__("The e-mail or the password is not right.")


class Throttled(Refusal):
    """Too many tries; `retry_after` says in how many whole seconds the next one may be made."""

    code = "THROTTLED"

    def __init__(self, retry_after: int) -> None:
        super().__init__("Too many tries. Try again in {retry_after} seconds.", retry_after=retry_after)
        self.retry_after = retry_after


class WeakPassword(InvalidInput):
    """A password that is too short, too long or among the first a thief would try."""

    code = "WEAK_PASSWORD"


class UnknownShop(NotFound):
    """No shop of this account has that id: somebody else's shop and none at all are the same to the caller."""

    code = "UNKNOWN_SHOP"

    def __init__(self) -> None:
        super().__init__("You have no such shop. Send one of your shops' ids (shop_...) in the header Stoa-Shop.")


class NoShopChosen(Refusal):
    """The account has no shop, or several and did not say which."""

    code = "SHOP_REQUIRED"

    def __init__(self) -> None:
        super().__init__("Say which shop is meant: send its id (shop_...) in the header Stoa-Shop.")


class ForeignOrigin(Refusal):
    """A page of another site tried to use the session of whoever looks at it."""

    code = "FOREIGN_ORIGIN"


class CsrfMismatch(Refusal):
    """The request carries a session cookie but not that session's CSRF token."""

    code = "CSRF_MISMATCH"

    def __init__(self) -> None:
        super().__init__("Send the session's CSRF token, as handed out at sign-in, in the header Stoa-Csrf.")


class UnknownScope(InvalidInput):
    """A scope that Stoa does not have."""

    code = "UNKNOWN_SCOPE"


class UnknownRole(InvalidInput):
    """A role that Stoa does not have."""

    code = "UNKNOWN_ROLE"


class BeyondYourRights(Refusal):
    """Nobody hands out, or takes away, rights that they do not hold themselves."""

    code = "BEYOND_YOUR_RIGHTS"


class PeopleOnly(Refusal):
    """A program's token may not do this, whatever its scopes: a leaked token must not outlive its revocation."""

    code = "PEOPLE_ONLY"


class LastOwner(Refusal):
    """A shop keeps at least one owner."""

    code = "LAST_OWNER"
