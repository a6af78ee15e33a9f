# Runs against any endpoint that AWS_ENDPOINT_URL names. Nothing is mocked: the provider creates every resource.

provider "aws" {
  region                      = "us-east-1"
  s3_use_path_style           = true
  skip_credentials_validation = true
}

run "applies" {
  assert {
    condition     = aws_sqs_queue.orders.kms_master_key_id == aws_kms_key.orders.arn
    error_message = "The queue must be encrypted with the key of orders."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.consumer.state == "Enabled"
    error_message = "The function must consume the queue."
  }
}
