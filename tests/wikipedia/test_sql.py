from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.wikipedia import dump as dumps_module
from curation.wikipedia.dump import Dump
from curation.wikipedia.sql import read_rows
from tests.wikipedia import dumps

VALUES = st.one_of(
    st.none(),
    st.integers(-(2**40), 2**40),
    st.text(st.sampled_from("ab'\\\"\n\r\t\x1a\0();,é€😀%N"), max_size=12),
)
COLUMNS = ("a", "b", "c")


@given(rows=st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=12), size=st.integers(1, 300))
def test_rows_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[dumps.Value, ...]], size: int
) -> None:
    path = tmp_path_factory.mktemp("sql") / "dump.sql"
    file = dumps.write(path, dumps.sql("t", COLUMNS, rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dumps_module, "PIECE_BYTES", size)
        batches = read_rows(Dump(file), lambda names: [n for n in names if n != "b"])
        found = [row for batch in batches for row in batch.to_pylist()]
    texts = [[None if v is None else str(v) for v in row] for row in rows]
    assert found == [{"a": row[0], "c": row[2]} for row in texts]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (b"INSERT INTO `t` VALUES\n(1,'x'),\n(2,'y');\n", [("1", "x"), ("2", "y")]),
        (b"INSERT INTO `t` (`b`, `a`) VALUES ('x',1);\n", [("1", "x")]),
        (b"INSERT INTO `t` VALUES (1,_binary 'x');\n", [("1", "x")]),
        (b"INSERT INTO `t` VALUES (1,'it''s'),(-2.5e3,'');\n", [("1", "it's"), ("-2.5e3", "")]),
        (b"INSERT INTO `t` VALUES (1,'\xff\xc3\xa9');\n", [("1", "\ufffdé")]),
        (
            b"INSERT INTO `t` VALUES (1,'a');INSERT INTO `t` VALUES (2,'b');",
            [("1", "a"), ("2", "b")],
        ),
    ],
)
def test_forms_of_statements(
    tmp_path: Path, statement: bytes, expected: list[tuple[str, str]]
) -> None:
    content = dumps.sql("t", ("a", "b"), []).replace(b"UNLOCK", statement + b"\nUNLOCK")
    (batch, *more) = read_rows(Dump(dumps.write(tmp_path / "t.sql", content)), lambda _: ["a", "b"])
    found = [row for some in (batch, *more) for row in some.to_pylist()]
    assert [(row["a"], row["b"]) for row in found] == expected
