from __future__ import annotations

import pytest

from harness.recipe.toml_lines import Places

TEXT = """\
top = 1
[study]  # a comment with key = 1
seed = 0

[[generator]]
use = "bfm"
text = '''
use = "not a key"
[not.a.table]
'''
values = [
  1,
  2,
]
after = 3
[generator.inner]
a.b = 1
[[generator]]
"quoted.key" = 1
[[model]]
[[model.phases]]
x = 1
[[model.phases]]
x = 2
[profile.smoke.generator."a b"]
y = { z = 1 }
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 1),
        (("study",), 2),
        (("study", "seed"), 3),
        (("generator", 0), 5),
        (("generator", 0, "use"), 6),
        (("generator", 0, "values"), 11),
        (("generator", 0, "after"), 15),
        (("generator", 0, "inner", "a", "b"), 17),
        (("generator", 1), 18),
        (("generator", 1, "quoted.key"), 19),
        (("model", 0, "phases", 1, "x"), 24),
        (("profile", "smoke", "generator", "a b", "y"), 26),
        (("profile", "smoke", "generator", "a b", "y", "z"), 26),  # inside a line
        (("generator", 1, "absent"), 18),
        (("absent",), None),
    ],
)
def test_lines(path, line):
    assert Places(TEXT).line(path) == line
