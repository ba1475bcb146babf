"""A tree of Terraform modules with examples that call them, as large as wanted.

Modules are written as people publish them: typed variables with descriptions, locals that merge,
conditional counts, maps of objects, dynamic blocks, policy documents, outputs. The same number
gives the same tree.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["flat_files", "tree_files", "write_files"]

_OPTIONS = 20

_MODULE = """
data "aws_caller_identity" "current" {{}}
data "aws_partition" "current" {{}}

locals {{
  name   = "${{var.name}}-{number}"
  tags   = merge({{ Module = "m{number}", Team = "platform" }}, var.tags)
  queues = {{
    for k, v in var.queues : k => merge({{ fifo = false, retention = 345600 }}, v) if v.enabled
  }}
  admins = [for a in var.admins : a if startswith(a, "arn:")]
}}

resource "aws_kms_key" "this" {{
  count                   = var.create_key ? 1 : 0
  description             = "Key of ${{local.name}}"
  deletion_window_in_days = var.deletion_window
  enable_key_rotation     = var.rotate
  policy                  = data.aws_iam_policy_document.key.json
  tags                    = local.tags
}}

data "aws_iam_policy_document" "key" {{
  statement {{
    sid       = "Root"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {{
      type        = "AWS"
      identifiers = ["arn:${{data.aws_partition.current.partition}}:iam::111122223333:root"]
    }}
  }}
  dynamic "statement" {{
    for_each = length(local.admins) > 0 ? [1] : []
    content {{
      sid       = "Admins"
      actions   = ["kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*"]
      resources = ["*"]
      principals {{
        type        = "AWS"
        identifiers = local.admins
      }}
    }}
  }}
}}

resource "aws_s3_bucket" "this" {{
  bucket        = "${{lower(replace(local.name, "_", "-"))}}-data"
  force_destroy = false
  tags          = merge(local.tags, {{ Name = "${{local.name}}-data" }})
}}

resource "aws_s3_bucket_public_access_block" "this" {{
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = var.restrict
}}

resource "aws_s3_bucket_versioning" "this" {{
  bucket = aws_s3_bucket.this.id
  versioning_configuration {{
    status = var.versioned ? "Enabled" : "Suspended"
  }}
}}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {{
  bucket = aws_s3_bucket.this.id
  rule {{
    apply_server_side_encryption_by_default {{
      sse_algorithm     = var.create_key ? "aws:kms" : "AES256"
      kms_master_key_id = var.create_key ? aws_kms_key.this[0].arn : null
    }}
  }}
}}

resource "aws_security_group" "this" {{
  name        = local.name
  description = "Traffic of ${{local.name}}"
  vpc_id      = var.vpc_id

  dynamic "ingress" {{
    for_each = var.ingress
    content {{
      description = ingress.value.description
      from_port   = ingress.value.port
      to_port     = coalesce(ingress.value.to, ingress.value.port)
      protocol    = "tcp"
      cidr_blocks = ingress.value.cidrs
    }}
  }}

  egress {{
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }}
  tags = local.tags
}}

resource "aws_sqs_queue" "this" {{
  for_each                   = local.queues
  name                       = "${{local.name}}-${{each.key}}${{each.value.fifo ? ".fifo" : ""}}"
  fifo_queue                 = each.value.fifo
  message_retention_seconds  = each.value.retention
  sqs_managed_sse_enabled    = var.create_key ? null : true
  kms_master_key_id          = one(aws_kms_key.this[*].arn)
  tags                       = merge(local.tags, {{ Queue = each.key }})
}}

data "aws_iam_policy_document" "trust" {{
  statement {{
    actions = ["sts:AssumeRole"]
    principals {{
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }}
  }}
}}

resource "aws_iam_role" "this" {{
  name                 = "${{local.name}}-role"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
  tags                 = local.tags
}}

