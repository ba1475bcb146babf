# Topics, tables, images, clusters, secrets, logs, distributions, file systems, certificates, tasks.
# The simulator cannot make caches and search domains so that the provider finds them finished.

resource "aws_sns_topic" "plain" { name = "plain-topic" }

resource "aws_sns_topic" "keyed" {
  name              = "keyed-topic"
  kms_master_key_id = aws_kms_key.data.key_id
}

resource "aws_sns_topic_policy" "keyed" {
  arn = aws_sns_topic.keyed.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "sns:Publish", Resource = "*" }]
  })
}

resource "aws_dynamodb_table" "good" {
  name                        = "good-table"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = true
  attribute {
    name = "id"
    type = "S"
  }
  point_in_time_recovery { enabled = true }
  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.data.arn
  }
}

resource "aws_dynamodb_table" "plain" {
  name           = "plain-table"
  hash_key       = "id"
  read_capacity  = 1
  write_capacity = 1
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_ecr_repository" "good" {
  name                 = "good-images"
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration { scan_on_push = true }
}

resource "aws_ecr_lifecycle_policy" "good" {
  repository = aws_ecr_repository.good.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      selection    = { tagStatus = "untagged", countType = "imageCountMoreThan", countNumber = 5 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_ecr_repository" "open" { name = "open-images" }

resource "aws_ecr_repository_policy" "open" {
  repository = aws_ecr_repository.open.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "all", Effect = "Allow", Principal = "*", Action = "ecr:BatchGetImage" }]
  })
}

resource "aws_eks_cluster" "good" {
  name                      = "good-cluster"
  version                   = "1.32"
  role_arn                  = aws_iam_role.app.arn
  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  vpc_config {
    subnet_ids              = [aws_subnet.a.id, aws_subnet.b.id]
    endpoint_private_access = true
    endpoint_public_access  = false
  }
  encryption_config {
    resources = ["secrets"]
    provider { key_arn = aws_kms_key.data.arn }
  }
}

resource "aws_eks_cluster" "open" {
  name     = "open-cluster"
  role_arn = aws_iam_role.app.arn
  vpc_config { subnet_ids = [aws_subnet.a.id, aws_subnet.b.id] }
}

resource "aws_secretsmanager_secret" "keyed" {
  name        = "keyed-secret"
  description = "a password"
  kms_key_id  = aws_kms_key.data.arn
}

resource "aws_secretsmanager_secret_policy" "keyed" {
  secret_arn = aws_secretsmanager_secret.keyed.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "secretsmanager:GetSecretValue", Resource = "*" }]
  })
}

resource "aws_secretsmanager_secret" "plain" { name = "plain-secret" }

resource "aws_cloudwatch_log_group" "kept" {
  name              = "kept"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.data.arn
}

resource "aws_cloudwatch_log_group" "plain" { name = "plain-logs" }

resource "aws_cloudfront_distribution" "shop" {
  comment             = "shop"
  enabled             = true
  wait_for_deployment = false
  origin {
    origin_id   = "api"
    domain_name = "api.example.com"
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "http-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }
  default_cache_behavior {
    target_origin_id       = "api"
    viewer_protocol_policy = "allow-all"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }
  restrictions {
    geo_restriction { restriction_type = "none" }
  }
  viewer_certificate { cloudfront_default_certificate = true }
}

resource "aws_efs_file_system" "good" {
  encrypted  = true
  kms_key_id = aws_kms_key.data.arn
  tags       = { Name = "good-files" }
}

resource "aws_efs_file_system" "plain" { tags = { Name = "plain-files" } }

resource "aws_acm_certificate" "shop" {
  domain_name       = "shop.example.com"
  validation_method = "DNS"
}

resource "aws_ecs_task_definition" "web" {
  family       = "web"
  network_mode = "host"
  pid_mode     = "host"
  container_definitions = jsonencode([{
    name        = "web"
    image       = "web:1"
    memory      = 128
    privileged  = true
    environment = [{ name = "DB_PASSWORD", value = "not-a-real-one" }]
  }])
}
