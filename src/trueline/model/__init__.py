"""The nouns of Trueline, as frozen data. No behaviour beyond reading a value off another."""

from trueline.model.framework import COVERAGES, Framework, Requirement
from trueline.model.notation import parse_type
from trueline.model.policy import SEVERITIES, Param, Policy, PolicyTest, severity_at_least
from trueline.model.resource import (
    ABSENT,
    COMMON,
    READERS,
    UNSAID,
    Call,
    CodePart,
    CodeReader,
    Column,
    Live,
    Relation,
    ResourceType,
)
from trueline.model.scope import CodeRows, Edge, Row, Scope, ScopeState, Sink
from trueline.model.structs import STRUCTS
from trueline.model.types import Field, Type
from trueline.model.verdict import (
    BOUNDARIES,
    SCHEMA,
    Cause,
    CoverageRow,
    NotJudged,
    ResourceRef,
    ScanInfo,
    Verdict,
    VerdictException,
)

__all__ = [
    "ABSENT",
    "BOUNDARIES",
    "COMMON",
    "COVERAGES",
    "READERS",
    "SCHEMA",
    "SEVERITIES",
    "STRUCTS",
    "UNSAID",
    "Call",
    "Cause",
    "CodePart",
    "CodeReader",
    "CodeRows",
    "Column",
    "CoverageRow",
    "Edge",
    "Field",
    "Framework",
    "Live",
    "NotJudged",
    "Param",
    "Policy",
    "PolicyTest",
    "Relation",
    "Requirement",
    "ResourceRef",
    "ResourceType",
    "Row",
    "ScanInfo",
    "Scope",
    "ScopeState",
    "Sink",
    "Type",
    "Verdict",
    "VerdictException",
    "parse_type",
    "severity_at_least",
]
