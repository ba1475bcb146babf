"""`trueline.toml`: found, read, and refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from trueline.errors import ConfigError
from trueline.settings import (
    AssetRule,
    Environment,
    OwnerRule,
    find_config,
    home_directory,
    load_assets,
    load_settings,
    shown_url,
    weights,
)

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


LIVING = """\
state = "postgresql://trueline@db/trueline"
exceptions = "mine"

[windows]
low = 365

[exception_max_days]
critical = 14

[[environments]]
name = "production"
match = "tag('env') = 'prod'"
owner = "payments"
weight = 0.9

[environments.windows]
critical = 3
high = 14

[environments.exception_max_days]
critical = 0

[environments.policies."aws-x-y"]
max_exception_days = 10

[[environments]]
name = "staging"
inherits = "production"
match = "tag('env') = 'stage'"
windows = {high = 20}

[environments.policies."aws-x-y"]
max_exception_days = 0

[[environments]]
name = "sandbox"
match = "TRUE"

[owners]
tag = "owner"
default = "platform"
security = "blue-team"
rules = [
    {match = "account = '111122223333'", owner = "payments"},
    {match = "type = 'aws_iam_role'", owner = "identity"},
]

[owners.leads]
payments = "ada"
"team b" = "grace"

[approvers]
names = ["ada", "grace"]

[risk]
sensitivity_tag = "data"
criticality_tag = "tier"
levels = {Restricted = 1, low = 0.1}
assets = "lists/assets.toml"

[[assets]]
match = "name = 'ledger'"
sensitivity = "Restricted"

[[assets]]
match = "TRUE"
criticality = "low"
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


def test_everything_that_findings_live_by_is_read(tmp_path: Path) -> None:
    file = write(tmp_path, LIVING)
    settings = load_settings(file)
    assert settings.state == "postgresql://trueline@db/trueline"
    assert settings.exceptions == (tmp_path / "mine").resolve()
    assert settings.windows == {"critical": 7, "high": 30, "medium": 90, "low": 365}
    assert settings.exception_max_days["critical"] == 14
    assert settings.approvers == ("ada", "grace")
    owners = settings.owners
    assert (owners.tag, owners.default, owners.security) == ("owner", "platform", "blue-team")
    assert owners.leads == {"payments": "ada", "team b": "grace"}
    assert [(r.match, r.owner) for r in owners.rules] == [
        ("account = '111122223333'", "payments"),
        ("type = 'aws_iam_role'", "identity"),
    ]
    risk = settings.risk
    assert (risk.sensitivity_tag, risk.criticality_tag) == ("data", "tier")
    assert (risk.levels["restricted"], risk.levels["low"], risk.levels["high"]) == (1, 0.1, 1)
    assert risk.assets_file == tmp_path / "lists" / "assets.toml"
    ledger, rest = risk.assets
    assert (ledger.match, ledger.sensitivity, ledger.criticality) == (
        "name = 'ledger'", "Restricted", None,
    )  # fmt: skip
    assert (rest.sensitivity, rest.criticality) == (None, "low")
    places = [e.where.line for e in settings.environments if e.where]
    assert places == [12, 29, 37]
    assert ledger.where is not None
    assert ledger.where.line == 62


def test_an_environment_lies_over_its_parent_else_over_what_holds_outside(tmp_path: Path) -> None:
    production, staging, sandbox = load_settings(write(tmp_path, LIVING)).environments
    assert production.windows == {"critical": 3, "high": 14, "medium": 90, "low": 365}
    assert staging.windows == {"critical": 3, "high": 20, "medium": 90, "low": 365}
    assert sandbox.windows == {"critical": 7, "high": 30, "medium": 90, "low": 365}
    assert production.exception_max_days["critical"] == 0
    assert staging.exception_max_days == production.exception_max_days
    assert sandbox.exception_max_days["critical"] == 14
    assert [e.inherits for e in (production, staging, sandbox)] == [None, "production", None]
    assert [e.owner for e in (production, staging, sandbox)] == ["payments", "payments", None]
    # The parent's weight is that of its place: it is not handed down.
    assert [e.weight for e in (production, staging, sandbox)] == [0.9, None, None]


def test_a_limit_of_nothing_is_a_limit_and_not_left_unsaid(tmp_path: Path) -> None:
    production, staging, _ = load_settings(write(tmp_path, LIVING)).environments
    assert production.policies["aws-x-y"].max_exception_days == 10
    assert staging.policies["aws-x-y"].max_exception_days == 0


