"""Label Studio's tasks, as its exports, its API and its webhooks give them."""

from .hooks import Hook, hook_in
from .labels import labels_in
from .people import person_in
from .pulled import pulled
from .reader import read
from .regions import marks_of
from .tasks import incoming_of, saved_in

__all__ = ["Hook", "hook_in", "incoming_of", "labels_in", "marks_of", "person_in", "pulled", "read", "saved_in"]
