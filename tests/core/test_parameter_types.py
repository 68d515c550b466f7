import math
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import BadArgument
from doorward.core.parameter import Parameter, word_of
from doorward.core.parameter_types import (
    TYPES,
    AddressType,
    ChoiceType,
    FlagType,
    HostnameType,
    IntegerType,
    NumberType,
    ParameterType,
    PathType,
    PatternType,
    PortType,
    SecretType,
    TextType,
    Value,
    is_inside,
)
from doorward.core.secret import Secret
from tests.core.strategies import ALL_TYPES, TYPES_WITH_A_DASH, TYPES_WITHOUT_A_DASH, hostile_words

TEXT, INTEGER, NUMBER, HOSTNAME = TextType(), IntegerType(), NumberType(), HostnameType()
ADDRESS, PORT, PATH, SRV = AddressType(), PortType(), PathType(), PathType(within="/srv")
CHOICE, FLAG = ChoiceType(choices=("fast", "-slow", "Été")), FlagType(on="-q")
LABEL_63 = "a" * 63

TAKEN: list[tuple[ParameterType, str, Value]] = [
    (TEXT, "a", "a"),
    (TEXT, "a" * 256, "a" * 256),
    (TEXT, "a-b =$(id) `é` \u22121", "a-b =$(id) `é` \u22121"),
    (TextType(min=0), "", ""),
    (TextType(min=2, max=2), "é\U0001f600", "é\U0001f600"),
    (INTEGER, "0", 0),
    (INTEGER, "007", 7),
    (INTEGER, "9223372036854775807", 2**63 - 1),
    (IntegerType(min=-5), "-5", -5),
    (IntegerType(min=-5), "-0", 0),
    (IntegerType(min=3, max=3), "3", 3),
    (NUMBER, "0", 0.0),
    (NUMBER, "5", 5.0),
    (NUMBER, "0.25", 0.25),
    (NUMBER, "1e3", 1000.0),
    (NUMBER, "1E-3", 0.001),
    (NUMBER, "1e308", 1e308),
    (NUMBER, "1e-999", 0.0),
    (NumberType(min=-1.5), "-1.5", -1.5),
    (CHOICE, "fast", "fast"),
    (CHOICE, "-slow", "-slow"),
    (CHOICE, "Été", "Été"),
    *((FLAG, word, True) for word in ("yes", "YES", "true", "True", "on", "1")),
    *((FLAG, word, False) for word in ("no", "No", "false", "off", "0")),
    *(
        (HOSTNAME, word, word)
        for word in ("a", "example.org", "example.org.", "EXAMPLE.org", "3com.com", "x--y.z")
    ),
    (HOSTNAME, f"{LABEL_63}.org", f"{LABEL_63}.org"),
    (HOSTNAME, ".".join([LABEL_63] * 3 + ["a" * 61]), ".".join([LABEL_63] * 3 + ["a" * 61])),
    (HOSTNAME, "127.0.0.1", "127.0.0.1"),
    (HOSTNAME, "::1", "::1"),
    (ADDRESS, "0.0.0.0", "0.0.0.0"),
    (ADDRESS, "255.255.255.255", "255.255.255.255"),
    (ADDRESS, "2001:DB8:0:0::1", "2001:db8::1"),
    (ADDRESS, "::", "::"),
    (PORT, "1", 1),
    (PORT, "65535", 65535),
    (PORT, "00022", 22),
    (PortType(min=0), "0", 0),
    (PATH, "/", "/"),
    (PATH, "etc/passwd", "/etc/passwd"),
    (PATH, "//etc//passwd/", "/etc/passwd"),
    (PATH, "/../..", "/"),
    (PATH, "a -b/é", "/a -b/é"),
    (SRV, "/srv", "/srv"),
    (SRV, "/srv/", "/srv"),
    (SRV, ".", "/srv"),
    (SRV, "a", "/srv/a"),
    (SRV, "a/../b", "/srv/b"),
    (SRV, "../srv/a", "/srv/a"),
    (SRV, "/srv//a/./b", "/srv/a/b"),
    (SRV, "//srv/a", "/srv/a"),
    (SRV, "...", "/srv/..."),
    (SRV, "..a", "/srv/..a"),
    (PathType(within="/srv/"), ".", "/srv"),
    (PathType(within="/srv/"), "a", "/srv/a"),
    (PatternType(pattern="[a-z]+"), "abc", "abc"),
    (PatternType(pattern="-?x"), "-x", "-x"),
    (PatternType(pattern="a|ab"), "ab", "ab"),
    (PatternType(pattern="a*"), "", ""),
    (SecretType(), "-p", Secret("-p")),
    (SecretType(), "é ' \"", Secret("é ' \"")),
]

