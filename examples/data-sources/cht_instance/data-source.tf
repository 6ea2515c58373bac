data "cht_instance" "kisumu" {
  instance = {
    namespace = "cht-kisumu"
  }

  lifecycle {
    postcondition {
      condition     = self.ready
      error_message = "The instance does not serve requests: ${self.status}."
    }
  }
}

output "kisumu_version" {
  value = data.cht_instance.kisumu.version
}

output "kisumu_upgrade" {
  value = data.cht_instance.kisumu.upgrade
}
