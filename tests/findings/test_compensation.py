"""What is not known of a compensating policy is not taken for holding."""

from __future__ import annotations

import datetime as dt

from trueline.findings.compensation import note_doubts, undecided
from trueline.findings.schema import confirmations

from .kit import ACCOUNT, HERE, PLAIN, Estate

EXCEPTION = {"compensating": f'["{PLAIN}"]'}


def test_a_policy_of_another_type_is_in_doubt_wherever_its_account_was_not_judged(
    estate: Estate,
) -> None:
    bucket = {"uid": "arn:b", "type": "aws_s3_bucket", "scope_account": ACCOUNT}
    queue = {"uid": "arn:q", "type": "aws_sqs_queue", "scope_account": ACCOUNT}
    with estate.opened() as state, state.writing(dt.datetime.now(dt.UTC)) as tx:
        assert undecided(tx, EXCEPTION, bucket, 0) == PLAIN
        read = {"policy": PLAIN, "account": ACCOUNT, "region": HERE, "snapshot": 1, "at": 5}
        tx.insert(confirmations, [read])
        assert undecided(tx, EXCEPTION, bucket, 4) is None
        assert undecided(tx, EXCEPTION, bucket, 5) == PLAIN
        note_doubts(tx, "aws_sqs_queue", [PLAIN], [(PLAIN, "arn:q2", ACCOUNT)])
        assert undecided(tx, EXCEPTION, bucket, 4) == PLAIN
        assert undecided(tx, EXCEPTION, queue, 4) is None
        note_doubts(tx, "aws_sqs_queue", [PLAIN], [(PLAIN, f"scope:{HERE}", ACCOUNT)])
        assert undecided(tx, EXCEPTION, bucket, 4) == PLAIN
        note_doubts(tx, "aws_sqs_queue", [PLAIN], [])
        assert undecided(tx, EXCEPTION, bucket, 4) is None
