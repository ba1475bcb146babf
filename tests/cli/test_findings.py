"""Findings, exceptions, owners, the audit trail and the state store on the command line."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import time_machine

from findings.kit import HERE, OPEN, PLAIN, THERE, Estate, public, queue
from report.kit import HOSTILE
from running import Ran, run
from trueline.settings import load_settings

START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
SETTINGS = """\
[[environments]]
name = "production"
match = "tag('env') = 'prod'"

[environments.windows]
high = 7

[owners]
tag = "team"
rules = [{match = "name = 'mail'", owner = "ops"}]
leads = {payments = "grace"}

[approvers]
names = ["ada", "grace"]
"""
CONTRACT: dict[str, tuple[type, ...]] = {
    "id": (str,), "policy": (str,), "severity": (str,), "state": (str,),
    "environment": (str, type(None)), "owner": (str, type(None)), "owner_reason": (str,),
    "due": (str,), "overdue": (bool,), "risk": (int,), "first_seen": (str,),
    "last_confirmed": (str,), "unconfirmed_since": (str, type(None)),
    "resolved_at": (str, type(None)), "resolved_reason": (str, type(None)),
    "exception": (dict, type(None)), "resource": (dict,), "evidence": (dict,),
}  # fmt: skip
"""The fields of the JSON form that programs may rely on."""


class Place:
    """A home with an estate of queues, the clock, and the program."""

    def __init__(self, folder: Path, clock: Any) -> None:
        self.folder, self.clock = folder, clock
        self.estate = Estate(folder / "home")
        self.configure(SETTINGS)

    def __call__(self, *arguments: str, **env: str) -> Ran:
        return run(*arguments, env=env)

    def configure(self, text: str) -> None:
        (self.folder / "trueline.toml").write_text(text)
        self.estate.settings = load_settings(self.folder / "trueline.toml")

    def days(self, count: float) -> None:
        self.clock.shift(dt.timedelta(days=count))

    def listed(self, *filters: str) -> list[dict[str, Any]]:
        out = self("finding", "list", "--format", "json", *filters).json()
        assert isinstance(out, list)
        return out

    def id_of(self, name: str) -> str:
        (found,) = {f["id"] for f in self.listed("--all") if f["resource"]["name"] == name}
        assert isinstance(found, str)
        return found

    def request(self, name: str, until: str = "2026-03-31", *more: str) -> str:
        done = self(
            "exception", "request", "--finding", self.id_of(name), "--until", until,
            "--justification", "Because", *more,
        )  # fmt: skip
        assert done.code == 0, done
        return done.out.strip()

    def kinds(self, *more: str) -> list[str]:
        return [e["kind"] for e in self("audit", "log", "--format", "json", *more).json()]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A home without snapshots on the morning of 2 March 2026."""
    monkeypatch.chdir(tmp_path)
    for name in ("TRUELINE_STATE", "TRUELINE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRUELINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRUELINE_ACTOR", "ada")
    with time_machine.travel(START) as clock:
        yield Place(tmp_path, clock)


ORDERS = {"env": "prod", "team": "payments"}


@pytest.fixture
def at(empty: Place) -> Place:
    """Three findings: an open queue in production, one of ops, and one that is nobody's."""
    empty.estate.scan(
        {
            HERE: [public("orders", tags=ORDERS), queue("fine")],
            THERE: [queue("mail", THERE, sse_sqs=False), queue("lost", THERE, sse_sqs=False)],
        }
    )
    return empty


def fixed(at: Place, *left: dict[str, Any]) -> None:
    """A scan in which `orders` is mended."""
    rows = {HERE: [queue("orders", tags=ORDERS)], THERE: list(left)}
    at.estate.scan(rows)


# listing


