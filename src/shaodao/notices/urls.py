"""Addresses of the notices pages."""

from django.urls import path

from .views import outgoing, reading, wording

urlpatterns = [
    path("", reading.mailbox, name="mailbox"),
    path("read/", reading.mark_read, name="mark_read"),
    path("<int:pk>/open/", reading.open_notice, name="open_notice"),
    path("preferences/", reading.preferences_of_notices, name="notice_preferences"),
    path("outgoing/", outgoing.outgoing, name="outgoing"),
    path("outgoing/<int:pk>/resend/", outgoing.resend, name="resend_notice"),
    path("channels/", outgoing.channels, name="channels"),
    path("channels/<slug:channel>/<slug:verb>/", outgoing.channel_switch, name="channel_switch"),
    path("texts/", wording.texts, name="notice_texts"),
    path("texts/<slug:kind>/", wording.text_set, name="notice_text_set"),
    path("texts/<int:pk>/end/", wording.text_end, name="notice_text_end"),
]
