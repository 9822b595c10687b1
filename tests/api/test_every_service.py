"""Every service stands behind an endpoint, or here with the reason why not."""

from __future__ import annotations

import ast
from pathlib import Path

from django.urls import get_resolver

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = ("roles", "labelop", "snapshots")

# What nobody asks for: LabelOp does it by itself, as part of something else or when its time has come.
INTERNAL = {
    "appoint_first_owner",  # part of beginning a project
    "expire_membership",  # remind
    "note_anomaly",  # remind, and the acts that show one
    "operator_account",  # commands
    "record_lockout",  # logins that failed too often
    "service_account",  # commands
    "stand_in_for",  # imports
    "record_superusers_of_the_command_line",  # createsuperuser
    "record_password_of_the_command_line",  # changepassword
    "_raise_signal",  # remind
    "_mark_reminded",  # remind
    "switch_off_unanswered",  # deliver
    "take_in",  # part of taking in a file
    "bring_classes",  # part of a pull
    "export_snapshot",  # part of export_archive
    "export_dataset",  # likewise
}
# What only a person does, in the admin: a token must not make itself more than it is.
IN_THE_ADMIN = {
    "change_password",
    "issue_token",  # told once, on the page itself
}
# What only whoever runs LabelOp does, on the command line.
ON_THE_COMMAND_LINE = {
    "import_batch",  # of a history that is a file
    "replay_history",
    "pull",  # from Label Studio, with a token that is nowhere kept
}


def services() -> set[str]:
    """Every function of a service room that is an operation, or opens one."""
    found = set()
    for floor in FLOORS:
        for path in (ROOT / floor / "services").rglob("*.py"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef) and _is_an_act(node):
                    found.add(node.name)
    return found


def _is_an_act(node: ast.FunctionDef) -> bool:
    takes_by = any(argument.arg == "by" for argument in node.args.kwonlyargs)
    decorated = any("operation" in ast.unparse(each) for each in node.decorator_list)
    return decorated or (takes_by and not node.name.startswith("_"))


def reached() -> set[str]:
    """Every function that the forms behind the endpoints call."""
    found: set[str] = set()
    for pattern in get_resolver("snapshots.api.urls").url_patterns:
        form = getattr(getattr(pattern.callback, "cls", None), "form_class", None)
        for base in form.__mro__ if form else ():
            path = ROOT / f"{base.__module__.replace('.', '/')}.py"
            if path.exists():
                found |= _names_in(path, base.__name__)
    return found


def _names_in(path: Path, class_name: str) -> set[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return set()


def test_every_service_is_reached_or_said_not_to_be() -> None:
    known = INTERNAL | IN_THE_ADMIN | ON_THE_COMMAND_LINE
    missing = services() - reached() - known
    # The two forms of anomalies and identities stand in the package itself.
    assert missing - {"acknowledge_anomaly", "resolve_anomaly", "reveal_identity"} == set()
    assert known - services() == set(), "what is said not to be reached is there no more"