def test_the_json_form_has_the_fields_that_are_promised(at: Place) -> None:
    given = at.request("orders")
    assert at("exception", "approve", given, TRUELINE_ACTOR="grace").code == 0
    found = at.listed()
    assert len(found) == 3
    for each in found:
        assert {name for name in CONTRACT if not isinstance(each[name], CONTRACT[name])} == set()
        assert set(each["resource"]) == {
            "uid", "type", "name", "provider", "account", "region", "plane", "address", "file",
            "line",
        }  # fmt: skip
        assert dt.datetime.fromisoformat(each["due"]).tzinfo is not None
        assert each["risk"] == round(sum(p["points"] for p in each["risk_parts"].values()))
    excepted = next(f for f in found if f["state"] == "excepted")
    assert excepted["exception"] == {
        "kind": "exception", "id": given, "reason": "Because", "until": "2026-03-31",
        "approved_by": "grace", "introduced": False,
    }  # fmt: skip
    assert (excepted["owner"], excepted["owner_reason"]) == ("payments", "tag team")
    assert found == sorted(found, key=lambda f: -f["risk"])


def test_a_list_shows_what_is_not_resolved_unless_it_is_asked_for(at: Place) -> None:
    at("finding", "list")
    at.days(1)
    fixed(at, queue("mail", THERE, sse_sqs=False), queue("lost", THERE, sse_sqs=False))
    assert {f["state"] for f in at.listed()} == {"open"}
    assert {f["state"] for f in at.listed("--all")} == {"open", "resolved"}
    (done,) = at.listed("state:resolved")
    assert (done["resource"]["name"], done["resolved_reason"]) == ("orders", "fixed")
    assert done["resolved_at"].startswith("2026-03-03")
    assert at.listed("state:resolved", "owner:ops") == []
    assert {f["state"] for f in at.listed("NOT overdue")} == {"open"}


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["severity:high"], {"orders"}),
        (["env:production"], {"orders"}),
        (["owner:ops"], {"mail"}),
        (["owner:ops", "severity:high"], set()),
        (["overdue"], {"orders"}),
        (["NOT overdue"], {"mail", "lost"}),
        (["age:>30d"], set()),
        (["age:>7d"], {"orders", "mail", "lost"}),
        (["tag('team') = 'payments'"], {"orders"}),
        ([f"policy = '{PLAIN}' AND region = '{THERE}'"], {"mail", "lost"}),
        (["is_absent(owner)"], {"lost"}),
        (["risk > 50"], {"orders"}),
        (["env:production", "risk > 50"], {"orders"}),
        (["risk > 50", "severity:high", "overdue"], {"orders"}),
        (["risk > 50 OR owner:ops", "NOT overdue"], {"mail"}),
        (["severity:high", "(overdue)"], {"orders"}),
        (["owner:ops", "OR", "severity:high"], {"orders", "mail"}),
        (["NOT", "overdue", "AND", "is_set(owner)"], {"mail"}),
        (["name", "LIKE", "'mai%'"], {"mail"}),
    ],
)
def test_filters_are_the_language_of_all_rules(
    at: Place, filters: list[str], names: set[str]
) -> None:
    at("finding", "list")
    at.days(8)
    assert {f["resource"]["name"] for f in at.listed(*filters)} == names
    fits = {f["fits"] for f in at.listed(*filters)}
    assert fits <= {None}


def test_what_a_filter_cannot_decide_is_listed_and_marked(empty: Place) -> None:
    unread = public("orders", tags=None, _why={"tags": "denied"})
    empty.estate.scan({HERE: [unread, public("mail", tags={"team": "web"})]})
    found = empty.listed("tag('team') = 'payments'")
    assert {f["resource"]["name"]: f["fits"] for f in found} == {"orders": "not known"}
    assert "(fits: not known)" in empty("finding", "list", "tag('team') = 'payments'").out


