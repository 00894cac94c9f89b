"""Reads facematch's output with the programs that people read it with, and checks that every value arrives.

    consumers.py FOLDER

FOLDER holds *.ndjson, *.json (arrays of records), *.object.json (one object) and *.csv. Python's own `json` and `csv` say
what the files hold. No reader gets options, except for the files *.late.*, whose first faces come late: there each gets
what docs/OUTPUT.md recommends.
"""

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow.csv
import pyarrow.json

# Columns of a table of records, as DuckDB types them. Lists of faces that are JSON would have lost their fields.
COLUMNS = {
    "path": "VARCHAR",
    "width": "BIGINT",
    "orientation": "BIGINT",
    "faces": "STRUCT",
    "kind": "VARCHAR",
    "message": "VARCHAR",
    "image_count": "BIGINT",
    "face_count": "BIGINT",
    "matched": "BIGINT",
    "errors": "BIGINT",
    "known_people": "BIGINT",
    "threshold": "DOUBLE",
    "sorted": "STRUCT",
    "sidecar": "STRUCT",
    "findings": "STRUCT",
    "separation": "STRUCT",
    "person_count": "BIGINT",
    "pair_count": "BIGINT",
    "end_to_end": "STRUCT",
    "people": "STRUCT",
}


def relation(table):
    return [dict(zip(table.columns, row)) for row in table.fetchall()]


def frame(table):
    return table.to_dict("records")


def lines(path):
    return {
        "DuckDB": lambda: relation(duckdb.read_json(str(path))),
        "pandas": lambda: frame(pandas.read_json(path, lines=True)),
        "Polars": lambda: polars.read_ndjson(path).to_dicts(),
        "pyarrow": lambda: pyarrow.json.read_json(path).to_pylist(),
    }


def late_lines(path):
    whole = pyarrow.json.ReadOptions(block_size=2**30)
    return {
        "DuckDB": lambda: relation(duckdb.read_json(str(path), sample_size=-1)),
        "pandas": lambda: frame(pandas.read_json(path, lines=True)),
        "Polars": lambda: polars.read_ndjson(path, infer_schema_length=None).to_dicts(),
        "pyarrow": lambda: pyarrow.json.read_json(path, read_options=whole).to_pylist(),
    }


def array(path):
    return {
        "DuckDB": lambda: relation(duckdb.read_json(str(path))),
        "pandas": lambda: frame(pandas.read_json(path)),
        "Polars": lambda: polars.read_json(path).to_dicts(),
    }


def table(path):
    return {
        "DuckDB": lambda: relation(duckdb.read_csv(str(path))),
        "pandas": lambda: frame(pandas.read_csv(path)),
        "Polars": lambda: polars.read_csv(path).to_dicts(),
        "pyarrow": lambda: pyarrow.csv.read_csv(path).to_pylist(),
    }


def late_table(path):
    whole = pyarrow.csv.ReadOptions(block_size=2**30)
    return {
        "DuckDB": lambda: relation(duckdb.read_csv(str(path), sample_size=-1)),
        "pandas": lambda: frame(pandas.read_csv(path)),
        "Polars": lambda: polars.read_csv(path, infer_schema_length=None).to_dicts(),
        "pyarrow": lambda: pyarrow.csv.read_csv(path, read_options=whole).to_pylist(),
    }


def is_nothing(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


def check(expected, got, where):
    """Every value of `expected` must be in `got`, which may have nothing else but missing values."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in expected.keys() | got.keys():
            check(expected.get(key), got.get(key), f"{where}.{key}")
    elif isinstance(expected, list) and isinstance(got, list):
        assert len(expected) == len(got), f"{where}: {len(got)} instead of {len(expected)}"
        for number, pair in enumerate(zip(expected, got)):
            check(*pair, f"{where}[{number}]")
    elif expected is None:
        assert is_nothing(got), f"{where}: {got!r} instead of nothing"
    else:
        assert isinstance(got, bool) == isinstance(expected, bool), f"{where}: {got!r}"
        # pandas rounds the last digit of a float.
        same = got == expected or (isinstance(got, float) and math.isclose(got, expected, rel_tol=1e-14))
        assert same, f"{where}: {got!r} instead of {expected!r}"


def check_rows(rows, got, where):
    """The same for rows of a CSV file, whose cells are texts."""
    assert len(rows) == len(got), f"{where}: {len(got)} rows instead of {len(rows)}"
    for number, (row, cells) in enumerate(zip(rows, got)):
        assert list(row) == list(cells), f"{where}: {list(cells)}"
        for column, text in row.items():
            value = cells[column]
            if text == "":
                same = is_nothing(value) or value == ""
            elif isinstance(value, bool):
                same = text == str(value).lower()
            elif isinstance(value, (int, float)):
                same = math.isclose(float(text), value, rel_tol=1e-14)
            else:
                same = text == value and column not in ("width", "x", "score", "distance")
            assert same, f"{where}[{number}].{column}: {value!r} instead of {text!r}"


def check_readers(readers, expected, checker, path):
    for name, read in readers.items():
        where = f"{name}, {path.name}"
        try:
            got = read()
        except Exception as error:
            raise AssertionError(f"{where}: {error}") from error
        checker(expected, got, where)


def check_types(path, records):
    types = dict(zip(*(lambda t: (t.columns, map(str, t.types)))(duckdb.read_json(str(path)))))
    keys = {key for record in records for key, value in record.items() if value not in (None, [])}
    for key in keys & COLUMNS.keys():
        assert types[key].startswith(COLUMNS[key]), f"{path.name}: {key} is {types[key]}"
        assert "JSON" not in types[key] or key in ("separation", "findings"), f"{path.name}: {types[key]}"


def jq(path, *arguments):
    return subprocess.run(["jq", *arguments, path], check=True, capture_output=True, text=True).stdout


def check_file(path):
    is_late = ".late." in path.name
    if path.suffix == ".csv":
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert rows, path
        readers = late_table(path) if is_late else table(path)
        return check_readers(readers, rows, check_rows, path)
    text = path.read_text(encoding="utf-8")
    if path.name.endswith(".object.json"):
        records, readers = [json.loads(text)], lines(path)
    elif path.suffix == ".json":
        records, readers = json.loads(text), array(path)
    else:
        records = [json.loads(line) for line in text.splitlines()]
        readers = late_lines(path) if is_late else lines(path)
    assert records, path
    check_readers(readers, records, check, path)
    if not is_late:
        check_types(path, records)
    found = json.loads(jq(path, "-s", "flatten(1)"))
    check(records, found, f"jq, {path.name}")


def main():
    files = sorted(Path(sys.argv[1]).iterdir())
    for path in files:
        check_file(path)
    print(f"{len(files)} files")


main()
