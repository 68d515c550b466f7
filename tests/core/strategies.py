"""What peers may send and keepers may declare, for Hypothesis."""

from hypothesis import strategies as st

from doorward.core.parameter_types import (
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
)

any_text = st.text()
"""Every character but lone surrogates."""

awkward_text = st.text(
    alphabet=st.sampled_from("ab1=-'\"\\ \t\r\n$`{}#/.\0\x1b\x7f\x85\xa0\u2028\u202e\u0661\ud800é")
)
"""What quoting, templates, terminals and readers of lines stumble over."""

hostile_words = st.one_of(
    any_text,
    awkward_text,
    st.sampled_from(
        (
            *(
                "-",
                "--",
                "-x",
                "--help",
                "-1",
                "-0",
                "\u22121",
                "-1e5",
                "--=",
                "=-",
                "=",
                "a=b",
                "host=x",
                "",
            ),
            *("5", "5.0", "1e3", "0", "yes", "no", "ON", "off", "true", "1", "443", "65536"),
            *(
                "example.org",
                "example.org.",
                "-example.org",
                "127.0.0.1",
                "::1",
                "fe80::1%eth0",
                "::ffff:1.2.3.4",
            ),
            *("/srv/a", "a/b", "..", "../x", "/etc/passwd", "//etc", ".", "/srv", "/srvx", "-/../a"),
            *(
                "{x}",
                "{{",
                "}",
                "$(id)",
                "`id`",
                ";id",
                "|id",
                "&",
                "*",
                "~root",
                "%s",
                "a\nb",
                "-\n",
                "a\x00b",
            ),
        )
    ),
    st.from_regex(r"-?[0-9]{1,25}(\.[0-9]+)?(e[0-9]+)?", fullmatch=True),
)
"""Words as a peer that means harm would send them, and some that are taken."""

TYPES_WITHOUT_A_DASH: tuple[ParameterType, ...] = (
    TextType(),
    TextType(min=0, max=5),
    IntegerType(),
    NumberType(),
    HostnameType(),
    AddressType(),
    PortType(),
    PathType(),
    PathType(within="/srv"),
    ChoiceType(choices=("a", "host=x", "")),
    FlagType(on="q"),
)
"""No word of these may begin with a dash."""

TYPES_WITH_A_DASH: tuple[ParameterType, ...] = (
    IntegerType(min=-10, max=10),
    NumberType(min=-10),
    ChoiceType(choices=("-x", "--help")),
    PatternType(pattern="-?[a-z]*"),
    FlagType(on="-q"),
)
"""The keeper declared that these may."""

ALL_TYPES = (*TYPES_WITHOUT_A_DASH, *TYPES_WITH_A_DASH, SecretType())
