"""The ways a message leaves; one module each, and which of them are open."""

from collections.abc import Callable

from django.conf import settings

from shaodao.notices.policy import Channel

from .console import Console
from .dingtalk import DingTalkBot
from .feishu import FeishuBot
from .in_app import InApp
from .mail import Mail
from .messages import Carrier
from .sms import SmsGateway
from .wecom import WeComBot

_MADE: dict[Channel, Callable[..., Carrier]] = {
    Channel.EMAIL: Mail,
    Channel.SMS: SmsGateway,
    Channel.WECOM: WeComBot,
    Channel.DINGTALK: DingTalkBot,
    Channel.FEISHU: FeishuBot,
}


def is_connected(channel: Channel) -> bool:
    """Tell whether a channel has an address to send to, or is in the product itself."""
    return channel is Channel.IN_APP or bool(settings.CHANNELS[channel.value]["url"])


def is_open(channel: Channel) -> bool:
    """Tell whether messages may be given to a channel: connected, or played to the log."""
    return is_connected(channel) or settings.CHANNELS_CONSOLE


def carrier(channel: Channel) -> Carrier | None:
    """Return what sends by a channel, to be used in a `with` block; None where it is closed."""
    if channel is Channel.IN_APP:
        return InApp()
    if is_connected(channel):
        made = _MADE[channel](**settings.CHANNELS[channel.value], timeout=settings.CHANNEL_TIMEOUT)
        return made
    return Console(channel.value) if settings.CHANNELS_CONSOLE else None
