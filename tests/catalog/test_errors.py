"""Every kind of mistake in a content file, and the place where it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .support import FILES, built, changed, place, position

QUEUE, POLICY, CIS = "sqs_queue.yaml", "aws-sqs-queue-unencrypted.yaml", "cis.yaml"

# file, text, what replaces it, where the error stands in that, message, hint
MISTAKES = [
    (QUEUE, "title: Amazon", "titel: Amazon", "titel", "no key 'titel'", "'title'"),
    (QUEUE, "title: Amazon SQS queue", "title: 5", "5", "title of a resource file is text", "'5'"),
    (QUEUE, "title: Amazon SQS queue", "title: ''", "''", "seen empty text", None),
    (QUEUE, "table: aws_sqs_queue", "table: AwsQueue", "table", "no name for a table", "aws_"),
    (QUEUE, "scope: region\n", "scope: planet\n", "planet", "scope of live is one of", None),
    (QUEUE, "scope: region\n", "scope: regoin\n", "regoin", "scope of live is one of", "'region'"),
    (QUEUE, "call: sqs.ListQueues", "call: ListQueues", "call", "is no call", "service.Operation"),
    (QUEUE, "rows: QueueUrls, ", "", "", "list needs the key 'rows'", None),
    (QUEUE, "may_lack_rows: true", "may_lack_rows: yes", "yes", "is true or false", None),
    (QUEUE, "args: {QueueUrl: url}", "args: {QueueUrl: ulr}", "ulr", "no part named 'ulr'",
     "'url'"),
    (QUEUE, "QueueUrl: url}", "QueueUrl: 'url ~'}", "~", "cannot read the expression", None),
    (QUEUE, "keep: Attributes", "keep: Attributes\n      rows: x", "rows", "excludes", None),
    (QUEUE, "keep: Attributes", "key: x\n      rows: y", "key", "needs match", None),
    (QUEUE, "keep: Attributes", "missing: absent", "missing", "missing, which needs key", None),
    (QUEUE, "keep: Attributes", "each: url", "each", "each, which needs as", None),
    (QUEUE, "gone: [QueueDoesNotExist]", "gone: [404]", "404", "elements of gone are texts",
     "'404'"),
    (QUEUE, "'arn:aws:sqs:', scope", "attributes.A, scope", "", "no part named", None),
    (QUEUE, "type: bool", "type: boolean", "type", "unknown type 'boolean'", None),
    (QUEUE, "omitted: false", "omitted: 0", "0", "expected bool, seen 0", None),
    (QUEUE, "omitted: false", "default: absent", "absent", "bool cannot be absent", "bool?"),
    (QUEUE, "omitted: false", "default: null", "null", "expected bool, seen nothing", "absent"),
    (QUEUE, "default: absent", "omitted: absent", "omitted", "absent without being told", None),
    (QUEUE, "default: absent", "default: {arm: x}", "arm", "a default for arm", None),
    (QUEUE, "terraform: kms_master_key_id", "arm: kms", "arm", "no section 'arm'", None),
    (QUEUE, "terraform: name", "terraform: name || 'x'", "name", "replaces an explicit", None),
    (QUEUE, "    about: KMS key\n", "", "", "column kms_key_id needs the key 'about'", None),
    (QUEUE, "  kms_key_id:\n", "  KmsKey:\n", "KmsKey", "is no name for a column", None),
    (QUEUE, "  sse_sqs:\n", "  region:\n", "region", "every table has", "another name"),
    (QUEUE, "by: queue_url}", "bye: x}", "bye", "no key 'bye'", "'by'"),
    (QUEUE, "by: queue_url}", "via: name, by: x}", "", "by (theirs) or via (ours)", None),
    (QUEUE, "to: aws_kms_key,", "to: aws_kms_keys,", "to", "no table is named", "'aws_kms_key'"),
    (QUEUE, "by: kms_key_id, key", "by: kms_key, key", "by", "no column 'kms_key'", "'kms_key_id'"),
    (QUEUE, "[arn, key_id]", "[arn, keyid]", "", "no column 'keyid'", "'key_id'"),
    (QUEUE, "by: kms_key_id, key", "by: sse_sqs, key", "by", "sse_sqs is bool", None),
    (QUEUE, "  exposed: >-", "  exposd: >-", "exposd", "flags has no key 'exposd'", "'exposed'"),
    (QUEUE, "privileged: {when", "privileged: {wen", "wen", "no key 'wen'", "'when'"),
    (QUEUE, "privileged: {when: never, ", "privileged: {", "", "needs the key 'when'", None),
    (QUEUE, "privileged: {when: never, known_when: len(statements) = 0}", "privileged: false",
     "false", "is a predicate, seen true or false", "never"),
    (QUEUE, "when: never, known", "when: [never], known", "[", "when of flag privileged is",
     "never"),
    (QUEUE, "privileged: {when: never, known_when: len(statements) = 0}", "privileged: sse_sq",
     "sse_sq", "flag privileged, column 1: aws_sqs_queue has no column `sse_sq`", "`sse_sqs`"),
    (QUEUE, "when: never, known", "when: kms_key_id = 'a', known", "kms_key_id = 'a'",
     "may be absent", "coalesce"),
    (QUEUE, "len(statements) = 0}", "len(statement) = 0}", "statement)",
     "known_when of flag privileged, column 5", "`statements`"),
    (QUEUE, "AND s.principal_is_anyone", "AND s.principal_is_anyon", "s.principal_is_anyon",
     "flag exposed", "`principal_is_anyone`"),
    (QUEUE, "when: never, known", "when: 'any_of(kms_key, k -> is_set(k.name))', known",
     "kms_key,", "`kms_key` is a relation", "policy"),
    (QUEUE, "= 0}", "= :most}", ":most", "`:most` is a parameter", "the value itself"),
    (POLICY, "severity: high", "severity: hihg", "hihg", "severity of a policy is one of",
     "'high'"),
    (POLICY, "id: aws-sqs-queue-unencrypted", "id: aws-sqs-other", "id", "file's name", None),
    (POLICY, "why: Whoever gets at the storage reads the messages.\n", "", "", "'why'", None),
    (POLICY, "resource: aws_sqs_queue", "resource: aws_sqs", "aws_sqs", "no table",
     "aws_sqs_queue"),
    (POLICY, "NOT sse_sqs", "NOT sse_sq", "sse_sq", "sse_sq", "sse_sqs"),
    (POLICY, "created_at >", "created >", "created", "created", "created_at"),
    (POLICY, "{name} --attr", "{nmae} --attr", "{nmae}", "no column of aws_sqs_queue", "'name'"),
    (POLICY, "{name} --attr", "{statements} --attr", "{st", "a command takes one value", None),
    (POLICY, "expect: fail", "expect: failed", "failed", "expect of a case is one of", "'fail'"),
    (POLICY, "sse_sqs: false}", "sse_sq: false}", "sse_sq", "no column 'sse_sq'", "'sse_sqs'"),
    (POLICY, "sse_sqs: false}", "sse_sqs: null}", "sse_sqs", "cannot be absent", "leave it out"),
    (POLICY, "sse_sqs: false}", "sse_sqs: 'no'}", "sse_sqs", "expected bool", None),
    (POLICY, "sse_sqs: false}", "statements: [{efect: Allow}]}", "efect", "no field", "'effect'"),
    (POLICY, "sse_sqs: false}", "_set: [sse]}", "sse", "no column 'sse'", "'sse_sqs'"),
    (POLICY, "name: own key", "name: plain", "", "two cases are named", None),
    (POLICY, "title: SQS queue keeps messages in plain text", "title: It.", "title", "stop", None),
    (CIS, "[aws-sqs-queue-unencrypted]", "[aws-sqs-queue]", "aws-sqs", "no policy has the id",
     "aws"),
    (CIS, "coverage: partial", "coverage: most", "most", "coverage of requirement 1.10", None),
    (CIS, '"2": {coverage: manual}', '"2": {coverage: full}', "coverage", "with 0 policies", None),
]  # fmt: skip


def test_the_small_content_has_no_problems(tmp_path: Path) -> None:
    catalog, problems = built(tmp_path)
    assert [problem.render() for problem in problems] == []
    assert list(catalog.compiled) == ["aws-sqs-queue-unencrypted"]
    assert list(catalog.frameworks["cis"].requirements) == ["1.10", "2"]
    ids = {table: [flag.id for flag in flags] for table, flags in catalog.flags.items()}
    assert ids == {
        "aws_kms_key": ["flag:exposed"],
        "aws_sqs_queue": ["flag:exposed", "flag:privileged"],
    }


@pytest.mark.parametrize(
    ("name", "old", "new", "at", "message", "hint"),
    MISTAKES,
    ids=[f"{number}-{case[4][:40]}" for number, case in enumerate(MISTAKES)],
)
def test_a_mistake_is_told_where_it_stands(
    tmp_path: Path, name: str, old: str, new: str, at: str, message: str, hint: str | None
) -> None:
    _, problems = built(tmp_path, changed(name, old, new))
    found = [problem for problem in problems if message in problem.message]
    assert found, [problem.render() for problem in problems]
    assert not found[0].warning
    if at:
        assert place(found[0]) == position(name, old, new, at)
    assert hint is None or hint in (found[0].hint or "")


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    files = changed(QUEUE, "omitted: false", "omitted: 0")
    files["frameworks/cis.yaml"] = FILES["frameworks/cis.yaml"].replace("manual", "much")
    _, problems = built(tmp_path, files)
    assert {place(problem)[0] for problem in problems} == {QUEUE, CIS}


def test_a_broken_flag_takes_nothing_else_away(tmp_path: Path) -> None:
    catalog, problems = built(tmp_path, changed(QUEUE, "len(statements) = 0", "len(statement) = 0"))
    assert len(problems) == 1
    assert [flag.id for flag in catalog.flags["aws_sqs_queue"]] == ["flag:exposed"]
    assert list(catalog.compiled) == ["aws-sqs-queue-unencrypted"]


def test_a_broken_type_is_not_blamed_on_the_files_that_use_it(tmp_path: Path) -> None:
    files = changed(QUEUE, "omitted: false", "omitted: 0")
    _, problems = built(tmp_path, files)
    assert [place(problem)[0] for problem in problems] == [QUEUE]


def test_a_type_that_cannot_be_parsed_is_not_blamed_on_the_files_that_use_it(
    tmp_path: Path,
) -> None:
    files = {k: v for k, v in FILES.items() if "sqs_queue.yaml" not in k}
    files["resources/aws/aws_sqs_queue.yaml"] = "table: [aws_sqs_queue\n"
    _, problems = built(tmp_path, files)
    assert [place(problem)[0] for problem in problems] == ["aws_sqs_queue.yaml"]


def test_an_error_is_rendered_in_three_lines(tmp_path: Path) -> None:
    _, problems = built(tmp_path, changed(QUEUE, "title: Amazon", "titel: Amazon"))
    first = next(problem for problem in problems if "titel" in problem.message)
    assert first.render() == (
        "error[unknown-key]: a resource file has no key 'titel'\n"
        f"  --> {tmp_path}/resources/aws/sqs_queue.yaml:2:1\n"
        "  help: did you mean 'title'?"
    )


def test_missing_cases_and_long_mappings_are_warnings(tmp_path: Path) -> None:
    files = changed(POLICY, "expect: unknown", "expect: not_applicable")
    long = "not_null(" + ", ".join(["sqs_managed_sse_enabled"] * 5) + ")"
    files |= {
        k: v for k, v in changed(QUEUE, "sqs_managed_sse_enabled", long).items() if QUEUE in k
    }
    catalog, problems = built(tmp_path, files)
    assert [(problem.warning, problem.code) for problem in problems] == [
        (True, "long-mapping"),
        (True, "tests"),
    ]
    assert catalog.warnings == tuple(problems)


@pytest.mark.parametrize("word", ["ensure", "must", "check"])
def test_an_id_names_the_bad_pattern(tmp_path: Path, word: str) -> None:
    good = f"aws-sqs-queue-{word}-encrypted"
    files = dict(FILES)
    text = files.pop("policies/aws/sqs/aws-sqs-queue-unencrypted.yaml")
    files[f"policies/aws/{good}.yaml"] = text.replace("aws-sqs-queue-unencrypted", good)
    _, problems = built(tmp_path, files)
    assert any("names the bad pattern" in problem.message for problem in problems)


def test_the_same_table_in_two_files_of_a_directory_is_an_error(tmp_path: Path) -> None:
    files = {**FILES, "resources/aws/twice.yaml": FILES["resources/aws/kms_key.yaml"]}
    _, problems = built(tmp_path, files)
    assert [problem.code for problem in problems] == ["duplicate"]
    assert "kms_key.yaml" in (problems[0].hint or "")


def test_a_file_that_would_be_overlooked_is_an_error(tmp_path: Path) -> None:
    _, problems = built(tmp_path, {**FILES, "policies/x.yml": "id: x\n"})
    assert [place(problem)[0] for problem in problems] == ["x.yml"]


def test_a_former_id_that_still_exists_is_an_error(tmp_path: Path) -> None:
    files = changed(
        POLICY, "automation: safe", "automation: safe\nformerly: [aws-sqs-queue-unencrypted]"
    )
    _, problems = built(tmp_path, files)
    assert "still exists" in problems[0].message


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("wrong", [None, 5, [[]], {"a": 1}], ids=str)
@pytest.mark.parametrize("name", list(FILES))
def test_a_wrong_value_anywhere_is_told_and_never_breaks_the_reader(
    tmp_path: Path, name: str, wrong: Any
) -> None:
    tree = yaml.safe_load(FILES[name])
    for path in places(tree):
        files = {**FILES, name: yaml.safe_dump(replaced(tree, path, wrong), sort_keys=False)}
        _, problems = built(tmp_path, files)
        # A literal argument may be anything, and nothing is what an optional key holds as well.
        assert problems or "fixed" in path or wrong is None, path
