"""The state that a command line means, without anything that is kept in it."""

import os
from collections.abc import Mapping
from pathlib import Path

from doorward.stores.places import LOCAL_STATE, state_place
from doorward.stores.state import check_private_folder, is_trusted


def opened_state(state: str | None, environment: Mapping[str, str]) -> Path:
    """
    The folder of the state that `state` names, or of the usual one; one that is missing is not made.

    Raises:
        StateError: the folder cannot be used.
    """
    folder = state_place(state, environment).folder
    if os.path.exists(folder):
        check_private_folder(folder, may_be_anothers=True)
    return folder


def has_passed_over(state: str | None, environment: Mapping[str, str]) -> bool:
    """Whether there is a state in the current folder, and none was named."""
    return state is None and not environment.get("STATE_DIRECTORY") and is_trusted(Path(LOCAL_STATE))


def told_of_passed_over() -> str:
    """What to tell whoever has a state in the current folder, and named none."""
    return f"./{LOCAL_STATE} is not the state that is used; for that one add --state {LOCAL_STATE}"
