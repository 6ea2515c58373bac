import {
  to = cht_storage_class.vsan
  identity = {
    name = "vsan"
  }
}