resource "aws_iam_policy" "this" {{
  name = "${{local.name}}-policy"
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [
      {{ Effect = "Allow", Action = ["s3:GetObject"], Resource = "${{aws_s3_bucket.this.arn}}/*" }},
      {{ Effect = "Allow", Action = "sqs:*", Resource = values(aws_sqs_queue.this)[*].arn }},
    ]
  }})
}}

resource "aws_lambda_function" "this" {{
  function_name = local.name
  role          = aws_iam_role.this.arn
  runtime       = var.runtime
  handler       = "index.handler"
  filename      = "function.zip"
  memory_size   = 256
  timeout       = 30

  dynamic "environment" {{
    for_each = length(keys(var.environment)) > 0 ? [var.environment] : []
    content {{
      variables = environment.value
    }}
  }}

  dynamic "dead_letter_config" {{
    for_each = toset([for k, v in local.queues : k if k == "dead"])
    content {{
      target_arn = aws_sqs_queue.this[dead_letter_config.value].arn
    }}
  }}
  tags = local.tags
}}
"""

_VARIABLES = """
variable "name" {{
  description = "What things of module {number} are called"
  type        = string
}}

variable "vpc_id" {{
  description = "Network that the module works in"
  type        = string
  default     = "vpc-0123456789abcdef0"
}}

variable "create_key" {{
  description = "Whether data lies under a key of its own"
  type        = bool
  default     = true
}}

variable "rotate" {{
  description = "Whether the key is renewed every year"
  type        = bool
  default     = {rotate}
}}

variable "restrict" {{
  description = "Whether public policies are without effect"
  type        = bool
  default     = true
}}

variable "versioned" {{
  description = "Whether old versions are kept"
  type        = bool
  default     = {versioned}
}}

variable "deletion_window" {{
  description = "Days between asking for the key's deletion and losing it"
  type        = number
  default     = 30
  validation {{
    condition     = var.deletion_window >= 7 && var.deletion_window <= 30
    error_message = "Between 7 and 30 days."
  }}
}}

variable "runtime" {{
  description = "Runtime of the function"
  type        = string
  default     = "python3.13"
}}

variable "admins" {{
  description = "ARNs of those who administer the key"
  type        = list(string)
  default     = []
}}

variable "environment" {{
  description = "Environment of the function"
  type        = map(string)
  default     = {{}}
}}

variable "tags" {{
  description = "Tags of everything"
  type        = map(string)
  default     = {{}}
}}

variable "queues" {{
  description = "Queues by name"
  type = map(object({{
    enabled   = optional(bool, true)
    fifo      = optional(bool, false)
    retention = optional(number, 345600)
  }}))
  default = {{ main = {{}}, dead = {{ retention = 1209600 }}, old = {{ enabled = false }} }}
}}

variable "ingress" {{
  description = "Who may come in"
  type = list(object({{
    description = string
    port        = number
    to          = optional(number)
    cidrs       = list(string)
  }}))
  default = [{{ description = "TLS", port = 443, cidrs = ["10.0.0.0/8"] }}]
}}
"""

_OPTION = """
variable "option_{option}" {{
  description = "Option {option} of module {number}, which most callers leave as it is"
  type        = object({{ enabled = optional(bool, true), value = optional(number, {option}) }})
  default     = {{}}
  nullable    = false
}}
"""

_OUTPUTS = """
output "bucket" {{
  description = "Name of the bucket"
  value       = aws_s3_bucket.this.id
}}

output "queues" {{
  description = "ARNs of the queues by name"
  value       = {{ for k, q in aws_sqs_queue.this : k => q.arn }}
}}

output "group" {{
  description = "Identifier of the security group of module {number}"
  value       = aws_security_group.this.id
}}

output "key" {{
  description = "ARN of the key, where there is one"
  value       = try(aws_kms_key.this[0].arn, null)
}}
"""

_EXAMPLE = """
provider "aws" {{
  region = "eu-west-1"
  default_tags {{
    tags = {{ Example = "e{number}", Environment = local.environment }}
  }}
}}

locals {{
  environment = "{environment}"
  office      = "203.0.113.0/24"
}}

module "service" {{
  source = "../../modules/m{module}"

