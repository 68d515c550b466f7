import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from doorward.core.errors import CatalogueError
from doorward.core.parameter import NAME
from doorward.core.template import Element, parse_element
from tests.core.strategies import any_text, awkward_text

names = st.from_regex(NAME, fullmatch=True)
literals = st.text(alphabet=st.characters(exclude_characters="\0\r\n", codec="utf-8"))


@st.composite
def elements(draw: st.DrawFn) -> Element:
    pieces = [draw(literals)]
    for name in draw(st.lists(names, max_size=4)):
        pieces += [name, draw(literals)]
    return Element(tuple(pieces))


@given(elements())
@example(Element(("{{}}",)))
@example(Element(("{", "a", "}")))
@example(Element(("", "a", "", "a", "")))
def test_an_element_that_is_shown_parses_as_itself(element: Element) -> None:
    assert parse_element(element.shown, key="k") == element


@given(st.one_of(any_text, awkward_text, st.text(alphabet="{}a_A ")))
def test_a_text_is_an_element_that_shows_it_or_a_catalogue_error(text: str) -> None:
    try:
        shown = parse_element(text, key="commands.x.run").shown
    except CatalogueError as error:
        shown = text
        key, line = error.key, str(error)
    else:
        key, line = "commands.x.run", "fine"
    assert shown == text
    assert key == "commands.x.run"
    assert line.isprintable()


@given(elements(), st.dictionaries(names, st.text(alphabet="{}a-/ ")))
def test_words_stand_where_their_names_stood_and_nowhere_else(
    element: Element, words: dict[str, str]
) -> None:
    words = {name: words.get(name, f"<{name}>") for name in element.names}
    texts = element.pieces[::2]
    expected = texts[0] + "".join(
        words[name] + text for name, text in zip(element.names, texts[1:], strict=True)
    )
    assert element.fill(words) == expected


@given(elements().filter(lambda element: element.names), st.data())
def test_an_element_without_one_of_its_words_is_left_out(element: Element, data: st.DataObject) -> None:
    absent = data.draw(st.sampled_from(element.names))
    assert element.fill({name: "x" for name in element.names if name != absent}) is None


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ("",)),
        ("-c", ("-c",)),
        ("{host}", ("", "host", "")),
        ("--count={count}", ("--count=", "count", "")),
        ("{a}{b}", ("", "a", "", "b", "")),
        ("{{a}}", ("{a}",)),
        ("{{{a}}}", ("{", "a", "}")),
        ("{{{{", ("{{",)),
        ("}}{{", ("}{",)),
        ("{{}}", ("{}",)),
        ("${{HOME}} $(id) %s", ("${HOME} $(id) %s",)),
    ],
)
def test_braces_are_read_so(text: str, pieces: tuple[str, ...]) -> None:
    assert parse_element(text, key="k").pieces == pieces


@pytest.mark.parametrize(
    "text",
    [
        *(
            "{",
            "}",
            "{}",
            "{ }",
            "{a",
            "a}",
            "{a}}",
            "{{a}",
            "{A}",
            "{a-b}",
            "{1}",
            "{a }",
            "{a:>5}",
            "{a!r}",
            "{0}",
        ),
        *("{a.b}", "{a[0]}", "{é}", "{{{", "}}}", "{a}{", "{a{b}}", f"{{{'a' * 33}}}"),
    ],
)
def test_a_brace_that_names_no_parameter_is_an_error(text: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_element(text, key="k")
    assert str(caught.value) == (
        f"k: a brace that names no parameter; expected {{name}}, or {{{{ for a brace; found {text!a}"
    )


@pytest.mark.parametrize("text", ["a\0", "a\nb", "\r", "{a}\n", "{a\n}"])
def test_nul_and_line_breaks_are_no_part_of_an_element(text: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_element(text, key="k")
    assert str(caught.value) == f"k: an element cannot hold NUL or a line break; found {text!a}"


def test_an_empty_word_is_present() -> None:
    assert parse_element("{a}", key="k").fill({"a": ""}) == ""


def test_what_a_word_holds_is_not_filled_again() -> None:
    assert parse_element("{a}{b}", key="k").fill({"a": "{b}", "b": "{{a}}"}) == "{b}{{a}}"
