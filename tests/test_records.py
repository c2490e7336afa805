"""An experiment is recorded in one form, with what it was made with."""

import json

import torch

from lossbook import records


def test_what_is_written_is_rounded_sorted_and_one_line(tmp_path):
    path = tmp_path / "record.json"
    records.write(path, {"b": [1.23456789, 2], "a": "T²"})
    assert path.read_text("utf-8") == '{"a":"T²","b":[1.23457,2]}\n'
    records.write(path, {"b": 1.23456789}, digits=3)
    assert json.loads(path.read_text()) == {"b": 1.23}


def test_a_stamp_names_what_the_record_was_made_with():
    versions = records.stamp("scikit-learn")["versions"]
    assert {"python", "torch", "scikit-learn", "lossbook"} == set(versions)
    assert versions["torch"] == str(torch.__version__)
