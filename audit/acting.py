"""Acts: who acts, in which operation, and the gate that orders acts and snapshots.

One operation is one transaction with one UUID, which stands on its entries and on its versions. The
database is told who acts when the operation begins and made to forget it when the operation ends, so that
a later write in the same outer transaction is not credited to it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

if TYPE_CHECKING:
    from roles.models import User

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=models.Model)

# The gate of a project is PostgreSQL's advisory lock (the kind with one number) GATE + its id, the site's is
# GATE + 0. Ids below 3.7 × 10^18 fit, so no two projects ever share a gate. The triggers take it shared.
GATE = int.from_bytes(b"LABL", "big") << 32
LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's code for a lock_timeout


class Channel(models.TextChoices):
    """The door through which an act came."""

    ADMIN = "admin", "Admin"
    API = "api", "API"
    COMMAND = "command", "Command"
    CONNECTOR = "connector", "Connector"
    SHELL = "shell", "Shell"


_channel: ContextVar[Channel] = ContextVar("labelop_channel", default=Channel.SHELL)
_request_id: ContextVar[str] = ContextVar("labelop_request_id", default="")
_token: ContextVar[str] = ContextVar("labelop_token", default="")


@contextlib.contextmanager
def through(channel: Channel) -> Iterator[None]:
    """Let every entry written inside name this channel."""
    token = _channel.set(channel)
    try:
        yield
    finally:
        _channel.reset(token)


def current_channel() -> Channel:
    return _channel.get()


@contextlib.contextmanager
def on_request(request_id: str) -> Iterator[None]:
    """Let every entry written inside name the request that it was written for, as the server's log does."""
    earlier, unshown = _request_id.set(request_id), _token.set("")
    try:
        yield
    finally:
        _request_id.reset(earlier)
        _token.reset(unshown)


def current_request_id() -> str:
    return _request_id.get()


def name_token(name: str) -> None:
    """Let every entry that is written for the request from now on name the token that was shown."""
    _token.set(name)


def current_token() -> str:
    return _token.get()


@dataclass(frozen=True)
class Actor:
    """Someone who asked and was allowed. Only `roles.services` makes one.

    `role` is the role held on the project at that moment, empty for an act without a membership; `overriding`
    says that superuser rights stood in for it. `user` is None where no account stands behind an act (the
    command line of a fresh install).
    """

    user: User | None
    role: str = ""
    overriding: bool = False


class Refused(PermissionDenied):
    """An act that its actor may not do; what was asked is kept so that the refusal can be recorded."""

    def __init__(self, sentence: str, *, user: User, role: str, asked: str, project_id: int | None) -> None:
        super().__init__(sentence)
        self.user = user
        self.role = role
        self.asked = asked
        self.project_id = project_id
        self.recorded = False


def operation_id() -> uuid.UUID:
    """A UUID version 7 (RFC 9562): operations sort by the time they began."""
    milliseconds = time.time_ns() // 1_000_000
    octets = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    octets[6] = (octets[6] & 0x0F) | 0x70
    octets[8] = (octets[8] & 0x3F) | 0x80
    return uuid.UUID(bytes=bytes(octets))


@dataclass
class Act:
    """The operation under way on one connection."""

    operation: uuid.UUID
    user_id: int | None
    at: datetime | None
    # The projects on which superuser rights stood in for a membership, once they are on the trail.
    overridden: set[int | None] = field(default_factory=set)
    # What is still to be done about this act once it is over, done or refused; see `after_the_act`.
    afterwards: list[Callable[[], object]] = field(default_factory=list)


def act_under_way(using: str = "default") -> Act | None:
    return act_on(connections[using])


def act_on(connection: BaseDatabaseWrapper) -> Act | None:
    act: Act | None = getattr(connection, "labelop_act", None)
    return act


def operation_under_way(using: str = "default") -> uuid.UUID:
    """The UUID of the act under way."""
    act = act_under_way(using)
    if act is None:
        raise RuntimeError("No act is under way.")
    return act.operation


def moment_of_act(using: str = "default") -> datetime:
    """When the act under way happens: now, unless it is backdated."""
    act = act_under_way(using)
    return act.at if act is not None and act.at is not None else timezone.now()


def after_the_act(do: Callable[[], object], using: str = "default") -> None:
    """Do something in an act of its own once the one under way is over: kept, or refused and the refusal recorded.

    Nothing is done after an act that failed otherwise, nor outside an act.
    """
    act = act_under_way(using)
    if act is not None:
        act.afterwards.append(do)


