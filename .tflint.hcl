# From the folder terraform: tflint --recursive --config "$(git rev-parse --show-toplevel)/.tflint.hcl"

plugin "terraform" {
  enabled = true
  preset  = "recommended"
}

rule "terraform_documented_variables" {
  enabled = true
}

rule "terraform_documented_outputs" {
  enabled = true
}

rule "terraform_naming_convention" {
  enabled = true
}
