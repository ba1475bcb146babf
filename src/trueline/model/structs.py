"""The named structs that shape functions make; every field is always there, unknown when NULL."""

from __future__ import annotations

from trueline.model.types import Field, Type

__all__ = ["STRUCTS"]

_TEXT, _BOOL, _INT = Type("text"), Type("bool"), Type("int")
_TEXTS = Type("list", item=_TEXT)

STRUCTS: dict[str, tuple[Field, ...]] = {
    "iam_statement": (
        Field("sid", _TEXT, "Statement id; empty when it has none"),
        Field("effect", _TEXT, "Allow or Deny"),
        Field("actions", _TEXTS, "Actions as written, lower case; empty with NotAction"),
        Field("not_actions", _TEXTS, "NotAction as written, lower case"),
        Field("resources", _TEXTS, "Resources as written; empty with NotResource"),
        Field("not_resources", _TEXTS, "NotResource as written"),
        Field("principals", _TEXTS, "kind:id (AWS:… Service:… Federated:…), or *"),
        Field("not_principals", _TEXTS, "The same for NotPrincipal"),
        Field("principal_accounts", _TEXTS, "Account ids named by the AWS principals"),
        Field("principal_is_anyone", _BOOL, "Grants to everyone: *, or NotPrincipal with Allow"),
        Field("condition_keys", _TEXTS, "Condition keys, lower case"),
        Field(
            "is_narrowed",
            _BOOL,
            "A condition limits who: accounts, organisations, networks, sources",
        ),
        Field("all_actions", _BOOL, "Covers every action of every service; NotAction never does"),
        Field("all_resources", _BOOL, "Covers every resource, or all but those of NotResource"),
        Field(
            "grants_privileges",
            _BOOL,
            "Covers an action by which one can widen one's own permissions",
        ),
        Field("denies_plain_http", _BOOL, "Denies everyone every action of a service without TLS"),
    ),
    "ip_rule": (
        Field("direction", _TEXT, "in or out"),
        Field("protocol", _TEXT, "tcp, udp, icmp, icmpv6, a number, or all"),
        Field("from_port", _INT, "First port; 0 for all protocols, -1 where ports do not apply"),
        Field("to_port", _INT, "Last port; 65535 for all protocols, -1 where ports do not apply"),
        Field("source_kind", _TEXT, "cidr, prefix_list or group"),
        Field("source", _TEXT, "The network, prefix list id or group id; self = the group itself"),
        Field("family", _INT, "4 or 6; 0 when the source is not a network"),
        Field("prefix_len", _INT, "Prefix length; -1 when the source is not a network"),
        Field("first", _TEXT, "First address as 32 hexadecimal digits; empty when not a network"),
        Field("last", _TEXT, "Last address as 32 hexadecimal digits; empty when not a network"),
        Field("is_any", _BOOL, "The whole internet: 0.0.0.0/0 or ::/0"),
    ),
    "env_var": (
        Field("name", _TEXT, "Name of the variable; its value is never kept"),
        Field("looks_like_secret", _BOOL, "Its name or value has the form of a secret"),
    ),
}
