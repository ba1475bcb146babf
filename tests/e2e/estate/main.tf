# Every resource type that Trueline reads from both planes, in good and bad variants, with the references and split
# resources that real code has. The parity test plans it, applies it to a simulated AWS and scans what came of it.

variable "image" { type = string }
variable "package" { type = string }

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = false
  s3_use_path_style           = true
  default_tags { tags = { owner = "platform" } }
}

provider "aws" {
  alias                       = "central"
  region                      = "eu-central-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}

# account and region -------------------------------------------------------------------------------------------------

resource "aws_iam_account_alias" "this" { account_alias = "parity-estate" }

resource "aws_iam_account_password_policy" "this" {
  minimum_password_length        = 16
  require_symbols                = true
  require_numbers                = true
  require_uppercase_characters   = true
  require_lowercase_characters   = true
  password_reuse_prevention      = 24
  max_password_age               = 90
  allow_users_to_change_password = true
}

resource "aws_s3_account_public_access_block" "this" {
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = false
  restrict_public_buckets = false
}

resource "aws_ebs_encryption_by_default" "this" { enabled = true }

# keys ---------------------------------------------------------------------------------------------------------------

resource "aws_kms_key" "data" {
  description             = "data"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_kms_alias" "data" {
  name          = "alias/data"
  target_key_id = aws_kms_key.data.key_id
}

resource "aws_kms_key" "loose" {
  description = "loose"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "all", Effect = "Allow", Principal = "*", Action = "kms:*", Resource = "*" }]
  })
}

# identities ---------------------------------------------------------------------------------------------------------

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "app" {
  name               = "app"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role" "anyone" {
  name                 = "anyone"
  max_session_duration = 7200
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "*" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "app" {
  name   = "inline"
  role   = aws_iam_role.app.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:Get*", Resource = "*" }] })
}

resource "aws_iam_policy" "admin" {
  name   = "everything"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}

resource "aws_iam_policy" "read" {
  name   = "read"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = ["${aws_s3_bucket.data.arn}/*"] }] })
}

resource "aws_iam_role_policy_attachment" "app" {
  role       = aws_iam_role.app.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_instance_profile" "app" {
  name = "app"
  role = aws_iam_role.app.name
}

resource "aws_iam_user" "ana" { name = "ana" }
resource "aws_iam_user" "robot" { name = "robot" }
resource "aws_iam_access_key" "robot" { user = aws_iam_user.robot.name }

resource "aws_iam_user_policy" "robot" {
  name   = "inline"
  user   = aws_iam_user.robot.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", NotAction = "iam:*", Resource = "*" }] })
}

resource "aws_iam_user_policy_attachment" "robot" {
  user       = aws_iam_user.robot.name
  policy_arn = aws_iam_policy.admin.arn
}

# buckets ------------------------------------------------------------------------------------------------------------

resource "aws_s3_bucket" "data" { bucket = "parity-data" }

resource "aws_s3_bucket_public_access_block" "data" {
  bucket                  = aws_s3_bucket.data.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "data" {
  bucket = aws_s3_bucket.data.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  bucket = aws_s3_bucket.data.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.data.arn
    }
  }
}

resource "aws_s3_bucket_logging" "data" {
  bucket        = aws_s3_bucket.data.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "data/"
  depends_on    = [aws_s3_bucket_acl.logs]
}

resource "aws_s3_bucket" "logs" { bucket = "parity-logs" }

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule { object_ownership = "BucketOwnerPreferred" }
}

resource "aws_s3_bucket_acl" "logs" {
  bucket     = aws_s3_bucket.logs.id
  acl        = "log-delivery-write"
  depends_on = [aws_s3_bucket_ownership_controls.logs]
}

data "aws_iam_policy_document" "trail" {
  statement {
    sid       = "AclCheck"
    actions   = ["s3:GetBucketAcl"]
    resources = [aws_s3_bucket.logs.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
  }
  statement {
    sid       = "Write"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.logs.arn}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = data.aws_iam_policy_document.trail.json
}

resource "aws_cloudtrail" "all" {
  name                       = "all"
  s3_bucket_name             = aws_s3_bucket.logs.id
  is_multi_region_trail      = true
  enable_log_file_validation = true
  kms_key_id                 = aws_kms_key.data.arn
  event_selector {
    read_write_type           = "All"
    include_management_events = true
  }
  depends_on = [aws_s3_bucket_policy.logs]
}

# queues -------------------------------------------------------------------------------------------------------------

resource "aws_sqs_queue" "plain" { name = "plain" }

resource "aws_sqs_queue" "keyed" {
  name                       = "keyed"
  kms_master_key_id          = aws_kms_key.data.key_id
  visibility_timeout_seconds = 60
}

resource "aws_sqs_queue_policy" "keyed" {
  queue_url = aws_sqs_queue.keyed.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "sqs:SendMessage", Resource = "*" }]
  })
}

# network ------------------------------------------------------------------------------------------------------------

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
  tags       = { Name = "main" }
}

resource "aws_vpc" "dark" {
  cidr_block = "10.1.0.0/16"
  tags       = { Name = "dark" }
}