def test_all_formats_list_the_same_findings(at: Place) -> None:
    ids = [f["id"] for f in at.listed()]
    lines = at("finding", "list", "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ids
    rows = list(csv.DictReader(io.StringIO(at("finding", "list", "--format", "csv").out)))
    assert [row["id"] for row in rows] == ids
    assert json.loads(rows[0]["resource"])["name"] == "orders"
    table = at("finding", "list").out.splitlines()
    assert [line[:8] for line in table[1:]] == [i[:8] for i in ids]
    markdown = at("finding", "list", "--format", "markdown").out.splitlines()
    assert [line[2:10] for line in markdown[2:]] == [i[:8] for i in ids]


def test_a_limit_keeps_the_riskiest_and_says_that_there_are_more(at: Place) -> None:
    (only,) = at.listed("--limit", "1")
    assert only["resource"]["name"] == "orders"
    assert "there are more" in at("finding", "list", "--limit", "1").err
    assert "more" not in at("finding", "list", "--limit", "3").err
    assert at("finding", "list", "--limit", "0").code == 2


def test_nothing_found_is_an_empty_document(at: Place) -> None:
    assert at("finding", "list", "severity:critical", "--format", "json").out == "[]\n"
    assert at("finding", "list", "severity:critical").out == ""


def test_hostile_names_stay_text_in_every_format(empty: Place) -> None:
    rows = [
        public(name, tags={"team": name, "env": "prod"}, url=f"https://x/{i}")
        for i, name in enumerate(HOSTILE)
    ]
    rows = [dict(row, uid=f"arn:{i}:{row['uid']}") for i, row in enumerate(rows)]
    empty.estate.scan({HERE: rows})
    assert {f["resource"]["name"] for f in empty.listed()} == set(HOSTILE)
    for arguments in (("finding", "list"), ("owner", "list"), ("audit", "log", "--limit", "999")):
        for form in ("table", "markdown"):
            shown = empty(*arguments, "--format", form).out
            assert all(line.isprintable() for line in shown.split("\n")), (arguments, form)
    table = csv.reader(io.StringIO(empty("finding", "list", "--format", "csv").out))
    cells = [cell for row in table for cell in row]
    assert [c for c in cells if c.startswith(("=", "+", "-", "@", "\t", "\n"))] == []
    for each in empty.listed():
        shown = empty("finding", "show", each["id"])
        assert all(line.isprintable() for line in shown.out.split("\n")), each["resource"]["name"]
        assert empty("owner", "explain", each["id"]).out.replace("\n", "").isprintable()


# one finding


def test_an_id_may_be_shortened_but_not_to_less_than_four_characters(at: Place) -> None:
    whole = at.id_of("orders")
    for wanted in (whole, whole[:8], whole[:4]):
        shown = at("finding", "show", wanted, "--format", "json").json()
        assert shown["id"] == whole
    for wanted in (whole[:3], "", "ffffffffffffffff", whole + "0", "%", "' OR 1=1 --"):
        refused = at("finding", "show", wanted)
        assert refused.code == 2
        assert refused.err.startswith("error[unknown-finding]: ")
        assert "help: trueline finding list shows ids" in refused.err


def test_a_finding_is_shown_whole(at: Place) -> None:
    shown = at("finding", "show", at.id_of("orders"))
    for said in (
        "SQS queue lets anyone send or receive", "production", "payments (tag team)",
        "Evidence", "  statements\n  - {", "How to fix it", "not known, counted half", "History",
        "opened  severity: high",
    ):  # fmt: skip
        assert said in shown.out, said
    document = at("finding", "show", at.id_of("orders"), "--format", "json").json()
    assert [e["kind"] for e in document["history"]] == ["opened"]
    assert document["accepted"] == []


def test_the_parts_of_a_risk_add_up_at_every_age(at: Place) -> None:
    seen = []
    for days in (0, 8, 30, 60):
        at.days(days)
        (shown,) = at.listed("name = 'orders'")
        assert shown["risk"] == round(sum(p["points"] for p in shown["risk_parts"].values()))
        seen.append(shown["risk_parts"]["age"]["points"])
    assert seen == [0, 1, 3, 5]
    wanted = at.id_of("orders")
    at("finding", "ack", wanted)
    assert at("finding", "reopen", wanted, "--reason", "not worked on").code == 0
    (again,) = at.listed("name = 'orders'")
    assert again["risk_parts"]["age"]["points"] == 0
    assert again["risk"] == round(sum(p["points"] for p in again["risk_parts"].values()))


def test_people_move_findings_and_the_history_tells_it(at: Place) -> None:
    wanted = at.id_of("lost")
    assert at("finding", "assign", wanted[:6], "--to", "web", "--reason", "they made it").code == 0
    assert at("finding", "ack", wanted, TRUELINE_ACTOR="web").code == 0
    assert at("finding", "comment", wanted, "a key is on its way").code == 0
    assert at("finding", "reopen", wanted, "--reason", "it is not").code == 0
    shown = at("finding", "show", wanted, "--format", "json").json()
    assert (shown["owner"], shown["owner_reason"]) == ("web", "assigned by ada")
    assert [(e["kind"], e["actor"], e["why"]) for e in shown["history"]] == [
        ("reopened", "ada", "it is not"),
        ("commented", "ada", "a key is on its way"),
        ("acknowledged", "web", None),
        ("assigned", "ada", "they made it"),
        ("opened", "ada", None),
    ]
    assert at("finding", "assign", wanted, "--clear").code == 0
    (back,) = at.listed("name = 'lost'")
    assert back["owner"] is None


def test_several_findings_are_moved_together_or_not_at_all(at: Place) -> None:
    orders, mail = at.id_of("orders"), at.id_of("mail")
    assert at("finding", "assign", orders, "ffffff", "--to", "web").code == 2
    assert "assigned" not in at.kinds()
    assert at("finding", "assign", orders, mail, "--to", "web").code == 0
    assert {f["owner"] for f in at.listed("owner:web")} == {"web"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["finding", "assign", "ID"], 2),
        (["finding", "assign", "ID", "--to", " "], 2),
        (["finding", "assign", "ID", "--to", "web", "--clear"], 2),
        (["finding", "comment", "ID", " "], 2),
        (["finding", "reopen", "ID", "--reason", "x"], 5),
        (["finding", "reopen", "ID"], 2),
    ],
)
def test_moves_that_make_no_sense_are_refused(at: Place, arguments: list[str], code: int) -> None:
    done = at(*[at.id_of("orders") if a == "ID" else a for a in arguments])
    assert done.code == code, done
    assert done.err.startswith("error[")
    assert at.kinds() == ["opened"] * 3


