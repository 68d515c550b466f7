import functools
from collections.abc import Iterator
from typing import Any

import pytest

from doorward.core.catalogue import Catalogue
from doorward.core.command import Command, Function, Program, Verb
from doorward.core.errors import CatalogueError
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import IntegerType

DF = Command(name="df", action=Program("/bin/df"))


def test_commands_are_found_by_their_names_in_the_order_of_their_declaration() -> None:
    catalogue = Catalogue([DF, Command(name="help", action=Verb.HELP)])
    assert list(catalogue.commands) == ["df", "help"]
    assert [command.name for command in catalogue] == ["df", "help"]
    assert len(catalogue) == 2
    assert catalogue.commands["df"] is DF


def test_the_view_shows_later_additions_and_cannot_be_written() -> None:
    catalogue = Catalogue()
    view = catalogue.commands
    catalogue.add(DF)
    assert view["df"] is DF
    with pytest.raises(TypeError):
        view["rm"] = DF  # type: ignore[index]


def test_a_name_is_declared_once() -> None:
    catalogue = Catalogue([DF])
    with pytest.raises(CatalogueError) as caught:
        catalogue.add(Command(name="df", action=Verb.HELP))
    assert str(caught.value) == "commands.df: a command of this name is declared already"
    assert catalogue.commands["df"] is DF


def test_what_does_not_hold_together_is_not_added() -> None:
    catalogue = Catalogue()
    with pytest.raises(CatalogueError):
        catalogue.add(Command(name="it", action=Program("/bin/it"), parameters=(Parameter(name="a"),)))
    assert len(catalogue) == 0


def test_two_catalogues_share_nothing() -> None:
    one, two = Catalogue(), Catalogue()
    one.add(DF)
    assert len(two) == 0


def test_a_decorated_function_is_a_command_and_stays_a_function() -> None:
    catalogue = Catalogue()

    @catalogue.command(timeout_seconds=5, roles=["operator"], doors={"ssh"}, read_only=True)
    def disk_runway(mount: str = "/", days: int = 3) -> str:
        """Days until a file system is full."""
        return f"{mount} {days}"

    assert disk_runway("/srv") == "/srv 3"
    command = catalogue.commands["disk-runway"]
    assert command == Command(
        name="disk-runway",
        action=Function(disk_runway, takes_call=False, is_async=False),
        summary="Days until a file system is full",
        parameters=(
            Parameter(name="mount", default="/", required=False),
            Parameter(name="days", type=IntegerType(), default=3, required=False),
        ),
        roles=frozenset({"operator"}),
        doors=frozenset({"ssh"}),
        read_only=True,
        timeout_seconds=5,
    )


def test_a_name_and_a_summary_that_are_given_count() -> None:
    catalogue = Catalogue()
    catalogue.command("full", summary="When?")(runway)
    assert catalogue.commands["full"].summary == "When?"


def runway() -> str:
    """Another summary."""
    return ""


def words() -> Iterator[str]:
    yield "operator"


def test_roles_may_come_as_any_collection() -> None:
    for given in (["operator"], ("operator",), {"operator"}, frozenset({"operator"}), words()):
        catalogue = Catalogue()
        catalogue.command(roles=given)(runway)
        assert catalogue.commands["runway"].roles == frozenset({"operator"})


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ({"roles": "operator"}, "roles: these are no names; expected a set of texts; found 'operator'"),
        ({"doors": "ssh"}, "doors: these are no names; expected a set of texts; found 'ssh'"),
        ({"roles": 5}, "roles: these are no names; expected a set of texts; found 5"),
        ({"timeout_seconds": "5"}, "timeout_seconds: this number cannot be; expected 0 to 604800; found '5'"),
    ],
)
def test_a_field_that_cannot_be_is_told(declared: dict[str, Any], text: str) -> None:
    catalogue = Catalogue()
    with pytest.raises(CatalogueError) as caught:
        catalogue.command(**declared)(runway)
    assert str(caught.value) == f"commands.runway.{text}"
    assert len(catalogue) == 0


@pytest.mark.parametrize("field", ["sumary", "action", "parameters"])
def test_an_unknown_field_is_named(field: str) -> None:
    with pytest.raises(CatalogueError, match=f"^commands.runway: .*'{field}'"):
        Catalogue().command(**{field: ""})(runway)


def test_a_function_whose_name_cannot_be_a_commands_is_an_error() -> None:
    for function in (lambda: "", functools.partial(runway)):
        with pytest.raises(CatalogueError, match="a command's name cannot be this"):
            Catalogue().command()(function)
    catalogue = Catalogue()
    catalogue.command("full")(functools.partial(runway))
    assert "full" in catalogue.commands


def test_the_key_of_a_bad_parameter_leads_to_it() -> None:
    def bad(mount: list[str]) -> str:
        return str(mount)

    with pytest.raises(CatalogueError) as caught:
        Catalogue().command()(bad)
    assert caught.value.key == "commands.bad.parameters.mount"
