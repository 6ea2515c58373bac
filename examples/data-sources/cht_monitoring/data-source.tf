data "cht_monitoring" "kisumu" {
  instance = {
    namespace = "cht-kisumu"
  }
}

# Whether everything that was sent has been processed.
output "kisumu_backlog" {
  value = {
    sentinel      = data.cht_monitoring.kisumu.sentinel.backlog
    outbound_push = data.cht_monitoring.kisumu.outbound_push.backlog
    failed_sms    = data.cht_monitoring.kisumu.messaging.outgoing.seven_days.failed
  }
}
