# The id of the volume.
tofu import cht_ebs_volume.siaya vol-0a1b2c3d4e5f60718
