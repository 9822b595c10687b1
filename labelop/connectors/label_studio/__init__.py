"""Label Studio's tasks, as its exports, its API and its webhooks give them."""

from .people import person_in
from .reader import read
from .regions import marks_of
from .tasks import incoming_of

__all__ = ["incoming_of", "marks_of", "person_in", "read"]
