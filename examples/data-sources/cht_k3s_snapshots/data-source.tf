data "cht_k3s_snapshots" "server" {
  host = "10.20.0.11"

  ssh = {
    user     = "ubuntu"
    agent    = true
    host_key = ["SHA256:uNiVztksCsDhcc0u9e8BrYDfFy3UWbBWGZmQ2dUEKoU"]
  }
}

output "newest_snapshot" {
  description = "What to write into `restore_from` of the cluster, if it has to go back."
  value       = try(data.cht_k3s_snapshots.server.latest.snapshot, null)
}
