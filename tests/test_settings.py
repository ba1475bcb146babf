"""`trueline.toml`: found, read, and refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from trueline.errors import ConfigError
from trueline.settings import find_config, home_directory, load_settings

WHOLE = """\
content = ["mine"]

[accounts]
expected = ["111122223333"]

[params."aws-x-y"]
days = 60

[check]
allow_new_suppressions = true

[[environments]]
name = "production"
match = "tag('env') = 'prod'"

[environments.policies."aws-x-y"]
severity = "critical"
params = {days = 30}

[[environments]]
name = "staging"
inherits = "production"
match = "tag('env') = 'stage'"

[environments.policies."aws-x-y"]
enabled = false
reason = "not used there"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "mine").mkdir(exist_ok=True)
    file = folder / "trueline.toml"
    file.write_text(text)
    return file


def test_everything_is_read_and_inheritance_is_laid_under(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, WHOLE))
    assert settings.content == ((tmp_path / "mine").resolve(),)
    assert settings.expected_accounts == ("111122223333",)
    assert settings.params == {"aws-x-y": {"days": 60}}
    assert settings.new_suppressions
    production, staging = settings.environments
    assert production.policies["aws-x-y"].severity == "critical"
    assert staging.policies["aws-x-y"].severity == "critical"
    assert staging.policies["aws-x-y"].enabled is False
    assert staging.policies["aws-x-y"].params == {"days": 30}


@pytest.mark.parametrize(
    ("old", "new", "line", "named"),
    [
        ('content = ["mine"]', 'content = ["missing"]', 1, "missing"),
        ('content = ["mine"]', 'contents = ["mine"]', 1, "content"),
        ('expected = ["111122223333"]', "expected = 5", 4, "list of texts"),
        ('severity = "critical"', 'severity = "urgent"', 17, "urgent"),
        ('inherits = "production"', 'inherits = "nothing"', 22, "nothing"),
        ('name = "staging"', 'name = "production"', 20, "twice"),
        ('reason = "not used there"', "", 25, "reason"),
        ("enabled = false", 'enabled = "no"', 26, "true or false"),
        ("days = 60", "days = ", 7, "TOML"),
        ("suppressions = true", "suppressions = 1", 10, "true or false"),
        ("allow_new_suppressions", "allow_suppressions", 10, "allow_new_suppressions"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, named: str
) -> None:
    assert old in WHOLE
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, WHOLE.replace(old, new)))
    error = caught.value
    assert named in error.message + (error.hint or "")
    assert error.where is not None
    assert error.where.line == line


def test_the_nearest_configuration_up_to_the_git_top_is_found(tmp_path: Path) -> None:
    top = tmp_path / "repo"
    deep = top / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "trueline.toml").write_text("")
    (top / ".git").mkdir()
    assert find_config(None, tmp_path / "home", deep) is None
    (top / "trueline.toml").write_text("")
    assert find_config(None, tmp_path / "home", deep) == top / "trueline.toml"
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "trueline.toml").write_text("")
    (top / "trueline.toml").unlink()
    assert find_config(None, tmp_path / "home", deep) == tmp_path / "home" / "trueline.toml"
    assert find_config("x.toml", tmp_path, deep) == Path("x.toml")


def test_the_home_is_the_option_then_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUELINE_HOME", "/from/variable")
    assert home_directory("/from/option") == Path("/from/option")
    assert home_directory() == Path("/from/variable")
    monkeypatch.delenv("TRUELINE_HOME")
    assert home_directory().name == "trueline"
