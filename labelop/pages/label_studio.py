"""Where Label Studio posts what happens: read, kept as a hint, answered at once."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from roles.api.problems import problem_of_no_view

from ..connectors.errors import BadField
from ..connectors.jsontext import parsed
from ..connectors.label_studio import hook_in
from ..label_studio.secrets import HEADER, is_secret_of
from ..selectors.connections import connection_behind
from ..services.label_studio import keep_hint

# A webhook about an import carries every task of it.
MAX_BYTES = 20 * 2**20


@csrf_exempt
def receive(request: HttpRequest, receiver: UUID) -> HttpResponse:
    """Keep what a webhook tells of. Whoever does not bring the secret learns not even whether somebody listens."""
    if request.method != "POST":
        return problem_of_no_view(HTTPStatus.METHOD_NOT_ALLOWED, "Webhooks are posted here.", {"Allow": "POST"})
    connection = connection_behind(receiver)
    if not is_secret_of(connection, request.headers.get(HEADER, "")) or connection is None:
        return problem_of_no_view(HTTPStatus.NOT_FOUND, "Nothing is here.")
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        said = f"A webhook is at most {MAX_BYTES:,} bytes long."
        return problem_of_no_view(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said)
    try:
        kept = keep_hint(connection, hook_in(parsed(body)))
    except BadField as error:
        return problem_of_no_view(HTTPStatus.BAD_REQUEST, f"This is no webhook of Label Studio: {error}.")
    return JsonResponse({"kept": kept}, status=HTTPStatus.ACCEPTED)
