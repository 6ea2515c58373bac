# The newest snapshot of an instance, by the tag that its volume has.
data "cht_ebs_snapshot" "kisumu" {
  filter_tags = { Address = "kisumu.moh.example.org" }
  most_recent = true
}

output "from" {
  description = "When the data were as they are in the copy."
  value       = data.cht_ebs_snapshot.kisumu.start_time
}
