"""Where Label Studio posts what happens: read, kept as a hint, answered at once."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ..connectors.errors import BadField
from ..connectors.jsontext import parsed
from ..connectors.label_studio import hook_in
from ..label_studio.secrets import HEADER, is_secret_of
from ..selectors.connections import connection_behind
from ..services.label_studio import keep_hint

# A webhook about an import carries every task of it.
MAX_BYTES = 20 * 2**20


@csrf_exempt
@require_POST
def receive(request: HttpRequest, receiver: UUID) -> HttpResponse:
    """Keep what a webhook tells of. Whoever does not bring the secret learns not even whether somebody listens."""
    connection = connection_behind(receiver)
    if not is_secret_of(connection, request.headers.get(HEADER, "")) or connection is None:
        return _answer(404, "Nobody listens here, or not to you.")
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        return _answer(413, f"A webhook is at most {MAX_BYTES:,} bytes long.")
    try:
        kept = keep_hint(connection, hook_in(parsed(body)))
    except BadField as error:
        return _answer(400, f"This is no webhook of Label Studio: {error}.")
    return _answer(202, "Kept." if kept else "Nothing new.")


def _answer(status: int, detail: str) -> HttpResponse:
    return JsonResponse({"detail": detail}, status=status)
