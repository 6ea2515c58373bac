import {
  to = cht_eks_access_entry.operators
  id = "moh:arn:aws:iam::123456789012:role/operators"
}
