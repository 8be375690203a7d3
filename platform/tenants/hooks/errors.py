"""What is refused about webhooks."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Refusal


class NoSuchWebhook(NotFound):
    pass


class NoSuchDelivery(NotFound):
    pass


class WebhookChanged(Conflict):
    pass


class TooManyWebhooks(Refusal):
    code = "TOO_MANY_WEBHOOKS"


class WebhookIsPaused(Refusal):
    """Nothing is sent to it until it is resumed."""

    code = "WEBHOOK_PAUSED"


class TooMuchToReplay(Refusal):
    code = "TOO_MUCH_TO_REPLAY"


class QueryRefused(InvalidInput):
    """The payload's query cannot be run: at saving, or since something changed."""

    code = "QUERY_REFUSED"


class SecretLost(Refusal):
    """It was sealed with another key of the installation's: nothing can be signed with it."""

    code = "SECRET_LOST"


class PayloadFailed(Refusal):
    """The payload could not be made this time; it may be another time."""

    code = "PAYLOAD_FAILED"


class PayloadTooLarge(Refusal):
    code = "PAYLOAD_TOO_LARGE"