# counting, exporting


@pytest.mark.parametrize(
    "by", ["owner", "environment", "policy", "severity", "account", "type", "state", "age"]
)
def test_summaries_count_every_finding_once(at: Place, by: str) -> None:
    groups = at("finding", "summary", "--by", by, "--format", "json").json()
    assert sum(g["open"] for g in groups) == 3
    assert all(by in g and isinstance(g["overdue"], int) for g in groups)
    assert at("finding", "summary", "--by", by).out.splitlines()[0].startswith(by)
    assert at("finding", "summary", "--by", by, "--format", "markdown").out.startswith("| ")


def test_a_summary_calls_what_nobody_owns_a_failure(at: Place) -> None:
    done = at("finding", "summary")
    assert "nobody" in done.out
    assert "1 finding without an owner: that is a failure of its own" in done.err
    groups = {g["owner"]: g for g in at("finding", "summary", "--format", "json").json()}
    assert groups[None]["open"] == 1


def test_an_export_holds_everything_in_the_format_of_its_suffix(at: Place) -> None:
    at("finding", "list")
    at.days(1)
    fixed(at)
    for name in ("all.json", "all.jsonl", "all.csv", "all.md", "json:all.txt"):
        assert at("finding", "export", name).code == 0, name
    whole = json.loads((at.folder / "all.json").read_text())
    assert whole == at.listed("--all") == json.loads((at.folder / "all.txt").read_text())
    assert {f["resolved_reason"] for f in whole} == {"fixed", "gone"}
    assert len((at.folder / "all.jsonl").read_text().splitlines()) == 3
    assert at("finding", "export", "few.json", "owner:ops").code == 0
    assert len(json.loads((at.folder / "few.json").read_text())) == 1


@pytest.mark.parametrize(("target", "code"), [("all.xlsx", 2), ("no/where.json", 5), (".json", 2)])
def test_an_export_that_cannot_be_written_leaves_nothing(at: Place, target: str, code: int) -> None:
    before = sorted(at.folder.iterdir())
    done = at("finding", "export", target)
    assert (done.code, done.err.startswith("error[")) == (code, True), done
    assert sorted(at.folder.iterdir()) == before


# owners


