# Every validation and precondition refuses an invalid value at plan time.

mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  topic_arn = "arn:aws:sns:us-east-1:999988887777:rootwatch-root-login"
}

run "accepts_a_topic" {
  command = plan
}

run "refuses_one_invalid_value_of_each_variable" {
  command = plan

  variables {
    topic_arn  = "rootwatch-root-login"
    severities = ["urgent"]
  }

  expect_failures = [
    var.topic_arn,
    var.severities,
  ]
}
