"""The command `cve`, as it stands in every catalogue."""

import pytest

from doorward.core.builtin_commands import LATER, function_commands
from doorward.core.catalogue import Catalogue
from doorward.core.cve_command import CVE, PARAMETERS, cve_command
from doorward.core.errors import BadArgument
from doorward.core.invocation import bind
from doorward.core.limits import Limits
from doorward.core.named_words import takes_options
from doorward.core.policy import Deed, judge
from doorward.core.principal import ADMIN, Login, User, guest, principal_of
from doorward.core.words import split_words

COMMAND = cve_command(LATER)


def said(line: str) -> dict[str, object]:
    given = bind(COMMAND, split_words(line), Limits()).values
    defaults = bind(COMMAND, [], Limits()).values
    return {name: value for name, value in given.items() if value != defaults.get(name)}


def test_it_is_a_command_for_admins_that_only_reads() -> None:
    assert [each.name for each in Catalogue(function_commands())] == [CVE]
    assert COMMAND.is_shareable
    admin = principal_of(User(name="root", roles=frozenset({ADMIN})), Login.PASSWORD)
    assert judge(admin, Deed.RUN, COMMAND, door="ssh").is_granted
    for other in (principal_of(User(name="alice"), Login.PASSWORD), guest()):
        assert not judge(other, Deed.SEE, COMMAND, door="ssh").is_granted


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("", {}),
        ("list --installed", {"installed": True}),
        ("--kev --score 7 --word openssl,glibc", {"kev": True, "score": 7.0, "word": "openssl,glibc"}),
        ("show CVE-2024-3094", {"what": "show", "id": "CVE-2024-3094"}),
        ("show id=CVE-2024-3094 form=json", {"what": "show", "id": "CVE-2024-3094", "form": "json"}),
        (
            "counts --months=12 --product cpe:2.3:a:openssl:",
            {"what": "counts", "months": 12, "product": "cpe:2.3:a:openssl:"},
        ),
        ("--order epss --limit 5 --offset 10", {"order": "epss", "limit": 5, "offset": 10}),
        (
            "--since 7d --rejected --fixable --epss 0.5",
            {"since": "7d", "rejected": True, "fixable": True, "epss": 0.5},
        ),
    ],
)
def test_it_is_asked_as_one_would_type(line: str, values: dict[str, object]) -> None:
    assert said(line) == values


@pytest.mark.parametrize(
    "line", ["watch", "--score 11", "--epss 2", "--limit 501", "--limit 0", "--months 241", "--instaled"]
)
def test_what_it_does_not_know_is_refused(line: str) -> None:
    with pytest.raises(BadArgument):
        said(line)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("--help", "did you mean `help cve`?"),
        ("list --json", "did you mean form=json?"),
        ("--instaled", "did you mean --installed?"),
        ("--word a --word b", "or one of several, with commas), got two"),
        ("--score 1 --score 2", "score: expected one value, got two"),
    ],
)
def test_what_other_programs_take_is_told_how_it_is_said_here(line: str, step: str) -> None:
    with pytest.raises(BadArgument) as caught:
        said(line)
    assert str(caught.value).endswith(step)


def test_each_of_its_parameters_can_be_an_option() -> None:
    assert takes_options(PARAMETERS)
