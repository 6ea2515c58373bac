//! Attributes that servers and agents have in common, and the rules for their texts.
//!
//! Each says how it becomes a setting of [`config`](super::config) or [`unit`](mod@super::unit). [`rules`] has what
//! single texts accept; what has to do with other attributes is checked by the resources.

mod binary;
mod extra;
mod images;
mod proxy;
mod registries;
pub mod rules;
mod taint;

pub use self::binary::{Binary, BinaryDraft};
pub use self::extra::ExtraConfig;
pub use self::images::{Archive, archives, known_images, read_images};
pub use self::proxy::{Proxy, ProxyDraft};
pub use self::registries::{
    Mirror, MirrorDraft, Registries, RegistriesDraft, RegistryAuth, RegistryAuthDraft, RegistryHost, RegistryHostDraft,
    RegistryTls, RegistryTlsDraft,
};
pub use self::taint::{Taint, TaintDraft, taints};
