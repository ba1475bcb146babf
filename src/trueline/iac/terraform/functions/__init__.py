"""Terraform's functions, one file a theme, with Terraform's own semantics.

`FUNCTIONS` names them all; `call` calls one. `try` and `can` are not here: their arguments are
evaluated lazily, which is the evaluator's business.
"""

from __future__ import annotations

from functools import partial as bound

from trueline.iac.terraform.evaluate.values import NoSuchFunctionError, Value
from trueline.iac.terraform.functions import (
    collections,
    conversion,
    dates,
    encoding,
    files,
    formatting,
    hashes,
    networks,
    numbers,
    patterns,
    sets,
    texts,
    yaml_functions,
)
from trueline.iac.terraform.functions.arguments import (
    anything,
    elements,
    mapping,
    maps_of_texts,
    members,
    not_reproduced,
    number,
    sequence,
    some,
    text,
    truths,
    whole,
)
from trueline.iac.terraform.functions.arguments import texts as list_of_texts
from trueline.iac.terraform.functions.context import FunctionContext
from trueline.iac.terraform.functions.signature import (
    Function,
    Kind,
    holding,
    on_files,
    partial,
    whole_only,
)

__all__ = ["FUNCTIONS", "Function", "FunctionContext", "call"]


def call(name: str, args: list[Value], context: FunctionContext) -> Value:
    """The result of a function.

    Raises FunctionError where Terraform would fail, NoSuchFunctionError for a name it lacks.
    """
    function = FUNCTIONS.get(name.removeprefix("core::"))
    if function is None:
        raise NoSuchFunctionError(f"there is no function named {name!r}")
    return function(args, context)


def _hex(algorithm: str) -> Function:
    return whole_only(lambda data: hashes.hex_hash(algorithm, data.encode()), text)


def _base64(algorithm: str) -> Function:
    return whole_only(lambda data: hashes.base64_hash(algorithm, data.encode()), text)


def _file_hex(algorithm: str) -> Function:
    return on_files(bound(files.file_hex_hash, algorithm), text)


def _file_base64(algorithm: str) -> Function:
    return on_files(bound(files.file_base64_hash, algorithm), text)


def _never_known(name: str, *takes: Kind, rest: Kind | None = None) -> Function:
    return partial(lambda *_: not_reproduced(name), *takes, rest=rest)