  name        = "e{number}-${{local.environment}}"
  create_key  = {create_key}
  environment = {{ STAGE = local.environment, LOG_LEVEL = "info" }}
  admins      = ["arn:aws:iam::111122223333:role/admin"]
  ingress = concat(
    [{{ description = "TLS", port = 443, cidrs = ["0.0.0.0/0"] }}],
    [for p in {ports} : {{ description = "port ${{p}}", port = p, cidrs = [local.office] }}],
  )
  tags = {{ Owner = "team-{number}" }}
}}

resource "aws_cloudtrail" "this" {{
  name                          = "e{number}"
  s3_bucket_name                = module.service.bucket
  kms_key_id                    = module.service.key
  is_multi_region_trail         = true
  enable_log_file_validation    = true
  include_global_service_events = true
}}

resource "aws_security_group_rule" "extra" {{
  type              = "ingress"
  security_group_id = module.service.group
  from_port         = 8443
  to_port           = 8443
  protocol          = "tcp"
  cidr_blocks       = [local.office]
}}

output "queues" {{
  value = module.service.queues
}}
"""


def tree_files(modules: int, examples: int) -> dict[str, str]:
    """Files by path: so many modules, and so many examples that each call one of them."""
    files: dict[str, str] = {}
    for number in range(modules):
        said = {
            "number": number,
            "rotate": "true" if number % 3 else "false",
            "versioned": "true" if number % 4 else "false",
        }
        folder = f"modules/m{number}"
        files[f"{folder}/main.tf"] = _MODULE.format_map(said)
        options = (_OPTION.format(option=n, number=number) for n in range(_OPTIONS))
        files[f"{folder}/variables.tf"] = _VARIABLES.format_map(said) + "".join(options)
        files[f"{folder}/outputs.tf"] = _OUTPUTS.format_map(said)
    for number in range(examples):
        said = {
            "number": number,
            "module": number % modules,
            "environment": ("dev", "stage", "prod")[number % 3],
            "create_key": "false" if number % 5 == 0 else "true",
            "ports": "[22, 5432]" if number % 2 else "[8080]",
        }
        files[f"examples/e{number}/main.tf"] = _EXAMPLE.format_map(said)
    return files


def flat_files(resources: int) -> dict[str, str]:
    """One root module of about so many resources, without modules."""
    kinds = (
        'resource "aws_s3_bucket" "b{n}" {{\n  bucket = "bucket-{n}"\n  acl    = "private"\n}}\n',
        'resource "aws_sqs_queue" "q{n}" {{\n  name = "queue-{n}"\n}}\n',
        'resource "aws_ebs_volume" "v{n}" {{\n  availability_zone = "eu-west-1a"\n'
        "  size              = 8\n}}\n",
        'resource "aws_security_group" "g{n}" {{\n  ingress {{\n    from_port   = 22\n'
        '    to_port     = 22\n    protocol    = "tcp"\n    cidr_blocks = ["0.0.0.0/0"]\n'
        "  }}\n}}\n",
        'resource "aws_iam_role" "r{n}" {{\n  assume_role_policy = jsonencode({{\n'
        '    Statement = [{{ Effect = "Allow", Action = "sts:AssumeRole",'
        ' Principal = {{ Service = "ec2.amazonaws.com" }} }}]\n  }})\n}}\n',
        'resource "aws_kms_key" "k{n}" {{\n  enable_key_rotation = true\n}}\n',
        'resource "aws_db_instance" "d{n}" {{\n  instance_class    = "db.t3.micro"\n'
        '  engine            = "postgres"\n  storage_encrypted = true\n'
        "  kms_key_id        = aws_kms_key.k{k}.arn\n}}\n",
    )
    text = [kinds[n % len(kinds)].format(n=n, k=n - 1) for n in range(resources)]
    return {"main.tf": "\n".join(text)}


def write_files(folder: Path, files: dict[str, str]) -> int:
    """Write them below the folder; returns how many bytes they have."""
    size = 0
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        size += path.write_text(text)
    return size
