//! The environment variables by which tools for vSphere find a vCenter.

/// Name or address of the vCenter.
pub(super) const SERVER: &str = "VSPHERE_SERVER";
/// Name of the user.
pub(super) const USER: &str = "VSPHERE_USER";
/// Password of the user.
pub(super) const PASSWORD: &str = "VSPHERE_PASSWORD";

/// What a variable says, unless that is nothing.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