class operation:  # noqa: N801 - read as `with operation():` and `@operation()`, like transaction.atomic
    """Open an operation, or join the one under way.

    As a decorator it takes who acts from the keyword `by` of the call. `at` backdates the act (a replayed
    history): its entries and versions then carry that time, and `recorded_at` the real one.
    """

    def __init__(self, *, by: User | None = None, at: datetime | None = None, using: str = "default") -> None:
        self.by = by
        self.at = at
        self.using = using

    def __call__(self, service: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(service)
        def act(*args: P.args, **kwargs: P.kwargs) -> R:
            by = cast("User | None", kwargs.get("by"))
            with operation(by=by, at=self.at, using=self.using):
                return service(*args, **kwargs)

        return act

    def __enter__(self) -> Act:
        self.connection = connections[self.using]
        under_way = act_under_way(self.using)
        self.joined = under_way is not None
        self.atomic = transaction.atomic(using=self.using, savepoint=not self.joined)
        self.atomic.__enter__()
        if under_way is not None:
            return under_way
        act = self.act = Act(operation_id(), self.by.pk if self.by else None, self.at)
        try:
            _tell(self.connection, act)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return act

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.joined:
            self.atomic.__exit__(kind, error, trace)
            return
        # An act that failed inside, and whose error was kept quiet, has undone all; so would this one, unsaid.
        undone_in_silence = kind is None and self.connection.needs_rollback
        try:
            self.atomic.__exit__(kind, error, trace)
        finally:
            _forget(self.connection)
        if undone_in_silence:
            raise transaction.TransactionManagementError("A part of this act failed, so nothing of it was kept.")
        if isinstance(error, Refused):
            record_refusal_after_rollback(error, self.using)
        if error is None or isinstance(error, Refused):
            self._do_what_comes_after(error)

    def _do_what_comes_after(self, refusal: Refused | None) -> None:
        if not inside_a_transaction(self.using):
            for do in self.act.afterwards:
                do()
        elif refusal is None:
            # A transaction that somebody else opened may still undo the act.
            for do in self.act.afterwards:
                transaction.on_commit(do, using=self.using, robust=True)


@contextlib.contextmanager
def act_across_transactions(using: str = "default") -> Iterator[Act]:
    """Make one act of all that happens inside, where Django's own commands open and end the transactions.

    Whoever opens it records what was done before it ends. Joins an operation already under way.
    """
    under_way = act_under_way(using)
    if under_way is not None:
        yield under_way
        return
    connection = connections[using]
    act = Act(operation_id(), None, None)
    connection.labelop_act = act  # type: ignore[attr-defined]
    _tell_session(connection, str(act.operation))
    try:
        yield act
    finally:
        connection.labelop_act = None  # type: ignore[attr-defined]
        # A transaction that failed inside takes what it was told with it.
        if not connection.needs_rollback:
            _tell_session(connection, "")


def record_refusal_after_rollback(refusal: Refused, using: str = "default") -> None:
    """Record an attempt that was refused, once the transaction it was made in is gone.

    Inside a transaction that somebody else opened (Django's admin wraps its forms in one) nothing is written,
    since it would be rolled back too; whoever opened it calls this again afterwards.
    """
    if refusal.recorded or inside_a_transaction(using):
        return
    from .services import record_refusal

    refusal.recorded = True
    record_refusal(refusal)


def inside_a_transaction(using: str = "default") -> bool:
    """Whether a transaction is open that is not the wrapper of a test, told apart as Django's `durable` does."""
    blocks = connections[using].atomic_blocks
    return bool(blocks) and not getattr(blocks[-1], "_from_testcase", False)


def _tell(connection: BaseDatabaseWrapper, act: Act) -> None:
    connection.labelop_act = act  # type: ignore[attr-defined]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('labelop.operation', %s, true), set_config('labelop.actor', %s, true),"
                " set_config('labelop.at', %s, true)",
                [str(act.operation), str(act.user_id or ""), act.at.isoformat() if act.at else ""],
            )


def _forget(connection: BaseDatabaseWrapper) -> None:
    connection.labelop_act = None  # type: ignore[attr-defined]
    # A transaction that has ended forgot by itself; one that goes on around the operation must be told.
    if connection.vendor == "postgresql" and connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('labelop.operation', '', true), set_config('labelop.actor', '', true),"
                " set_config('labelop.at', '', true)"
            )


def _tell_session(connection: BaseDatabaseWrapper, operation: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('labelop.operation', %s, false)", [operation])


def locked(row: M) -> M:
    """The row as the database has it now, held until the operation ends.

    Held against changes only (NO KEY): rows that point at it may still be inserted by others.
    """
    return type(row)._base_manager.using(row._state.db).select_for_update(no_key=True).get(pk=row.pk)


def held(row: M) -> M:
    """The row as the database has it now, kept from changing until the operation ends; others may hold it too.

    For what a decision rests on and does not change: nobody waits for anybody but those who would change it.
    """
    connection = connections[row._state.db or "default"]
    table, key = connection.ops.quote_name(row._meta.db_table), connection.ops.quote_name(row._meta.pk.attname)
    for_share = " FOR SHARE" if connection.vendor == "postgresql" else ""
    asked = f"SELECT * FROM {table} WHERE {key} = %s{for_share}"  # noqa: S608 - quoted
    (now,) = type(row)._base_manager.using(connection.alias).raw(asked, [row.pk])
    return now


class GateBusy(Exception):
    """The gate was not to be had alone in the time given."""


@contextlib.contextmanager
def take_gate_alone(project_id: int | None, *, milliseconds: int = 200, using: str = "default") -> Iterator[None]:
    """Hold a project's gate alone, so that every act is wholly before or wholly after what is read inside.

    Must come first in a transaction, since two that wrote already would wait for each other, and holds until
    that transaction ends. Raises `GateBusy`, which leaves the transaction usable; better begin a new one
    before asking again, for acts queue behind a waiting snapshot. On SQLite every transaction is alone.
    """
    connection = connections[using]
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("The gate is held by a transaction; none is open.")
    if connection.vendor == "postgresql":
        _lock_gate(connection, GATE + (project_id or 0), milliseconds)
    yield


def _lock_gate(connection: BaseDatabaseWrapper, key: int, milliseconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('lock_timeout')")
        isolation, timeout = cursor.fetchone()
        if isolation != "read committed":
            raise transaction.TransactionManagementError(
                f"Behind the gate one must read what was just committed; {isolation} would show a stale cut."
            )
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])
                # The old timeout comes back in the same statement: one answer less to await behind the gate.
                cursor.execute("SELECT pg_advisory_xact_lock(%s), set_config('lock_timeout', %s, true)", [key, timeout])
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            raise GateBusy(f"Somebody is at work; gave up after {milliseconds} ms.") from error
