"""Messages to people and their programs: one port, behind it a way out for each channel, or the letterbox.

Which it is, the settings say: a way that is not set up leads into the letterbox, but in production to a refusal that
names the setting, for nobody would look for letters there.
"""

from __future__ import annotations

from collections.abc import Mapping

from stoa.kit.letterbox import Letterbox
from stoa.kit.mailing import open_mailer
from stoa.kit.messaging.bots import QqMessenger, WeChatMessenger
from stoa.kit.messaging.hooks import HookMessenger
from stoa.kit.messaging.keeping import LetterboxMessenger, NoMessenger
from stoa.kit.messaging.letters import MailMessenger
from stoa.kit.messaging.messages import Channel, Message, MessageRefused, MessageSilent, Messenger
from stoa.kit.messaging.texts import SmsMessenger
from stoa.settings import Settings

__all__ = [
    "Channel",
    "HookMessenger",
    "LetterboxMessenger",
    "MailMessenger",
    "Message",
    "MessageRefused",
    "MessageSilent",
    "Messenger",
    "NoMessenger",
    "QqMessenger",
    "SmsMessenger",
    "WeChatMessenger",
    "open_messengers",
]


def open_messengers(settings: Settings) -> Mapping[Channel, Messenger]:
    """The way out of every channel that leads out of the house."""
    ours = settings
    box = Letterbox(ours.letterbox)

    def kept(channel: Channel, setting: str) -> Messenger:
        return NoMessenger(setting) if ours.is_production else LetterboxMessenger(box, channel)

    hooks = ours.webhook_messages or ("call" if ours.is_production else "keep")
    token = ours.sms_token.get_secret_value()
    return {
        Channel.MAIL: MailMessenger(open_mailer(ours)),
        Channel.SMS: SmsMessenger(ours.sms_url, token) if ours.sms_url else kept(Channel.SMS, "STOA_SMS_URL"),
        Channel.WECHAT: WeChatMessenger(ours.wechat_url)
        if ours.wechat_url
        else kept(Channel.WECHAT, "STOA_WECHAT_URL"),
        Channel.QQ: QqMessenger(ours.qq_url, ours.qq_token.get_secret_value())
        if ours.qq_url
        else kept(Channel.QQ, "STOA_QQ_URL"),
        Channel.WEBHOOK: HookMessenger(ours) if hooks == "call" else LetterboxMessenger(box, Channel.WEBHOOK),
    }
