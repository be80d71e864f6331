"""Headers every page carries."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# MapLibre starts its worker from a blob; everything else comes from this host.
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:{basemap}; connect-src 'self'{basemap}; "
    "worker-src 'self' blob:; child-src blob:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def security_headers(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Add the content security policy and the permissions a report page asks for."""
    policy = _POLICY.format(basemap="")

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Content-Security-Policy", policy)
        response.setdefault("Permissions-Policy", "camera=(self), geolocation=(self)")
        return response

    return middleware
