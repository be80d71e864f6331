"""Reading what limits a report, and whether one has been written down already."""

from datetime import date
from uuid import UUID

from shaodao.people.queries import number

from .models import Report
from .policy import ReportLimits


def limits_on(on: date) -> ReportLimits:
    """Return how much one report and one sender may bring on a day."""
    return ReportLimits(
        photos=number("report_photos", on=on),
        photo_bytes=number("photo_bytes", on=on),
        photo_pixels=number("photo_pixels", on=on),
        text_length=number("report_text_length", on=on),
        per_device_hour=number("device_reports_an_hour", on=on),
        per_address_hour=number("address_reports_an_hour", on=on),
    )


def report_with(key: UUID) -> Report | None:
    """Return the report its sender gave this key, if it has been written down."""
    return Report.objects.filter(key=key).first()