REFUSED: list[tuple[ParameterType, str]] = [
    *((TEXT, word) for word in ("", "-", "-a", "--", "a" * 257)),
    *((TextType(min=2, max=3), word) for word in ("a", "abcd")),
    *(
        (INTEGER, word)
        for word in ("", "-1", "-0", "+1", " 1", "1 ", "1_000", "1.0", "1e3", "0x1f", "one", "-")
    ),
    *((INTEGER, word) for word in ("\u0661", "\u00b2", "\uff11", "9223372036854775808", "9" * 21)),
    (INTEGER, "9" * 1_000_000),
    (IntegerType(min=-5), "-6"),
    (IntegerType(min=-5), "--5"),
    (IntegerType(min=1, max=10), "0"),
    (IntegerType(min=1, max=10), "11"),
    *(
        (NUMBER, word)
        for word in ("", "-1", "-0", "-0.0", "+1", ".5", "5.", "1_0.0", "0x1p3", "1e", "1e+", "1,5")
    ),
    *(
        (NUMBER, word)
        for word in ("nan", "NaN", "inf", "-inf", "Infinity", "1e999", "\u0661.5", "1 ", "1e1000")
    ),
    (NUMBER, "9" * 1_000_000),
    (NumberType(min=-1), "-1e999"),
    (NumberType(min=-1), "-inf"),
    (NumberType(min=1, max=2), "2.0001"),
    *((CHOICE, word) for word in ("", "FAST", "fas", "fast ", "slow", "fast,-slow", "E\u0301te\u0301")),
    *((FLAG, word) for word in ("", "-q", "y", "n", "2", "yes ", "01", "oui")),
    *(
        (HOSTNAME, word)
        for word in ("", "-", "-a", "a-", "a.-b", "a-.b", ".", "..", ".a", "a..b", "a.b..", "a_b")
    ),
    *(
        (HOSTNAME, word)
        for word in ("é.org", "\u0661.org", "a b", "a/b", "a:1", "[::1]", "user@host", "*.org", "%61")
    ),
    *(
        (HOSTNAME, word)
        for word in ("1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4.", "127.1", "2130706433", "01.2.3.4")
    ),
    (HOSTNAME, "a" * 64),
    (HOSTNAME, f"{'a' * 64}.org"),
    (HOSTNAME, ".".join([LABEL_63] * 3 + ["a" * 62])),
    (HOSTNAME, "a." * 1_000_000),
    *(
        (ADDRESS, word)
        for word in ("", "localhost", "1.2.3", "1.2.3.4/32", "01.2.3.4", "1.2.3.004", "1.2.3.256")
    ),
    *(
        (ADDRESS, word)
        for word in ("fe80::1%eth0", "fe80::1%", "::1%-x", "[::1]", "::1/128", ":::", "1::2::3", "::g")
    ),
    *(
        (ADDRESS, word)
        for word in ("\u0661.2.3.4", "\uff11.2.3.4", "0x7f.0.0.1", "2130706433", "1.2.3.4 ", "-1.2.3.4")
    ),
    (ADDRESS, "1" * 1_000_000),
    *(
        (PORT, word)
        for word in ("", "0", "-1", "65536", "99999", "000022", "+22", "22.0", "\u0662\u0662", "ssh", "2_2")
    ),
    (PORT, "9" * 1_000_000),
    (PortType(min=1024), "1023"),
    (PortType(max=1023), "1024"),
    *((PATH, word) for word in ("", "-", "-x", "--/x", "-/../etc", "a" * 1025)),
    *(
        (SRV, word)
        for word in (
            "/",
            "..",
            "../",
            "/srvx",
            "/srvx/a",
            "../srvx",
            "a/../..",
            "/srv/../etc",
            "/etc/../srvx",
        )
    ),
    *((SRV, word) for word in ("//etc", "//srvx", "///", "/Srv", "../../../../etc/passwd", "a/../../srvx")),
    (PathType(within="/srv/"), "/srvx"),
    *((PatternType(pattern="[a-z]+"), word) for word in ("", "a1", "A", "abc-", " abc", "a" * 129)),
    *((PatternType(pattern="a|b$"), word) for word in ("ab", "ba")),
    (SecretType(), ""),
    (SecretType(max=3), "abcd"),
]


