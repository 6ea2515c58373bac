import {
  to = cht_storage_class.vsan
  id = "vsan"
}
