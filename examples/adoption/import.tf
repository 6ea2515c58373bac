# Can be deleted after the first apply.
import {
  to = cht_instance.county
  id = local.chart.namespace
}
