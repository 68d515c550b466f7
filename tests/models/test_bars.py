"""Charts as SVG."""

from xml.etree import ElementTree

from doorward.models._bars import Bar, draw

SVG = "{http://www.w3.org/2000/svg}"


def test_a_bar_is_as_long_as_its_value_and_a_reason_has_none() -> None:
    bars = [Bar("a", 100.0, "100"), Bar("b", 50.0, "50"), Bar("c", None, "it cannot"), Bar("d", 0.0, "0")]
    root = ElementTree.fromstring(draw("title", "subtitle", bars))
    widths = [float(each.get("width", "")) for each in root.iter(f"{SVG}rect") if each.get("class") == "bar"]
    assert widths == [430.0, 215.0, 1.0]
    assert "it cannot" in [each.text for each in root.iter(f"{SVG}text")]


def test_a_limit_is_drawn_apart_and_texts_are_escaped() -> None:
    drawn = draw('a "b" & <c>', "", [Bar("<d>", 1.0, "&", is_limit=True)])
    root = ElementTree.fromstring(drawn)
    assert root.get("aria-label") == 'a "b" & <c>'
    assert [each.get("class") for each in root.iter(f"{SVG}rect")] == ["paper", "limit"]
    assert "prefers-color-scheme: dark" in drawn


def test_no_bars_are_a_chart_too() -> None:
    assert ElementTree.fromstring(draw("t", "s", [])).tag == f"{SVG}svg"
