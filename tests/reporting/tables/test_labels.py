"""Labels of recipes name the rows of tables."""

from __future__ import annotations

from harness.reporting.tables.labels import labels, signature


def test_labels_stand_where_rows_differ_only_by_parameters(make):
    uses = [
        make.component("digi2real", identities=n).model_copy(update={"label": label})
        for n, label in ((10, "10K"), (20, "20K"))
    ]
    found = labels(uses)
    assert [found[signature(use)] for use in uses] == ["10K", "20K"]


def test_without_labels_the_parameters_tell(make):
    uses = [make.component("digi2real", identities=n) for n in (10, 20)]
    found = labels(uses)
    assert [found[signature(use)] for use in uses] == [
        "digi2real (identities=10)", "digi2real (identities=20)",
    ]  # fmt: skip


def test_one_label_for_two_settings_is_told_apart(make):
    uses = [
        make.component(name, identities=n).model_copy(update={"label": "mine"})
        for name, n in (("bfm", 10), ("digi2real", 10))
    ]
    found = labels(uses)
    assert len(set(found.values())) == 2
    assert all(label.startswith("mine (") for label in found.values())


def test_the_same_setting_is_one_row_whoever_labelled_it(make):
    plain = make.component("bfm", identities=10)
    labelled = plain.model_copy(update={"label": "SYN"})
    assert labels([plain, labelled]) == {signature(plain): "SYN"}
    assert labels([labelled, plain]) == {signature(plain): "SYN"}


def test_a_set_that_rows_label_by_what_they_take_of_it_keeps_its_own_name(make):
    some, more = (
        make.component("folder", identities=9).model_copy(update={"label": label})
        for label in ("200 real images", "400 real images")
    )
    assert labels([some, more]) == {signature(some): "folder"}


def test_networks_in_files_are_named_by_file(make):
    uses = [make.component("onnx", path=f"nets/{name}.onnx", width=width, height=None)
            for name, width in (("xia", None), ("xib", 112))]  # fmt: skip
    found = labels(uses)
    assert [found[signature(use)] for use in uses] == ["onnx (xia.onnx)", "onnx (xib.onnx)"]


def test_a_parameter_that_is_not_set_is_not_shown(make):
    uses = [make.component("onnx", width=width) for width in (None, 112)]
    found = labels(uses)
    assert [found[signature(use)] for use in uses] == ["onnx", "onnx (width=112)"]


def test_one_parameter_that_tells_all_apart_is_enough(make):
    uses = [make.component("bfm", identities=10 * k, yaw=k // 2, light=k % 2) for k in range(1, 4)]
    found = labels(uses)
    assert [found[signature(use)] for use in uses] == [
        "bfm (identities=10)", "bfm (identities=20)", "bfm (identities=30)",
    ]  # fmt: skip


def test_what_is_not_as_published_is_in_the_name(make):
    own = make.component("digi2real", identities=10).model_copy(
        update={"facts": {"departures": ["source bfm", "no detector"]}}
    )
    paper = make.component("digi2real", identities=20)
    labelled = own.model_copy(update={"label": "mine", "params": {"identities": 30}})
    found = labels([own, paper, labelled])
    assert found == {
        signature(own): "digi2real [source bfm, no detector]",
        signature(paper): "digi2real",
        signature(labelled): "mine",
    }
