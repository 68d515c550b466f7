"""Tables and series as they are drawn."""

from doorward.core.tables import Column, Series, Table
from doorward.doors.web.pages.drawings import DrawnSeries, DrawnTable, draw
from doorward.doors.web.pages.english import ENGLISH
from doorward.doors.web.pages.french import FRENCH

COLUMNS = (Column("file system"), Column("size", "bytes"), Column("used part", "%"))


def test_a_part_in_percent_is_a_bar_of_that_length() -> None:
    rows = (("a", 2**30, 27), ("b", None, 90), ("c", 1536, None), ("d", 1, 250))
    drawn = draw(FRENCH, Table(COLUMNS, rows))
    assert isinstance(drawn, DrawnTable)
    assert drawn.headings == (("système de fichiers", False), ("taille", True), ("part utilisée", True))
    assert [[cell.text for cell in row] for row in drawn.rows] == [
        ["a", "1 GiB", "27 %"],
        ["b", "-", "90 %"],
        ["c", "1,5 KiB", "-"],
        ["d", "1 B", "250 %"],
    ]
    assert [(row[2].percent, row[2].is_high) for row in drawn.rows] == [
        (27.0, False),
        (90.0, True),
        (None, False),
        (100.0, True),
    ]


def test_figures_keep_their_value_for_the_chart() -> None:
    drawn = draw(ENGLISH, Series("", (("1 min", 0.4213), ("5 min", 2.0))))
    assert isinstance(drawn, DrawnSeries)
    assert [(figure.label, figure.text, figure.value) for figure in drawn.figures] == [
        ("1 min", "0.42", 0.4213),
        ("5 min", "2.00", 2.0),
    ]


def test_what_its_text_shows_as_well_is_not_drawn() -> None:
    assert draw(ENGLISH, None) is None
    assert draw(ENGLISH, Series("", ())) is None
    assert draw(ENGLISH, Table((Column("name"), Column("size", "bytes")), (("a", 1),))) is None


def test_a_huge_table_is_bounded() -> None:
    drawn = draw(ENGLISH, Table(COLUMNS, (("a", 1, 1),) * 1000))
    assert isinstance(drawn, DrawnTable)
    assert len(drawn.rows) == 200
