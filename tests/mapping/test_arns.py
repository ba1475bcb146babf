"""What the shape functions tell from an ARN."""

from __future__ import annotations

from trueline.mapping import Unknown, compile_expression, is_unknown


def test_the_account_stands_in_the_arn() -> None:
    account = compile_expression("arn_account(arn)")
    assert account({"arn": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/a:b"}) == "111122223333"
    assert account({"arn": "arn:aws:s3:::data"}) is None
    assert account({}) is None


def test_what_is_no_arn_has_no_known_account() -> None:
    account = compile_expression("arn_account(arn)")
    assert account({"arn": "alias/orders"}).cause == "malformed:arn"
    assert account({"arn": 7}).cause == "malformed:arn"
    assert account({"arn": Unknown("denied")}).cause == "denied"


def test_policies_of_aws_are_left_out_in_every_partition() -> None:
    own = compile_expression("customer_policies(arns)")
    mine = "arn:aws:iam::111122223333:policy/deploy"
    theirs = ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws-cn:iam::aws:policy/job-function/X"]
    assert own({"arns": [theirs[0], mine, theirs[1]]}) == [mine]
    assert own({"arns": []}) == []
    assert own({}) is None


def test_a_policy_not_known_yet_keeps_its_reference() -> None:
    own = compile_expression("customer_policies(arns)")
    made_here = Unknown(
        "after_apply:aws_iam_policy.p.arn", present=True, refs=("aws_iam_policy.p",)
    )
    assert own({"arns": [made_here, "arn:aws:iam::aws:policy/X"]}) == [made_here]
    assert is_unknown(own({"arns": Unknown("denied")}))
    assert own({"arns": "arn:aws:iam::1:policy/a"}).cause == "malformed:arns"