def test_without_a_word_the_documented_days_hold(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, ""))
    assert settings.windows == {"critical": 7, "high": 30, "medium": 90, "low": 180}
    longest = {"critical": 30, "high": 90, "medium": 180, "low": 365}
    assert settings.exception_max_days == longest
    assert (settings.state, settings.exceptions, settings.approvers) == (None, None, ())
    assert settings.owners.security == "security"
    assert load_settings(None).windows == settings.windows


def test_exceptions_stand_beside_the_configuration_unless_it_says_where(tmp_path: Path) -> None:
    (tmp_path / "exceptions").mkdir()
    assert load_settings(write(tmp_path, "")).exceptions == (tmp_path / "exceptions").resolve()
    said = load_settings(write(tmp_path, 'exceptions = "elsewhere"\n'))
    assert said.exceptions is None


ENTRY = "[[environments]]\nname = 'a'\nmatch = 'TRUE'\n"
RULES = "[owners]\nrules = [\n    {match = 'TRUE', owner = 'a'},\n    {match = 'TRUE'},\n]\n"


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("state = 5\n", 1, "state must be a text", None),
        ("state = ' '\n", 1, "state must be a text and not empty", None),
        ("exceptions = []\n", 1, "exceptions must be a text", None),
        ("[windows]\n\ncritcal = 7\n", 3, "unknown key 'critcal'", "did you mean 'critical'?"),
        ("windows = 7\n", 1, "windows must be a table", "write [windows]"),
        ("[windows]\nhigh = -1\n", 2, "number of days from 0 to 3650, seen -1", None),
        ("[windows]\nhigh = true\n", 2, "seen True", None),
        ("[windows]\nhigh = 1.5\n", 2, "seen 1.5", None),
        ("[exception_max_days]\nlow = 4000\n", 2, "seen 4000", None),
        (ENTRY + "[environments.windows]\nlow = -2\n", 5, "seen -2", None),
        (ENTRY + "[environments.exception_max_days]\nlwo = 1\n", 5, "unknown key 'lwo'", "low"),
        (ENTRY + "weight = 2\n", 4, "weight is a number from 0 to 1, seen 2", None),
        (ENTRY + "weight = true\n", 4, "seen True", None),
        (ENTRY + "weight = nan\n", 4, "seen nan", None),
        (ENTRY + "owner = ['a']\n", 4, "owner must be a text", None),
        (ENTRY + "owners = 'a'\n", 4, "unknown key 'owners'", "did you mean 'owner'?"),
        (ENTRY + "[environments.policies.x]\nmax_exception_days = -1\n", 5, "seen -1", None),
        (ENTRY + "[environments.policies.x]\nmax_exception_day = 1\n", 5, "unknown key", "_days"),
        (ENTRY + "[environments.policies.x]\nenabled = false\nreason = 4\n", 6, "reason", None),
        ("[owners]\nteam = 'a'\n", 2, "unknown key 'team'", "known: tag, default, rules"),
        ("[owners]\ntag = ''\n", 2, "tag must be a text and not empty", None),
        ("[owners]\nrules = {}\n", 2, "owners.rules must be a list", "write [[owners.rules]]"),
        (RULES, 2, "a rule needs the text 'owner'", None),
        (
            "[[owners.rules]]\nmatch = 'TRUE'\nowner = 'a'\n[[owners.rules]]\nmatch = 'TRUE'\n",
            4, "a rule needs the text 'owner'", None,
        ),
        ("[[owners.rules]]\nmatch = 'TRUE'\nownr = 'a'\n", 3, "'ownr'", "did you mean 'owner'?"),
        ("[owners.leads]\na = 'b'\n\"team b\" = 3\n", 3, "team b must be a text", None),
        ("[owners.leads]\n\"team b\" = ''\n", 2, "team b must be a text", None),
        ("[approvers]\nnames = 'ada'\n", 2, "must be a list of texts", None),
        ("approvers = ['ada']\n", 1, "approvers must be a table", "write [approvers]"),
        ("[approvers]\nname = ['ada']\n", 2, "unknown key 'name'", "did you mean 'names'?"),
        ("[risk]\ntag = 'a'\n", 2, "unknown key 'tag'", "known: sensitivity_tag"),
        ("[risk.levels]\nhigh = 1\nGold = 1.01\n", 3, "Gold is a number from 0 to 1", None),
        ("[risk]\nlevels = ['a']\n", 2, "risk.levels must be a table", None),
        ("assets = 'x'\n", 1, "assets must be a list of tables", "write [[assets]]"),
        ("[[assets]]\nsensitivity = 'high'\n", 1, "an asset rule needs the text 'match'", None),
        (
            "[[assets]]\nmatch = 'TRUE'\n[[assets]]\nmatch = 'TRUE'\ncriticality = 'hihg'\n",
            5, "unknown level 'hihg'", "levels are critical, high, medium, low, none",
        ),
        ("[[assets]]\nmatch = 'TRUE'\nsensitvity = 'low'\n", 3, "unknown key", "'sensitivity'?"),
    ],
)  # fmt: skip
def test_what_findings_live_by_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, message: str, hint: str | None
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    error = caught.value
    assert message in error.message
    assert (hint or "") in (error.hint or "")
    assert error.where is not None
    assert (error.where.file, error.where.line) == (str(file), line)


