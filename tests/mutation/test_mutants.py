from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.mutants import mutants_of, sample

SOURCE = '''"""A module: 1 + 1."""

LIMIT: int = 5


def kept(values, least=0):
    """Those that are larger (not less)."""
    if not values:
        raise ValueError(f"give {1 + 1} values")
    total = 0
    for value in values:
        # 2 < 3
        total += value
    print(total)
    return [value for value in values if value > least and value is not None]


def told(found):
    return "some" if found else "none"
'''


@pytest.fixture
def made(tmp_path):
    file = tmp_path / "harness" / "module.py"
    file.parent.mkdir()
    file.write_text(SOURCE)
    return list(mutants_of(tmp_path, file))


def changes(made):
    whole = SOURCE.encode()
    return {(m.line, whole[m.start : m.end].decode(), m.new) for m in made}


def test_the_changes_of_a_module(made):
    assert changes(made) == {
        (3, "5", "6"),
        (6, "0", "1"),
        (8, "not ", ""),
        (10, "0", "1"),
        (13, "+", "-"),
        (14, "print(total)", "None"),
        (15, "[value for value in values if value > least and value is not None]", "None"),
        (15, ">", ">="),
        (15, "and", "or"),
        (15, "is not", "is"),
        (19, '"some" if found else "none"', "None"),
        (19, "found", "not (found)"),
    }


def test_every_change_is_python_of_another_meaning(made):
    for mutant in made:
        changed = mutant.of(SOURCE.encode())
        assert changed != SOURCE.encode()
        compile(changed, "module.py", "exec")


def test_the_same_sample_wherever_the_code_stands(made, tmp_path):
    file = tmp_path / "harness" / "module.py"
    file.write_text("# a line above\n" + SOURCE)
    moved = list(mutants_of(tmp_path, file))
    assert [m.name for m in moved] == [m.name for m in made]
    drawn = [m.name for m in sample(made, 5, 0)]
    assert len(set(drawn)) == 5
    assert [m.name for m in sample(list(reversed(moved)), 5, 0)] == drawn
    assert [m.name for m in sample(made, 5, 1)] != drawn


def test_the_sample_covers_the_modules_that_are_there():
    from tests.mutation.run import MUTATED, ROOT, WIDER, drawn, tests_of

    assert all((ROOT / name).exists() for name in MUTATED)
    files = {mutant.file for mutant in drawn(200, 0)}
    assert all(Path(file).parts[1] in WIDER for file in files)
    assert all(tests_of(file)[1] for file in files)
