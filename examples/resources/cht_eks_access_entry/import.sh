# The name of the cluster, a colon, and the ARN of the user or role.
tofu import cht_eks_access_entry.operators moh:arn:aws:iam::123456789012:role/operators