def test_owners_are_listed_with_what_they_have_to_do(at: Place) -> None:
    at("finding", "list")
    at.days(8)
    owners = {o["owner"]: o for o in at("owner", "list", "--format", "json").json()}
    assert set(owners) == {"payments", "ops", None}
    assert (owners["payments"]["lead"], owners["payments"]["overdue"]) == ("grace", 1)
    assert owners["ops"]["7 to 30 days"] == 1
    fixed(at, queue("mail", THERE, sse_sqs=False), queue("lost", THERE, sse_sqs=False))
    owners = {o["owner"]: o for o in at("owner", "list", "--format", "json").json()}
    assert owners["payments"]["fixed"] == 1
    assert owners["payments"]["median_days_to_fix"] == pytest.approx(8, abs=0.1)
    assert "8.0 d" in at("owner", "list").out


def test_an_owner_is_explained_step_by_step(at: Place) -> None:
    said = at("owner", "explain", at.id_of("mail"), "--format", "json").json()
    assert (said["owner"], said["owner_reason"]) == ("ops", "rule 1 of [owners]: name = 'mail'")
    assert [(c["holds"], c["owner"]) for c in said["chain"]] == [(False, None), (True, "ops")]
    at("finding", "assign", at.id_of("mail"), "--to", "web")
    assert "wins over the chain" in at("owner", "explain", at.id_of("mail")).out
    assert "is nobody's" in at("owner", "explain", at.id_of("lost")).out


def test_a_step_that_could_not_be_decided_is_told(empty: Place) -> None:
    unread = public("mail", tags=None, _why={"tags": "denied"})
    empty.estate.scan({HERE: [unread]})
    (found,) = empty.listed()
    assert found["owner"] == "ops"
    assert found["owner_reason"].endswith("; a step before it could not be decided")
    assert "could not be decided  tag team" in empty("owner", "explain", found["id"]).out


def test_a_test_of_owners_fails_on_idle_steps_and_on_what_nobody_owns(at: Place) -> None:
    assert at("owner", "test").code == 1
    steps = {s["step"]: s["decides"] for s in at("owner", "test", "--format", "json").json()}
    assert steps["tag team"] == 1
    assert steps["no step of the chain says an owner"] == 1
    at("finding", "assign", at.id_of("lost"), "--to", "web")
    assert at("owner", "test").code == 0
    at.configure(SETTINGS.replace("name = 'mail'", "name = 'male'"))
    idle = at("owner", "test")
    assert idle.code == 1
    assert "decides nothing: rule 1 of [owners]: name = 'male'" in idle.err


# the audit trail and the store


def test_a_kept_head_is_found_again_and_a_changed_trail_is_not(at: Place) -> None:
    at("finding", "list")
    kept = at("audit", "head").out.strip()
    at("finding", "ack", at.id_of("orders"))
    held = at("audit", "verify", "--head", kept)
    assert (held.code, held.out.startswith("the trail holds: 2 transactions")) == (0, True)
    document = at("audit", "verify", "--head", kept, "--format", "json").json()
    assert (document["ok"], document["faults"]) == (True, [])
    with sqlite3.connect(at.folder / "home" / "state.sqlite") as store:
        store.execute("UPDATE transactions SET actor = 'eve' WHERE number = 1")
    broken = at("audit", "verify", "--head", kept)
    assert broken.code == 5
    assert "transaction 1: its hash does not fit what it holds" in broken.out
    assert at("audit", "verify", "--format", "json").json()["ok"] is False
    assert at("state", "check").code == 5


@pytest.mark.parametrize("head", ["", "7", "x:y", "1:abc", "-1:" + "0" * 64])
def test_what_is_no_head_is_refused(at: Place, head: str) -> None:
    at("finding", "list")
    refused = at("audit", "verify", "--head", head)
    assert (refused.code, refused.err.startswith("error[audit-head]: ")) == (2, True)


def test_the_log_can_be_narrowed_and_limited(at: Place) -> None:
    wanted = at.id_of("orders")
    given = at.request("orders")
    assert at.kinds("--finding", wanted[:8]) == ["opened"]
    assert at.kinds("--exception", given) == ["exception_requested"]
    assert at.kinds("--limit", "1") == ["exception_requested"]
    assert at("audit", "log", "--finding", "ffffff").code == 2
    assert at("audit", "log", "--exception", "E-0").code == 2


