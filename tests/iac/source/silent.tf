# Blocks that say as little as Terraform lets them: plans show what the provider makes of that.

resource "aws_s3_account_public_access_block" "a" {}
resource "aws_s3_bucket_public_access_block" "a" { bucket = "b" }
resource "aws_s3_bucket" "a" {
  versioning {}
  grant {
    type        = "CanonicalUser"
    id          = "0"
    permissions = ["READ"]
  }
  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
    }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "a" {
  bucket = "b"
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}
resource "aws_s3_bucket_acl" "a" {
  bucket = "b"
  access_control_policy {
    grant {
      grantee {
        type = "CanonicalUser"
        id   = "0"
      }
      permission = "READ"
    }
    owner { id = "0" }
  }
}
resource "aws_api_gateway_stage" "a" {
  deployment_id = "d"
  rest_api_id   = "r"
  stage_name    = "s"
}
resource "aws_apigatewayv2_api" "a" {
  name          = "a"
  protocol_type = "HTTP"
  cors_configuration {}
}
resource "aws_apigatewayv2_route" "a" {
  api_id    = "a"
  route_key = "GET /"
}
resource "aws_cloudtrail" "a" {
  name           = "trail"
  s3_bucket_name = "b"
  event_selector {}
}
resource "aws_cloudtrail" "b" {
  name           = "other"
  s3_bucket_name = "b"
  advanced_event_selector {
    field_selector { field = "eventCategory" }
  }
}
resource "aws_ebs_snapshot_copy" "a" {
  source_region      = "eu-west-1"
  source_snapshot_id = "snap-0"
}
resource "aws_instance" "a" {
  ami           = "ami-0"
  instance_type = "t3.micro"
  metadata_options {}
}
resource "aws_launch_template" "a" {
  monitoring {}
  network_interfaces {}
  iam_instance_profile {}
  block_device_mappings {
    ebs {}
  }
}
resource "aws_subnet" "a" { vpc_id = "vpc-0" }
resource "aws_default_network_acl" "a" {
  default_network_acl_id = "acl-0"
  ingress {
    action    = "allow"
    from_port = 0
    to_port   = 0
    protocol  = "-1"
    rule_no   = 1
  }
  egress {
    action    = "allow"
    from_port = 0
    to_port   = 0
    protocol  = "-1"
    rule_no   = 1
  }
}
resource "aws_vpc_security_group_ingress_rule" "a" {
  security_group_id = "sg-0"
  ip_protocol       = "-1"
  cidr_ipv4         = "10.0.0.0/8"
}
resource "aws_vpc_security_group_egress_rule" "a" {
  security_group_id = "sg-0"
  ip_protocol       = "-1"
  cidr_ipv4         = "10.0.0.0/8"
}
resource "aws_ecr_repository" "a" {
  name = "a"
  encryption_configuration {}
}
resource "aws_ecs_cluster" "a" {
  name = "a"
  configuration {
    execute_command_configuration {
      log_configuration {}
    }
    managed_storage_configuration {}
  }
}
resource "aws_ecs_cluster_capacity_providers" "a" { cluster_name = "a" }
resource "aws_lb" "a" {
  subnets = ["subnet-0"]
  access_logs { bucket = "b" }
}
resource "aws_alb" "a" {
  subnets = ["subnet-0"]
  access_logs { bucket = "b" }
}
resource "aws_lb_listener" "a" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/a/0"
  default_action {
    type = "redirect"
    redirect { status_code = "HTTP_301" }
  }
}
resource "aws_alb_listener" "a" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/a/0"
  default_action {
    type = "redirect"
    redirect { status_code = "HTTP_301" }
  }
}
resource "aws_iam_policy_attachment" "a" {
  name       = "a"
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
  users      = ["u"]
}
resource "aws_iam_policy_attachment" "b" {
  name       = "b"
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
  roles      = ["r"]
}
resource "aws_iam_role" "a" {
  assume_role_policy = "{}"
  inline_policy { name = "a" }
}
resource "aws_iam_instance_profile" "a" {}
resource "aws_iam_access_key" "a" { user = "u" }
resource "aws_lambda_function" "a" {
  function_name = "a"
  role          = "arn:aws:iam::111122223333:role/r"
  package_type  = "Image"
  image_uri     = "i"
  environment {}
}
resource "aws_redshift_cluster" "a" {
  cluster_identifier = "a"
  node_type          = "ra3.large"
}
resource "aws_redshift_logging" "a" { cluster_identifier = "a" }
resource "aws_secretsmanager_secret_rotation" "a" {
  secret_id = "s"
  rotation_rules { schedule_expression = "rate(10 days)" }
}
resource "aws_acm_certificate" "a" {
  domain_name       = "example.com"
  validation_method = "DNS"
  options {}
}
resource "aws_eks_node_group" "a" {
  cluster_name  = "c"
  node_role_arn = "arn:aws:iam::111122223333:role/r"
  subnet_ids    = ["subnet-1"]
  remote_access {}
  scaling_config {
    desired_size = 1
    max_size     = 1
    min_size     = 1
  }
}
resource "aws_elasticsearch_domain" "a" {
  domain_name = "search"
  domain_endpoint_options {}
  log_publishing_options {
    cloudwatch_log_group_arn = "arn:aws:logs:eu-west-1:111122223333:log-group:g"
    log_type                 = "INDEX_SLOW_LOGS"
  }
  vpc_options {}
}
resource "aws_opensearch_domain" "a" {
  domain_name = "other"
  domain_endpoint_options {}
  vpc_options {}
}
