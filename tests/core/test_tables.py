import json

import pytest

from doorward.core.tables import Column, Series, Table, drawing_members

COLUMNS = (Column("name"), Column("size", "bytes"))


def test_a_table_has_a_cell_for_every_column() -> None:
    assert Table(COLUMNS, ()).rows == ()
    assert Table(COLUMNS, (("a", 1), ("b", None))).rows[1] == ("b", None)


@pytest.mark.parametrize("row", [(), ("a",), ("a", 1, 2)])
def test_a_row_of_another_length_is_an_error(row: tuple[str | int, ...]) -> None:
    with pytest.raises(ValueError, match=f"a row of {len(row)} cells under 2 columns"):
        Table(COLUMNS, (("a", 1), row))


def test_a_drawing_is_written_as_json() -> None:
    assert json.loads(json.dumps(drawing_members(Table(COLUMNS, (("é", None),))))) == {
        "columns": [{"name": "name", "unit": ""}, {"name": "size", "unit": "bytes"}],
        "rows": [["é", None]],
    }
    assert drawing_members(Series("s", (("now", 1.5), ("then", 0.0)))) == {
        "unit": "s",
        "figures": {"now": 1.5, "then": 0.0},
    }
