"""Pictures as people send them, made safe to keep and to show."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """A stored picture: re-encoded, upright, without what the camera wrote into it."""

    file: str  # below MEDIA_ROOT
    width: int
    height: int
