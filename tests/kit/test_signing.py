"""What we sign is taken by the library that receivers use, and by no other secret."""

from __future__ import annotations

from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from stoa.kit.clock import now
from stoa.kit.signing import shown, signed

OLD, NEW, OTHER = (shown(letter * 32) for letter in (b"o", b"n", b"x"))
BODY = '{"茶": 1}'.encode()


def test_the_receivers_library_takes_it_by_either_secret_while_they_rotate() -> None:
    headers = signed([NEW, OLD], "evt_1", now(), BODY)

    assert Webhook(NEW).verify(BODY, headers) == Webhook(OLD).verify(BODY, headers) == {"茶": 1}


def test_nobody_elses_secret_fits_and_no_letter_may_change() -> None:
    headers = signed([NEW], "evt_1", now(), BODY)

    for secret, body, changed in (
        (OTHER, BODY, {}),
        (NEW, BODY + b" ", {}),
        (NEW, BODY, {"webhook-id": "evt_2"}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers | changed)


def test_what_is_old_is_refused() -> None:
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(NEW).verify(BODY, signed([NEW], "evt_1", now() - timedelta(minutes=6), BODY))
