import hashlib
import os
import stat

import pytest

from core.files import atomic_writer, sha256_of_file, sha256_of_path, write_bytes, write_text


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    write_text(path, "old ü")
    with pytest.raises(RuntimeError), atomic_writer(path) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert path.read_text("utf-8") == "old ü"
    assert os.listdir(path.parent) == ["a.txt"]  # noqa: PTH208 - hidden files count too
    write_text(path, "new")
    assert path.read_text() == "new"


def test_written_files_have_the_mode_of_any_other_file(tmp_path):
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "a", b"x")
        (tmp_path / "b").write_bytes(b"x")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "b")]
    assert modes == [0o640, 0o640]


def test_a_name_as_long_as_the_file_system_allows_can_be_written(tmp_path):
    path = tmp_path / ("x" * 255)
    write_bytes(path, b"long")
    assert path.read_bytes() == b"long"


def test_hashes_are_those_of_the_bytes_and_of_names_in_a_folder(tmp_path):
    write_bytes(tmp_path / "f" / "a", b"1" * 3_000_000)
    write_bytes(tmp_path / "f" / "b" / "c", b"2")
    assert sha256_of_file(tmp_path / "f" / "a") == hashlib.sha256(b"1" * 3_000_000).hexdigest()
    assert sha256_of_path(tmp_path / "f" / "a") == sha256_of_file(tmp_path / "f" / "a")
    whole = sha256_of_path(tmp_path / "f")
    (tmp_path / "f" / "a").rename(tmp_path / "f" / "z")
    assert sha256_of_path(tmp_path / "f") != whole
