# Databases in clusters, streams, APIs, groups of machines, the network's second fence, and what watches.

# clusters of databases ----------------------------------------------------------------------------------------------

resource "aws_rds_cluster" "good" {
  cluster_identifier                  = "rows-good"
  engine                              = "aurora-postgresql"
  engine_version                      = "16.4"
  master_username                     = "admin0"
  master_password                     = "not-a-real-password"
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.data.arn
  backup_retention_period             = 14
  deletion_protection                 = true
  iam_database_authentication_enabled = true
  enabled_cloudwatch_logs_exports     = ["postgresql"]
  copy_tags_to_snapshot               = true
  vpc_security_group_ids              = [aws_security_group.new.id]
  skip_final_snapshot                 = true
}

resource "aws_rds_cluster" "plain" {
  cluster_identifier  = "rows-plain"
  engine              = "aurora-mysql"
  master_username     = "admin0"
  master_password     = "not-a-real-password"
  skip_final_snapshot = true
}

resource "aws_neptune_cluster" "good" {
  cluster_identifier  = "graph-good"
  storage_encrypted   = true
  kms_key_arn         = aws_kms_key.data.arn
  skip_final_snapshot = true
}

# streams ------------------------------------------------------------------------------------------------------------

resource "aws_kinesis_stream" "keyed" {
  name             = "keyed"
  shard_count      = 1
  encryption_type  = "KMS"
  kms_key_id       = aws_kms_key.data.arn
  retention_period = 168
}

resource "aws_kinesis_stream" "plain" {
  name = "plain"
  stream_mode_details { stream_mode = "ON_DEMAND" }
}

# APIs ---------------------------------------------------------------------------------------------------------------

resource "aws_cloudwatch_log_group" "api" { name = "api" }

resource "aws_api_gateway_rest_api" "orders" {
  name = "orders"
  endpoint_configuration { types = ["REGIONAL"] }
}

resource "aws_api_gateway_method" "read" {
  rest_api_id   = aws_api_gateway_rest_api.orders.id
  resource_id   = aws_api_gateway_rest_api.orders.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "read" {
  rest_api_id = aws_api_gateway_rest_api.orders.id
  resource_id = aws_api_gateway_rest_api.orders.root_resource_id
  http_method = aws_api_gateway_method.read.http_method
  type        = "MOCK"
}

resource "aws_api_gateway_deployment" "orders" {
  rest_api_id = aws_api_gateway_rest_api.orders.id
  depends_on  = [aws_api_gateway_integration.read]
}

resource "aws_api_gateway_stage" "live" {
  rest_api_id          = aws_api_gateway_rest_api.orders.id
  deployment_id        = aws_api_gateway_deployment.orders.id
  stage_name           = "live"
  xray_tracing_enabled = true
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format          = "$context.requestId"
  }
}

resource "aws_api_gateway_rest_api" "empty" { name = "empty" }

resource "aws_apigatewayv2_api" "shop" {
  name          = "shop"
  protocol_type = "HTTP"
  cors_configuration { allow_origins = ["https://shop.example"] }
}

resource "aws_apigatewayv2_route" "list" {
  api_id             = aws_apigatewayv2_api.shop.id
  route_key          = "GET /goods"
  authorization_type = "AWS_IAM"
}

resource "aws_apigatewayv2_route" "rest" {
  api_id    = aws_apigatewayv2_api.shop.id
  route_key = "$default"
}

resource "aws_apigatewayv2_stage" "shop" {
  api_id      = aws_apigatewayv2_api.shop.id
  name        = "$default"
  auto_deploy = true
}

# groups of machines -------------------------------------------------------------------------------------------------

resource "aws_launch_template" "web" {
  name                   = "web"
  image_id               = var.image
  instance_type          = "m5.large"
  vpc_security_group_ids = [aws_security_group.inline.id]
  user_data              = base64encode("#!/bin/sh\nexport DB_PASSWORD=not-a-real-one\n")
  block_device_mappings {
    device_name = "/dev/sda1"
    ebs {
      volume_size = 8
      encrypted   = true
    }
  }
}

resource "aws_autoscaling_group" "web" {
  name                = "web"
  min_size            = 0
  max_size            = 2
  vpc_zone_identifier = [aws_subnet.a.id, aws_subnet.b.id]
  target_group_arns   = [aws_lb_target_group.app.arn]
  health_check_type   = "ELB"
  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
  tag {
    key                 = "env"
    value               = "test"
    propagate_at_launch = true
  }
}

resource "aws_autoscaling_group" "quiet" {
  name               = "quiet"
  min_size           = 0
  max_size           = 0
  availability_zones = ["eu-west-1a"]
  launch_template {
    id = aws_launch_template.web.id
  }
}

# the network's second fence -----------------------------------------------------------------------------------------

resource "aws_subnet" "front" {
  vpc_id                  = aws_vpc.main.id
  cidr_block              = "10.0.3.0/24"
  availability_zone       = "eu-west-1a"
  map_public_ip_on_launch = true
  tags                    = { Name = "front" }
}

resource "aws_network_acl" "front" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [aws_subnet.front.id]
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }
  tags = { Name = "front" }
}

resource "aws_network_acl" "split" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "split" }
}

resource "aws_network_acl_rule" "no_ssh" {
  network_acl_id = aws_network_acl.split.id
  rule_number    = 90
  rule_action    = "deny"
  protocol       = "tcp"
  from_port      = 22
  to_port        = 22
  cidr_block     = "0.0.0.0/0"
}

resource "aws_network_acl_rule" "out" {
  network_acl_id = aws_network_acl.split.id
  egress         = true
  rule_number    = 100
  rule_action    = "allow"
  protocol       = "udp"
  from_port      = 53
  to_port        = 53
  cidr_block     = "10.0.0.0/8"
}

# groups of people ---------------------------------------------------------------------------------------------------

resource "aws_iam_group" "builders" {
  name = "builders"
  path = "/teams/"
}

resource "aws_iam_group_policy" "builders" {
  name   = "inline"
  group  = aws_iam_group.builders.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}

resource "aws_iam_group_policy_attachment" "builders" {
  group      = aws_iam_group.builders.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_group" "empty" { name = "empty" }

# what watches, and what is configured -------------------------------------------------------------------------------

resource "aws_guardduty_detector" "this" {
  finding_publishing_frequency = "ONE_HOUR"
  datasources {
    s3_logs { enable = true }
    kubernetes {
      audit_logs { enable = false }
    }
  }
}

resource "aws_ssm_parameter" "password" {
  name   = "/shop/db/password"
  type   = "SecureString"
  value  = "not-a-real-password"
  key_id = aws_kms_key.data.key_id
}

resource "aws_ssm_parameter" "token" {
  name  = "token"
  type  = "String"
  value = "not-a-real-token"
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "errors"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  statistic           = "Sum"
  period              = 60
  threshold           = 1
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  alarm_actions       = [aws_sqs_queue.plain.arn]
}

resource "aws_cloudwatch_metric_alarm" "mute" {
  alarm_name          = "mute"
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  statistic           = "Sum"
  period              = 60
  threshold           = 1
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  actions_enabled     = false
}
