"""Webhooks: a shop's events, sent to addresses that the merchant names, with a payload that the merchant asks for."""

from stoa.tenants.hooks.enveloping import EVENT_PREFIX
from stoa.tenants.hooks.keeping import (
    NewSecret,
    WebhookDraft,
    create_webhook,
    delete_webhook,
    edit_webhook,
    webhook,
)
from stoa.tenants.hooks.pausing import pause_webhook, resume_webhook, rotate_secret
from stoa.tenants.hooks.replaying import Range, replay, send_test
from stoa.tenants.hooks.rousing import SEND, rescue
from stoa.tenants.hooks.sending import take_turn
from stoa.tenants.hooks.sweeping import sweep_webhooks

__all__ = [
    "EVENT_PREFIX",
    "SEND",
    "NewSecret",
    "Range",
    "WebhookDraft",
    "create_webhook",
    "delete_webhook",
    "edit_webhook",
    "pause_webhook",
    "replay",
    "rescue",
    "resume_webhook",
    "rotate_secret",
    "send_test",
    "sweep_webhooks",
    "take_turn",
    "webhook",
]
