data "cht_aws_caller_identity" "this" {}

output "account" {
  description = "Whose account it is."
  value       = data.cht_aws_caller_identity.this.account_id
}
