data "cht_ssh_host" "server" {
  host = "10.20.0.11"

  ssh = {
    user     = "ubuntu"
    agent    = true
    host_key = ["SHA256:uNiVztksCsDhcc0u9e8BrYDfFy3UWbBWGZmQ2dUEKoU"]
  }

  lifecycle {
    postcondition {
      condition     = self.fit
      error_message = "The host cannot run CHT: ${join(" ", self.problems)}"
    }
  }
}

output "server_warnings" {
  value = data.cht_ssh_host.server.warnings
}
