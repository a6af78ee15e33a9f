hub_account_id                = "222233334444"
hub_region                    = "eu-west-1"
spoke_account_id              = "555566667777"
spoke_account_assume_role_arn = "arn:aws:iam::555566667777:role/platform/terraform"
spoke_account_external_id     = "acme"
organization_id               = "o-acme0123456"

slack = {
  security = {
    secret_arn  = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:acme/slack-Ab12Cd"
    alert_types = ["login"]
  }
}
