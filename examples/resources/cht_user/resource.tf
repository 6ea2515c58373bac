variable "sync_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "first_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "area" {
  description = "Id of the place that the health worker works in."
  type        = string
}

variable "person" {
  description = "Id of the person in that place who the health worker is."
  type        = string
}

# A program. It cannot choose another password at its first log-in, so it must not have to.
resource "cht_user" "sync" {
  instance = {
    namespace = "cht-kisumu"
  }
  username                 = "cht-sync"
  roles                    = ["data_entry"]
  password_wo              = var.sync_password
  password_wo_version      = 1
  password_change_required = false
}

# A community health worker, who works offline in one area.
resource "cht_user" "jane" {
  instance = {
    namespace = "cht-kisumu"
  }
  username    = "jane"
  roles       = ["chw"]
  place       = [var.area]
  contact     = var.person
  fullname    = "Jane Achieng"
  phone       = "+254712345678"
  password_wo = var.first_password
}

# Log-ins by a link in a text message, and the address that is in it.
resource "cht_settings" "links" {
  instance = {
    namespace = "cht-kisumu"
  }
  settings = jsonencode({
    app_url     = "https://kisumu.health.example"
    token_login = { enabled = true }
  })
}

# A supervisor, who logs in by such a link.
resource "cht_user" "amina" {
  instance = {
    namespace = "cht-kisumu"
  }
  username    = "amina"
  roles       = ["program_officer"]
  fullname    = "Amina Otieno"
  phone       = "+254712345679"
  token_login = true
  depends_on  = [cht_settings.links]
}