_NUMERIC = {
    "abs": whole_only(numbers.absolute, number),
    "ceil": whole_only(numbers.ceiling, number),
    "floor": whole_only(numbers.floor, number),
    "log": whole_only(numbers.log, number, number),
    "max": whole_only(numbers.greatest, rest=number),
    "min": whole_only(numbers.least, rest=number),
    "parseint": whole_only(numbers.parse_int, some, whole),
    "pow": whole_only(numbers.power, number, number),
    "signum": whole_only(numbers.sign, whole),
}
_STRING = {
    "chomp": whole_only(texts.chomp, text),
    "endswith": whole_only(str.endswith, text, text),
    "format": holding(formatting.format_text, text, rest=anything),
    "formatlist": partial(formatting.format_list, text, rest=anything),
    "indent": whole_only(texts.indent, whole, text),
    "join": holding(texts.join, text, rest=list_of_texts),
    "lower": holding(texts.lower, text),
    "regex": whole_only(patterns.regex, text, text),
    "regexall": whole_only(patterns.regex_all, text, text),
    "replace": whole_only(patterns.replace, text, text, text),
    "split": whole_only(texts.split, text, text),
    "startswith": whole_only(str.startswith, text, text),
    "strcontains": whole_only(str.__contains__, text, text),
    "strrev": whole_only(texts.reverse_text, text),
    "substr": whole_only(texts.substr, text, whole, whole),
    "title": whole_only(texts.title, text),
    "trim": whole_only(texts.trim, text, text),
    "trimprefix": whole_only(texts.trim_prefix, text, text),
    "trimspace": whole_only(texts.trim_space, text),
    "trimsuffix": whole_only(texts.trim_suffix, text, text),
    "upper": holding(texts.upper, text),
}
_COLLECTION = {
    "alltrue": partial(collections.all_true, truths),
    "anytrue": partial(collections.any_true, truths),
    "chunklist": partial(collections.chunks, elements, whole),
    "coalesce": partial(collections.coalesce, rest=anything),
    "coalescelist": partial(collections.coalesce_list, rest=anything),
    "compact": whole_only(collections.compact, list_of_texts),
    "concat": partial(collections.concat, rest=some),
    "contains": partial(collections.contains, some, some),
    "distinct": whole_only(collections.distinct, elements),
    "element": partial(collections.element, some, whole),
    "flatten": partial(collections.flatten, some),
    "index": partial(collections.index, some, some),
    "keys": partial(collections.keys, mapping),
    "length": partial(collections.length, some),
    "lookup": partial(collections.lookup, mapping, text, rest=anything),
    "matchkeys": partial(collections.matching_keys, elements, elements, elements),
    "merge": partial(collections.merge, rest=anything),
    "one": partial(collections.one, some),
    "range": whole_only(collections.number_range, rest=number),
    "reverse": partial(collections.reverse, some),
    "setintersection": whole_only(sets.intersection, members, rest=members),
    "setproduct": partial(sets.product, rest=some),
    "setsubtract": whole_only(sets.subtract, members, members),
    "setunion": partial(sets.union, members, rest=members),
    "slice": partial(collections.slice_list, some, whole, whole),
    "sort": partial(collections.sort_texts, list_of_texts),
    "sum": whole_only(collections.total, sequence),
    "transpose": whole_only(collections.transpose, maps_of_texts),
    "values": partial(collections.values, mapping),
    "zipmap": partial(collections.zip_map, list_of_texts, some),
}
_ENCODING = {
    "base64decode": whole_only(encoding.base64_decode, text),
    "base64encode": whole_only(encoding.base64_encode, text),
    "base64gzip": whole_only(encoding.base64_gzip, text),
    "csvdecode": whole_only(encoding.csv_decode, text),
    "jsondecode": partial(encoding.json_decode, text),
    "jsonencode": partial(encoding.json_encode, anything),
    "textdecodebase64": whole_only(encoding.text_decode, text, text),
    "textencodebase64": whole_only(encoding.text_encode, text, text),
    "urlencode": whole_only(encoding.url_encode, text),
    "yamldecode": partial(yaml_functions.yaml_decode, text),
    "yamlencode": partial(yaml_functions.yaml_encode, anything),
}
_FILES = {
    "abspath": on_files(files.absolute_path, text),
    "basename": whole_only(files.base_name, text),
    "dirname": whole_only(files.directory_name, text),
    "file": on_files(files.file_text, text),
    "filebase64": on_files(files.file_base64, text),
    "filebase64sha256": _file_base64("sha256"),
    "filebase64sha512": _file_base64("sha512"),
    "fileexists": on_files(files.file_exists, text),
    "filemd5": _file_hex("md5"),
    "fileset": on_files(files.file_set, text, text),
    "filesha1": _file_hex("sha1"),
    "filesha256": _file_hex("sha256"),
    "filesha512": _file_hex("sha512"),
    "pathexpand": whole_only(files.expand_path, text),
    "templatefile": on_files(files.template_file, text, some, sees_unknown=True),
    "templatestring": on_files(files.template_string, text, some, sees_unknown=True),
}
_DATES = {
    "formatdate": whole_only(dates.format_date, text, text),
    "plantimestamp": _never_known("plantimestamp"),
    "timeadd": whole_only(dates.time_add, text, text),
    "timecmp": whole_only(dates.time_compare, text, text),
    "timestamp": _never_known("timestamp"),
}
_HASHES = {
    "base64sha256": _base64("sha256"),
    "base64sha512": _base64("sha512"),
    "bcrypt": _never_known("bcrypt", text, rest=number),
    "md5": _hex("md5"),
    "rsadecrypt": _never_known("rsadecrypt", text, text),
    "sha1": _hex("sha1"),
    "sha256": _hex("sha256"),
    "sha512": _hex("sha512"),
    "uuid": _never_known("uuid"),
    "uuidv5": whole_only(hashes.uuid_v5, text, text),
}
_NETWORKS = {
    "cidrhost": whole_only(networks.cidr_host, text, whole),
    "cidrnetmask": whole_only(networks.cidr_netmask, text),
    "cidrsubnet": whole_only(networks.cidr_subnet, text, whole, whole),
    "cidrsubnets": whole_only(networks.cidr_subnets, text, rest=whole),
}
_CONVERSION = {
    "ephemeralasnull": partial(conversion.as_is, anything),
    "issensitive": partial(conversion.is_sensitive, anything),
    "nonsensitive": partial(conversion.as_is, anything),
    "sensitive": partial(conversion.sensitive, anything),
    "tobool": partial(conversion.to_bool, anything),
    "tolist": partial(conversion.to_list, anything),
    "tomap": partial(conversion.to_map, anything),
    "tonumber": partial(conversion.to_number, anything),
    "toset": partial(conversion.to_set, anything),
    "tostring": partial(conversion.to_string, anything),
}

FUNCTIONS: dict[str, Function] = {
    **_NUMERIC,
    **_STRING,
    **_COLLECTION,
    **_ENCODING,
    **_FILES,
    **_DATES,
    **_HASHES,
    **_NETWORKS,
    **_CONVERSION,
}
"""Every function of Terraform 1.11 but `try` and `can`, by name."""
