"""The LaTeX table holds every cell, and text cannot break out of it."""

import re

from app.ui.studies.latex import escaped, latex_table
from tests.app.ui.studies.studies import cell, estimate, study


def test_what_latex_reads_as_commands_is_escaped() -> None:
    assert escaped(r"50 % of a_b & \input{x} #1 ~ ^") == (
        r"50 \% of a\_b \& \textbackslash{}input\{x\} \#1 \textasciitilde{} \textasciicircum{}"
    )


def test_each_cell_has_a_row_with_as_many_columns_as_the_head() -> None:
    table = latex_table(study())
    rows = [line for line in table.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 1 + 4
    assert len({row.count(" & ") for row in rows}) == 1
    (columns,) = re.findall(r"\\begin\{tabular\}\{(\w+)\}", table)
    assert len(columns) == rows[0].count(" & ") + 1


def test_gains_have_signs_intervals_and_costs() -> None:
    table = latex_table(study(cells=[cell()]))
    for text in ("$-4.01$", "$[-10.00, +2.00]$", "$+1.53$", "94.82", "4434/4434", "not decided"):
        assert text in table


def test_what_is_unknown_is_a_dash() -> None:
    unknown = cell(seconds=[None, None], mean_variant=estimate(None), networks=[])
    table = latex_table(study(cells=[unknown]))
    assert r"\trainingtime{--/--}" in table
    assert "None" not in table


def test_a_data_set_with_an_odd_name_stays_in_its_comment() -> None:
    named = study().request.model_copy(update={"dataset": "folder:a\n\\end{document}"})
    table = latex_table(study().model_copy(update={"request": named}))
    assert table.splitlines()[0].startswith("% ")
    assert not [line for line in table.splitlines() if line.startswith(r"\end{document}")]
