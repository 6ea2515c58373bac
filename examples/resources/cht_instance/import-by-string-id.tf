import {
  to = cht_instance.kisumu
  id = "cht-kisumu"
}