def test_the_store_tells_of_itself_and_is_whole(at: Place) -> None:
    at("finding", "list")
    said = at("state", "info", "--format", "json").json()
    assert (said["findings"], said["open"], said["newest_snapshot"]) == (3, 3, 1)
    assert said["head"] == at("audit", "head").out.strip()
    assert said["lake"]
    assert at("state", "check").out == "the store is whole\n"
    assert at("state", "check", "--format", "json").json() == {"ok": True, "wrong": []}
    migrated = at("state", "migrate")
    assert (migrated.code, "version 0001 → 0001" in migrated.err) == (0, True)


def test_a_backup_is_a_store_of_its_own(at: Place) -> None:
    ids = [f["id"] for f in at.listed()]
    assert at("state", "backup", "copy.sqlite").code == 0
    at("finding", "ack", ids[0])
    copy = {"TRUELINE_STATE": f"sqlite:///{at.folder / 'copy.sqlite'}"}
    listed = at("finding", "list", "--format", "json", **copy).json()
    assert [f["id"] for f in listed] == ids
    assert {f["state"] for f in listed} == {"open"}
    assert at("state", "backup", "copy.sqlite").code == 5
    assert at("state", "backup", "no/where.sqlite").code == 5


# exceptions


def test_an_exception_goes_its_way_from_request_to_end(at: Place) -> None:
    given = at.request("orders")
    (listed,) = at("exception", "list", "--format", "json").json()
    assert (listed["id"], listed["state"], listed["covers"]) == (given, "requested", 0)
    assert at("exception", "approve", given[:5], TRUELINE_ACTOR="grace").code == 0
    shown = at("exception", "show", given, "--format", "json").json()
    assert (shown["state"], shown["approved_by"], shown["covers"]) == ("approved", "grace", 1)
    assert [a["finding"] for a in shown["accepted"]] == [at.id_of("orders")]
    renew = ("exception", "renew", given, "--until", "2026-05-01", "--justification", "Longer")
    assert at(*renew).code == 0
    assert at("exception", "approve", given).code == 5
    assert at("exception", "approve", given, TRUELINE_ACTOR="grace").code == 0
    (renewed,) = at("exception", "list", "--format", "json").json()
    assert (renewed["renewals"], renewed["until"]) == (1, "2026-05-01")
    assert at("exception", "end", given, "--reason", "mended otherwise").code == 0
    assert at("exception", "list", "--format", "json").json() == []
    (ended,) = at("exception", "list", "--all", "--format", "json").json()
    assert ended["state"] == "ended"
    (back,) = at.listed("name = 'orders'")
    assert (back["state"], back["exception"]) == ("open", None)
    assert at("exception", "end", given, "--reason", "again").code == 5
    assert "mended otherwise" in at("exception", "show", given).out


def test_a_rejected_request_covers_nothing(at: Place) -> None:
    given = at.request("orders")
    assert at("exception", "reject", given, "--reason", "no").code == 5
    assert at("exception", "reject", given, "--reason", "no", TRUELINE_ACTOR="grace").code == 0
    assert at("exception", "approve", given, TRUELINE_ACTOR="grace").code == 5
    assert {f["state"] for f in at.listed()} == {"open"}


def test_an_exception_by_rule_covers_what_it_fits_and_new_ones_where_it_says_so(at: Place) -> None:
    ask = ("exception", "request", "--rule", "region:us-east-1", "--until", "2026-03-31",
           "--justification", "moves")  # fmt: skip
    plain, wide = at(*ask).out.strip(), at(*ask, "--include-new").out.strip()
    for given in (plain, wide):
        assert "covers 2 findings" in at("exception", "approve", given, TRUELINE_ACTOR="grace").err
    at.days(1)
    rows = [queue(name, THERE, sse_sqs=False) for name in ("mail", "lost", "new")]
    at.estate.scan({THERE: rows})
    (new,) = at.listed("name = 'new'")
    assert (new["state"], new["exception"]["id"]) == ("excepted", wide)


