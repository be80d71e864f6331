"""Keeping map tiles in a process and sending them: compressed, with their fingerprint."""

import gzip
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

DEEPEST = 22  # no map of ours zooms further
CONTENT_TYPE = "application/vnd.mapbox-vector-tile"
_WORTH_COMPRESSING = 200  # bytes


@dataclass(frozen=True)
class Packed:
    """A tile as it is sent."""

    body: bytes
    is_compressed: bool
    etag: str


def pack(tile: bytes, *, effort: int = 6) -> Packed:
    """Compress a tile and take its fingerprint.

    effort : of gzip, 1 to 9; little for what is sent once, much for what is kept
    """
    etag = f'"{sha256(tile).hexdigest()[:20]}"'
    if len(tile) < _WORTH_COMPRESSING:
        return Packed(tile, is_compressed=False, etag=etag)
    return Packed(gzip.compress(tile, effort, mtime=0), is_compressed=True, etag=etag)


class TileShelf:
    """The tiles of one version of a map, the most recently asked for kept."""

    def __init__(self, most: int = 2000):
        self._most = most
        self._tiles: OrderedDict[tuple[int, int, int], Packed] = OrderedDict()
        self._lock = Lock()

    def get(self, z: int, x: int, y: int, make: Callable[[], bytes]) -> Packed:
        """Return a tile, made now where it is not kept."""
        place = (z, x, y)
        with self._lock:
            if place in self._tiles:
                self._tiles.move_to_end(place)
                return self._tiles[place]
        packed = pack(make())  # outside the lock: two threads may make one, neither waits
        with self._lock:
            self._tiles[place] = packed
            while len(self._tiles) > self._most:
                self._tiles.popitem(last=False)
        return packed


def check_tile(z: int, x: int, y: int) -> None:
    """Answer 404 where there is no such tile."""
    if not (0 <= z <= DEEPEST and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise Http404(f"no tile {z}/{x}/{y}")


def send_tile(
    request: HttpRequest, packed: Packed, *, max_age: int, is_public: bool
) -> HttpResponse:
    """Answer with a tile, or with 304 where the reader has it already.

    max_age : seconds a browser may show it without asking again
    """
    response = get_conditional_response(request, etag=packed.etag)
    if response is None:
        takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
        plain = gzip.decompress(packed.body) if packed.is_compressed and not takes_gzip else None
        response = HttpResponse(packed.body if plain is None else plain, content_type=CONTENT_TYPE)
        if packed.is_compressed and plain is None:
            response["Content-Encoding"] = "gzip"
        response["ETag"] = packed.etag
    response["Cache-Control"] = f"{'public' if is_public else 'private'}, max-age={max_age}"
    patch_vary_headers(
        response, ["Accept-Encoding"] if is_public else ["Accept-Encoding", "Cookie"]
    )
    return response
