"""A small directory of content to build catalogs from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trueline.catalog import Catalog, Problem
from trueline.catalog.build import build

QUEUE = """\
table: aws_sqs_queue
title: Amazon SQS queue
live:
  scope: region
  list: {call: sqs.ListQueues, rows: QueueUrls, may_lack_rows: true, as: url}
  parts:
    attributes:
      call: sqs.GetQueueAttributes
      args: {QueueUrl: url}
      fixed: {AttributeNames: [All]}
      keep: Attributes
      gone: [QueueDoesNotExist]
  region: scope.region
  uid: "join('', ['arn:aws:sqs:', scope.region, ':', scope.account, ':', last_part(url)])"
terraform:
  resource: aws_sqs_queue
  parts:
    split_policy: {resource: aws_sqs_queue_policy, by: queue_url}
columns:
  name:
    type: text
    about: Queue name
    live: last_part(url)
    terraform: name
  sse_sqs:
    type: bool
    about: Encrypted with a key that SQS owns
    omitted: false
    live: attributes.SqsManagedSseEnabled
    terraform: sqs_managed_sse_enabled
  kms_key_id:
    type: text?
    about: KMS key
    default: absent
    live: attributes.KmsMasterKeyId
    terraform: kms_master_key_id
  statements:
    type: list<iam_statement>
    about: The queue's own policy
    omitted: []
    default: []
    live: iam_statements(attributes.Policy)
    terraform: iam_statements(not_null(split_policy.policy, policy))
  created_at:
    type: time
    about: When the queue was made
    live: attributes.CreatedTimestamp
relations:
  kms_key: {to: aws_kms_key, by: kms_key_id, key: [arn, key_id]}
flags:
  exposed: >-
    any_of(statements, s -> s.effect = 'Allow'
    AND s.principal_is_anyone)
  privileged: {when: never, known_when: len(statements) = 0}
"""

KEY = """\
table: aws_kms_key
title: AWS KMS key
live:
  scope: region
  list: {call: kms.ListKeys, rows: Keys, as: key}
  uid: key.KeyArn
columns:
  key_id:
    type: text
    about: Key id
    live: key.KeyId
  arn:
    type: text
    about: ARN
    live: key.KeyArn
relations:
  queues: {from: aws_sqs_queue, by: kms_key_id, key: arn}
flags:
  exposed: never
"""

POLICY = """\
id: aws-sqs-queue-unencrypted
title: SQS queue keeps messages in plain text
severity: high
resource: aws_sqs_queue
applies_when: created_at > TIMESTAMP '2020-01-01 00:00:00'
fails_when: is_absent(kms_key_id) AND NOT sse_sqs
why: Whoever gets at the storage reads the messages.
fix:
  steps: [Turn on encryption.]
  cli: aws sqs set-queue-attributes --queue-url {name} --attributes '{"SqsManagedSse":"true"}'
verify: The attribute is true.
fixed_by: platform
automation: safe
tests:
  - {name: plain, expect: fail, row: {created_at: 90 days ago, kms_key_id: null, sse_sqs: false}}
  - {name: own key, expect: pass, row: {created_at: 90 days ago, kms_key_id: null, sse_sqs: true}}
  - {name: not read, expect: unknown, row: {created_at: 90 days ago, kms_key_id: null}}
"""

FRAMEWORK = """\
id: cis
title: A benchmark
requirements:
  1.10: {policies: [aws-sqs-queue-unencrypted], coverage: partial, note: Queues only}
  "2": {coverage: manual}
"""

FILES = {
    "resources/aws/sqs_queue.yaml": QUEUE,
    "resources/aws/kms_key.yaml": KEY,
    "policies/aws/sqs/aws-sqs-queue-unencrypted.yaml": POLICY,
    "frameworks/cis.yaml": FRAMEWORK,
}


def write(root: Path, files: Mapping[str, str] = FILES) -> Path:
    """Write the files under a root; returns it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def changed(name: str, old: str, new: str) -> dict[str, str]:
    """The files with one text replaced in the file whose name ends so."""
    path = next(path for path in FILES if path.endswith(name))
    assert FILES[path].count(old) == 1, f"{old!r} stands {FILES[path].count(old)} times in {name}"
    return {**FILES, path: FILES[path].replace(old, new)}


def built(root: Path, files: Mapping[str, str] = FILES) -> tuple[Catalog, list[Problem]]:
    return build((), write(root, files))


def place(problem: Problem) -> tuple[str, int, int]:
    return Path(problem.where.file).name, problem.where.line, problem.where.column


def position(name: str, text: str, new: str, at: str) -> tuple[str, int, int]:
    """Where `at` stands in the changed file: its name, line and column."""
    path = next(path for path in FILES if path.endswith(name))
    whole = FILES[path].replace(text, new)
    offset = whole.index(new) + new.index(at)
    line = whole.count("\n", 0, offset) + 1
    return name, line, offset - whole.rfind("\n", 0, offset)