def test_a_compensating_policy_that_fails_ends_the_exception(at: Place) -> None:
    given = at.request("orders", "2026-03-31", "--compensating", PLAIN)
    assert at("exception", "approve", given, TRUELINE_ACTOR="grace").code == 0
    at.days(1)
    at.estate.scan({HERE: [public("orders", tags=ORDERS, sse_sqs=False)]})
    found = {f["policy"]: f for f in at.listed("name = 'orders'")}
    assert found[OPEN]["state"] == "open"
    assert found[PLAIN]["state"] == "open"
    history = at("finding", "show", found[OPEN]["id"], "--format", "json").json()["history"]
    assert f"the compensating policy {PLAIN} fails" in {e["why"] for e in history}


def refusal(done: Ran) -> tuple[int, str]:
    """The exit code and the code of the error, which has the documented form."""
    first, *rest = done.err.splitlines()
    assert done.out == "", done
    assert first.startswith("error["), done
    assert all(line.startswith(("  help: ", "  --> ", "   ")) for line in rest), done
    return done.code, first[6 : first.index("]")]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"--justification": " "}, (2, "no-justification")),
        ({"--until": "2026-03-01"}, (2, "past-expiry")),
        ({"--until": "tomorrow"}, (2, "usage")),
        ({"--until": "2026-13-01"}, (2, "usage")),
        ({"--until": "2026-06-30"}, (5, "exception-refused")),
        ({"--until": "9999-12-30"}, (5, "exception-refused")),
        ({"--compensating": "aws-no-such-policy"}, (2, "unknown-policy")),
        ({"--finding": "ffffff"}, (2, "unknown-finding")),
        ({"--rule": "severity:high"}, (2, "usage")),
        ({"--finding": None}, (2, "usage")),
        ({"--finding": None, "--rule": "severity:low"}, (5, "exception-refused")),
        ({"--finding": None, "--rule": "nonsense = 1"}, (2, "unknown-column")),
        ({"--finding": None, "--rule": "severity ="}, (2, "syntax")),
        ({"--justification": None}, (2, "usage")),
    ],
)
def test_requests_that_may_not_be_are_refused(
    at: Place, changed: dict[str, str | None], expected: tuple[int, str]
) -> None:
    wanted = {
        "--finding": at.id_of("orders"),
        "--justification": "Because",
        "--until": "2026-03-31",
    } | changed
    words = [word for name, value in wanted.items() if value is not None for word in (name, value)]
    assert refusal(at("exception", "request", *words)) == expected
    assert at("exception", "list", "--all", "--format", "json").json() == []


def test_only_another_approver_approves(at: Place) -> None:
    given = at.request("orders")
    same = at("exception", "approve", given)
    assert refusal(same) == (5, "exception-refused")
    assert "ada asked for it and cannot approve it" in same.err
    stranger = at("exception", "approve", given, TRUELINE_ACTOR="eve")
    assert refusal(stranger) == (5, "exception-refused")
    assert "eve is not an approver" in stranger.err
    assert {f["state"] for f in at.listed()} == {"open"}
    at.configure(SETTINGS.replace('names = ["ada", "grace"]', "names = []"))
    asked = at(
        "exception", "request", "--finding", at.id_of("mail"), "--until", "2026-03-31",
        "--justification", "Because",
    )  # fmt: skip
    assert "nobody can approve it" in asked.err


def test_what_an_environment_forbids_cannot_be_excepted(at: Place) -> None:
    at.configure(f'{SETTINGS}\n[environments.policies."{OPEN}"]\nmax_exception_days = 0\n')
    done = at(
        "exception", "request", "--finding", at.id_of("orders"), "--until", "2026-03-03",
        "--justification", "Because",
    )  # fmt: skip
    assert refusal(done) == (5, "exception-refused")
    assert "it must be fixed" in done.err


# bad input


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name = 'mail'", "nmae = 'mail'"),
        ("name = 'mail'", "owner = 'mail'"),
        ('names = ["ada", "grace"]', "names = 7"),
        ('[owners]\n', '[owner]\n'),
        ("", "[[assets]]\nmatch = \"nmae = 'x'\"\nsensitivity = \"high\"\n"),
        ("", '[[assets]]\nmatch = "TRUE"\nsensitivity = "hihg"\n'),
        ("", '[[escalation]]\nafter = "soon"\nto = "lead"\n'),
    ],
)  # fmt: skip
def test_a_broken_configuration_stops_with_its_place(at: Place, old: str, new: str) -> None:
    assert len(at.listed()) == 3
    text = SETTINGS.replace(old, new, 1) if old else SETTINGS + new
    (at.folder / "trueline.toml").write_text(text)
    done = at("finding", "list")
    assert refusal(done)[0] == 2
    assert "trueline.toml:" in done.err
    (at.folder / "trueline.toml").write_text(SETTINGS)
    assert len(at.listed()) == 3