def test_a_refused_state_does_not_show_its_password(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, 'state = ["postgresql://trueline:hunter2@db/x"]\n'))
    assert "hunter2" not in caught.value.render()


def test_assets_of_a_file_follow_those_of_the_configuration(tmp_path: Path) -> None:
    risk = load_settings(write(tmp_path, LIVING)).risk
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "assets.toml").write_text(
        "[[assets]]\nmatch = \"account = '1'\"\nsensitivity = 'RESTRICTED'\n"
    )
    listed = load_assets(risk)
    assert [a.match for a in listed] == ["name = 'ledger'", "TRUE", "account = '1'"]
    assert listed[-1].where is not None
    assert (Path(listed[-1].where.file).name, listed[-1].where.line) == ("assets.toml", 2)
    assert load_assets(load_settings(None).risk) == ()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[[assets]\n", 1, "TOML"),
        ("[[asets]]\nmatch = 'TRUE'\n", 1, "unknown key 'asets'"),
        ("\n[[assets]]\nmatch = 'TRUE'\nsensitivity = 'gold'\n", 4, "unknown level 'gold'"),
        (None, 0, "could not be read"),
        ("\udcff", 0, "could not be read"),
    ],
)
def test_a_broken_file_of_assets_is_refused_with_its_own_line(
    tmp_path: Path, text: str | None, line: int, message: str
) -> None:
    risk = load_settings(write(tmp_path, LIVING)).risk
    (tmp_path / "lists").mkdir()
    file = tmp_path / "lists" / "assets.toml"
    if text is not None:
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as caught:
        load_assets(risk)
    assert message in caught.value.message
    assert caught.value.where is not None
    assert (caught.value.where.file, caught.value.where.line) == (str(file), line)


def test_rules_keep_their_place_for_what_compiles_them(tmp_path: Path) -> None:
    text = "[[owners.rules]]\nowner = 'a'\nmatch = 'TRUE'\n\n[[assets]]\nmatch = 'TRUE'\n"
    settings = load_settings(write(tmp_path, text))
    rules: list[OwnerRule | AssetRule] = [*settings.owners.rules, *settings.risk.assets]
    assert [r.where.line for r in rules if r.where] == [3, 6]


def test_an_environment_weighs_what_it_says_else_by_its_place() -> None:
    def listed(*said: float | None) -> list[float]:
        named = [Environment(str(n), "TRUE", weight=w) for n, w in enumerate(said)]
        return list(weights(named).values())

    assert listed(None, None, None) == [1, 0.6, 0.2]
    assert listed(None, 0.0, None) == [1, 0, 0.2]
    assert listed(None) == [1]
    assert listed() == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:pw@db:5432/x", "postgresql://me:***@db:5432/x"),
        ("postgresql+psycopg://me:p@w/:?@db/x", "postgresql+psycopg://me:***@db/x"),
        ("postgresql://:pw@db/x", "postgresql://:***@db/x"),
        ("postgresql://db/x?user=me&password=pw&a=1", "postgresql://db/x?user=me&password=***&a=1"),
        ("postgresql://db/x?SSLPassword=pw", "postgresql://db/x?SSLPassword=***"),
        ("host=db password = pw", "host=db password = ***"),
        ("me:pw@db", "***"),
        ("postgresql://me@db/x", "postgresql://me@db/x"),
        ("postgresql://db:5432/x", "postgresql://db:5432/x"),
        ("sqlite:////var/lib/state.db", "sqlite:////var/lib/state.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_url(url) == shown


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