resource "aws_flow_log" "main" {
  vpc_id               = aws_vpc.main.id
  traffic_type         = "ALL"
  log_destination_type = "s3"
  log_destination      = aws_s3_bucket.logs.arn
}

resource "aws_subnet" "a" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.1.0/24"
  availability_zone = "eu-west-1a"
}

resource "aws_subnet" "b" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.2.0/24"
  availability_zone = "eu-west-1b"
}

resource "aws_security_group" "inline" {
  name        = "inline"
  description = "rules in the block"
  vpc_id      = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  ingress {
    from_port        = 8000
    to_port          = 8100
    protocol         = "tcp"
    cidr_blocks      = ["10.0.0.0/8"]
    ipv6_cidr_blocks = ["fd00::/8"]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "split" {
  name        = "split"
  description = "rules beside the block"
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group_rule" "ssh" {
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = aws_security_group.split.id
}

resource "aws_security_group_rule" "out" {
  type              = "egress"
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = aws_security_group.split.id
}

resource "aws_security_group" "new" {
  name        = "new"
  description = "rules one by one"
  vpc_id      = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "db" {
  security_group_id            = aws_security_group.new.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.inline.id
}

resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.new.id
  ip_protocol       = "-1"
  cidr_ipv4         = "10.0.0.0/8"
}

# machines and disks -------------------------------------------------------------------------------------------------

resource "aws_launch_template" "app" {
  name          = "app"
  image_id      = var.image
  instance_type = "t3.micro"
  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }
}

resource "aws_instance" "direct" {
  ami                         = var.image
  instance_type               = "m5.large"
  subnet_id                   = aws_subnet.a.id
  vpc_security_group_ids      = [aws_security_group.split.id]
  iam_instance_profile        = aws_iam_instance_profile.app.name
  associate_public_ip_address = true
  user_data                   = "#!/bin/sh\nexport DB_PASSWORD=not-a-real-one\n"
  metadata_options { http_tokens = "optional" }
  tags = { Name = "direct" }
}

resource "aws_instance" "template" {
  subnet_id              = aws_subnet.a.id
  vpc_security_group_ids = [aws_security_group.inline.id, aws_security_group.new.id]
  launch_template {
    id      = aws_launch_template.app.id
    version = "$Latest"
  }
  tags = { Name = "template" }
}

resource "aws_ebs_volume" "plain" {
  availability_zone = "eu-west-1a"
  size              = 10
  tags              = { Name = "plain" }
}

resource "aws_ebs_volume" "encrypted" {
  availability_zone = "eu-west-1a"
  size              = 20
  type              = "gp3"
  encrypted         = true
  kms_key_id        = aws_kms_key.data.arn
  tags              = { Name = "encrypted" }
}

resource "aws_ebs_snapshot" "encrypted" {
  volume_id   = aws_ebs_volume.encrypted.id
  description = "nightly"
  tags        = { Name = "nightly" }
}

# databases, functions, balancers, clusters --------------------------------------------------------------------------

resource "aws_db_instance" "good" {
  identifier                          = "good"
  engine                              = "postgres"
  engine_version                      = "16.3"
  instance_class                      = "db.t3.micro"
  allocated_storage                   = 20
  username                            = "admin0"
  password                            = "not-a-real-password"
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.data.arn
  backup_retention_period             = 14
  deletion_protection                 = true
  multi_az                            = true
  iam_database_authentication_enabled = true
  vpc_security_group_ids              = [aws_security_group.new.id]
  skip_final_snapshot                 = true
}

resource "aws_db_instance" "bad" {
  provider            = aws.central # the simulator gives all databases of a region one resource id
  identifier          = "bad"
  engine              = "mysql"
  engine_version      = "8.0.36"
  instance_class      = "db.t3.micro"
  allocated_storage   = 20
  username            = "admin0"
  password            = "not-a-real-password"
  publicly_accessible = true
  skip_final_snapshot = true
}

resource "aws_iam_role" "functions" {
  name               = "functions"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}

resource "aws_lambda_function" "good" {
  function_name = "good"
  role          = aws_iam_role.functions.arn
  filename      = var.package
  handler       = "main.handler"
  runtime       = "python3.12"
  kms_key_arn   = aws_kms_key.data.arn
  environment { variables = { STAGE = "test" } }
  tracing_config { mode = "Active" }
}

resource "aws_lambda_function" "open" {
  function_name = "open"
  role          = aws_iam_role.functions.arn
  filename      = var.package
  handler       = "main.handler"
  runtime       = "python3.9"
  environment { variables = { API_TOKEN = "not-a-real-token" } }
}

resource "aws_lambda_permission" "open" {
  statement_id  = "anyone"
  function_name = aws_lambda_function.open.function_name
  action        = "lambda:InvokeFunction"
  principal     = "*"
}

resource "aws_lb" "front" {
  name               = "front"
  load_balancer_type = "application"
  security_groups    = [aws_security_group.inline.id]
  subnets            = [aws_subnet.a.id, aws_subnet.b.id]
}

resource "aws_lb_target_group" "app" {
  name     = "app"
  port     = 8080
  protocol = "HTTP"
  vpc_id   = aws_vpc.main.id
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.front.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}

resource "aws_ecs_cluster" "good" {
  name = "good"
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_cluster" "plain" { name = "plain" }