@pytest.mark.parametrize(
    "filters", ["nonsense", "colour:red", "severity:", "age:>soon", "severity = 3", "1", "a; b"]
)
def test_a_broken_filter_says_what_is_wrong(at: Place, filters: str) -> None:
    for command in (("finding", "list"), ("finding", "summary"), ("finding", "export", "x.json")):
        code, _ = refusal(at(*command, filters))
        assert code == 2
    assert not (at.folder / "x.json").exists()


def test_a_home_without_snapshots_has_no_findings(empty: Place) -> None:
    for command in ("finding list", "exception list", "owner list", "audit head", "state info"):
        done = empty(*command.split())
        assert refusal(done) == (2, "no-state")
        assert "run a scan first" in done.err


def test_a_store_of_a_newer_version_is_left_alone(at: Place) -> None:
    at("finding", "list")
    with sqlite3.connect(at.folder / "home" / "state.sqlite") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in ("finding list", "state info", "state check", "audit verify"):
        assert refusal(at(*command.split())) == (2, "state-too-new")


def test_a_store_of_another_lake_is_left_alone(at: Place) -> None:
    at("finding", "list")
    other = Estate(at.folder / "other", at.estate.settings)
    other.scan({HERE: [public("elsewhere")]})
    url = f"sqlite:///{at.folder / 'home' / 'state.sqlite'}"
    done = at("finding", "list", "--home", str(other.home), TRUELINE_STATE=url)
    assert refusal(done) == (2, "state-other-lake")
    assert {f["resource"]["name"] for f in at.listed()} == {"orders", "mail", "lost"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("nonsense", (2, "state-url")),
        ("mysql://ada@db/trueline", (2, "state-url")),
        ("sqlite://", (2, "state-url")),
        ("postgresql://ada:hidden@127.0.0.1:1/trueline", (5, "state-unreachable")),
        ("sqlite:////proc/nowhere/state.sqlite", (5, "state-unreachable")),
    ],
)
def test_a_store_that_cannot_be_opened_says_so_without_its_password(
    at: Place, url: str, expected: tuple[int, str]
) -> None:
    done = at("finding", "list", TRUELINE_STATE=url)
    assert refusal(done) == expected
    assert "hidden" not in done.err
    assert len(at.listed()) == 3


def test_a_file_that_is_no_store_says_so(at: Place) -> None:
    (at.folder / "text.sqlite").write_text(
        "not a database, though it is longer than a header\n" * 9
    )
    done = at("finding", "list", TRUELINE_STATE=f"sqlite:///{at.folder / 'text.sqlite'}")
    assert refusal(done)[0] == 5


def test_pruning_keeps_what_is_not_applied_yet(at: Place) -> None:
    def numbers() -> list[int]:
        return [s["number"] for s in at("lake", "info", "--format", "json").json()["snapshots"]]

    at.estate.scan({HERE: [public("orders", tags=ORDERS)]})
    at.estate.scan({HERE: [public("orders", tags=ORDERS)]})
    kept = at("lake", "prune", "--keep", "1")
    assert (kept.code, numbers()) == (0, [1, 2, 3])
    assert "no snapshot has been applied" in kept.err
    at("finding", "list")
    assert at("lake", "prune", "--keep", "1").code == 0
    assert numbers() == [3]


def test_a_clock_that_went_back_expires_nothing_and_says_so(at: Place) -> None:
    given = at.request("orders")
    at("exception", "approve", given, TRUELINE_ACTOR="grace")
    at.days(-30)
    back = at("finding", "list", "--format", "json")
    assert "nothing expires and nobody is told until the clock is right" in back.err
    assert {f["state"] for f in back.json()} == {"open", "excepted"}
    at.days(60)
    assert {f["state"] for f in at.listed()} == {"open"}
    assert at("audit", "verify").code == 0