def parameter(kind: ParameterType) -> Parameter:
    return Parameter(name="it", type=kind)


@pytest.mark.parametrize(("kind", "word", "value"), TAKEN)
def test_a_word_is_taken_as_this_value(kind: ParameterType, word: str, value: Value) -> None:
    taken = parameter(kind).read(word)
    assert taken == value
    assert type(taken) is type(value)


@pytest.mark.parametrize(("kind", "word"), REFUSED, ids=lambda part: repr(part)[:60])
def test_a_word_is_refused(kind: ParameterType, word: str) -> None:
    with pytest.raises(BadArgument) as caught:
        parameter(kind).read(word)
    assert caught.value.parameter == "it"
    assert caught.value.expected == kind.expected
    assert len(str(caught.value)) < 600


UNSEEN = (
    *("\0", "\a", "\b", "\t", "\n", "\v", "\f", "\r", "\x1b", "\x1c", "\x1f", "\x7f", "\x80", "\x85", "\x9b"),
    *(
        "\u2028",
        "\u2029",
        "\u061c",
        "\u200e",
        "\u200f",
        "\u202a",
        "\u202e",
        "\u2066",
        "\u2069",
        "\ud800",
        "\udcff",
    ),
)

A_GOOD_WORD: dict[str, str] = {
    "text": "a",
    "integer": "5",
    "number": "5",
    "choice": "a",
    "flag": "yes",
    "hostname": "a.b",
    "address": "::1",
    "port": "5",
    "path": "a",
    "pattern": "a",
    "secret": "a",
}


def tolerant(name: str) -> Parameter:
    """A parameter of the type that takes as much as the type ever can."""
    choices = tuple(f"a{end}" for end in UNSEEN) + tuple(f"{end}a" for end in UNSEEN)
    options = {
        "choice": {"choices": ("a", *choices)},
        "pattern": {"pattern": r"[\s\S]*"},
        "flag": {"on": "q"},
    }
    return Parameter(name="it", type=TYPES[name](**options.get(name, {})))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("character", UNSEEN, ids=ascii)
def test_no_type_takes_a_character_that_deceives(name: str, character: str) -> None:
    taker = tolerant(name)
    taker.read(A_GOOD_WORD[name])
    for word in (f"a{character}", f"{A_GOOD_WORD[name]}{character}", f"{character}a", character):
        with pytest.raises(BadArgument) as caught:
            taker.read(word)
        assert str(caught.value).isprintable()


def test_every_type_is_known_by_its_name_and_tested_here() -> None:
    assert {name: kind.type_name for name, kind in TYPES.items()} == {name: name for name in A_GOOD_WORD}
    assert {type(kind) for kind in ALL_TYPES} == set(TYPES.values())


@given(st.sampled_from(TYPES_WITHOUT_A_DASH), hostile_words)
def test_no_word_that_is_taken_becomes_an_option(kind: ParameterType, word: str) -> None:
    try:
        value = parameter(kind).read(word)
    except BadArgument:
        return
    assert not word_of(value).startswith("-")


@given(st.sampled_from(ALL_TYPES), hostile_words)
def test_nothing_that_is_taken_holds_a_character_that_deceives(kind: ParameterType, word: str) -> None:
    try:
        text = word_of(parameter(kind).read(word))
    except BadArgument:
        return
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)
    assert not any(unicodedata.bidirectional(character) in BIDI_CONTROLS for character in text)


BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(st.sampled_from((*TYPES_WITHOUT_A_DASH, *TYPES_WITH_A_DASH)), hostile_words)
def test_a_value_reads_again_as_itself(kind: ParameterType, word: str) -> None:
    try:
        value = parameter(kind).read(word)
    except BadArgument:
        return
    again = parameter(kind).read(word_of(value))
    assert again == value
    assert word_of(again) == word_of(value)


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_every_integer_of_64_bits_is_read(number: int) -> None:
    assert parameter(IntegerType(min=-(2**63))).read(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_from_its_own_word(number: float) -> None:
    assert parameter(NumberType(min=-math.inf)).read(word_of(number)) == number


@given(st.floats(allow_nan=False), st.floats(allow_nan=False) | st.integers())
def test_numbers_that_are_equal_have_one_word(number: float, other: float) -> None:
    assert (word_of(number) == word_of(other)) == (number == other)
    if number.is_integer() and abs(number) <= 2**53:
        assert word_of(number) == str(int(number))


@pytest.mark.parametrize(
    ("number", "word"), [(5.0, "5"), (-0.0, "0"), (0.1, "0.1"), (1e22, "1e+22"), (-2.5, "-2.5")]
)
def test_a_number_stands_in_the_vector_as_it_was_meant(number: float, word: str) -> None:
    assert word_of(number) == word


parts_of_paths = st.lists(st.sampled_from(("..", ".", "", "a", "srv", "srvx", "etc", " ")), max_size=8)


@given(
    parts_of_paths, st.sampled_from(("", "/", "//", "///")), st.sampled_from(("/srv", "/srv/", "/srv/a", "/"))
)
def test_no_path_leads_out_of_its_folder(parts: list[str], start: str, within: str) -> None:
    try:
        path = parameter(PathType(within=within)).read(start + "/".join(parts))
    except BadArgument:
        return
    assert isinstance(path, str)
    folder = [part for part in within.split("/") if part]
    assert path.startswith("/")
    assert not path.startswith("//")
    assert path.split("/")[1:][: len(folder)] == folder
    assert ".." not in path.split("/")


@pytest.mark.parametrize(
    ("path", "folder", "inside"),
    [
        ("/", "/", True),
        ("/a", "/", True),
        ("/srv", "/srv", True),
        ("/srv", "/srv/", True),
        ("/srv/a", "/srv", True),
        ("/srv/a", "/srv/", True),
        ("/srvx", "/srv", False),
        ("/srvx", "/srv/", False),
        ("/sr", "/srv", False),
        ("/", "/srv", False),
        ("srv/a", "/srv", False),
        ("", "/srv", False),
    ],
)
def test_a_path_is_inside_by_whole_names(path: str, folder: str, inside: bool) -> None:  # noqa: FBT001
    assert is_inside(path, folder) is inside


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (TEXT, "a text of 1 to 256 characters that does not begin with a dash"),
        (TextType(min=2, max=2), "a text of 2 characters that does not begin with a dash"),
        (INTEGER, "an integer of at least 0"),
        (IntegerType(min=1, max=10), "an integer from 1 to 10"),
        (NUMBER, "a number of at least 0"),
        (NumberType(min=0.5, max=2.0), "a number from 0.5 to 2"),
        (CHOICE, "one of fast, -slow, Été"),
        (FLAG, "yes or no"),
        (HOSTNAME, "a host name or an IP address"),
        (ADDRESS, "an IPv4 or IPv6 address"),
        (PORT, "a port from 1 to 65535"),
        (SRV, "a path inside /srv"),
        (PatternType(pattern="[a-z]+"), "a text that matches [a-z]+ as a whole"),
        (SecretType(), "a secret of 1 to 1024 characters"),
    ],
)
def test_a_type_says_what_it_expects(kind: ParameterType, expected: str) -> None:
    assert kind.expected == expected


def test_types_are_equal_by_what_they_take_and_can_be_keys() -> None:
    assert PatternType(pattern="a") == PatternType(pattern="a")
    assert len({*ALL_TYPES, *ALL_TYPES}) == len(ALL_TYPES)


def test_long_digits_meet_no_limit_of_the_interpreter() -> None:
    # int() of more digits than this is an error of another kind
    assert sys.get_int_max_str_digits() < 10_000
    for kind in (INTEGER, NUMBER, PORT, IntegerType(min=-(2**63)), NumberType(min=-math.inf)):
        with pytest.raises(BadArgument):
            parameter(kind).read("9" * 10_000)
