//! Brings a network to what is wanted, whatever it is now: the same for a creation, for one that was interrupted, and
//! for a change.
//!
//! Each part is looked for by its mark before it is made, and saved as soon as it is there. An answer that was lost is
//! made good by another look. `parts` are made one after another, and `routes` lead from one to the other.

mod parts;
mod routes;

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;

use super::super::account::Account;
use super::super::creation;
use super::super::diagnostics::explained;
use super::super::ec2::{Dns, by_key};
use super::super::error::Error;
use super::super::tags::Tags;
use super::layout::Layout;
use super::live::{Live, Part, part};
use super::marks;
use super::model::VpcModel;
use super::{VpcResource, removal};

const SUMMARY: &str = "Unable to make the network";

/// Work on one network.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) cx: &'a Context<VpcResource>,
    pub(super) account: &'a Account,
    pub(super) model: &'a VpcModel,
    pub(super) layout: &'a Layout,
    pub(super) defaults: &'a Tags,
    /// The keys of tags that we have set.
    pub(super) own_keys: &'a [String],
}

impl Work<'_> {
    /// Brings the network to what is wanted.
    pub(super) async fn converge(&self, live: &mut Live) -> Result<(), Diagnostics> {
        self.name_machines(live).await?;
        self.open_to_internet(live).await?;
        self.make_tables(live).await?;
        self.make_subnets(live).await?;
        self.make_nat_gateways(live).await?;
        self.make_endpoints(live).await?;
        self.wait_for_nat_gateways(live).await?;
        self.lead(live).await?;
        self.tag(live).await?;
        let wanted = self.layout.parts();
        removal::remove_parts(self, live, |name| wanted.iter().any(|wanted| wanted == name)).await
    }

    /// Makes the VPC. An answer that was lost is made good by its mark.
    pub(super) async fn make_vpc(&self) -> Result<Live, Diagnostics> {
        let tags = creation::marked(marks::of_vpc(self.model, self.defaults));
        let cidr_block = self.model.cidr_block.as_str();
        let made = self.account.create_vpc(cidr_block, tags.clone()).await;
        let mut vpc = match made {
            Ok(vpc) => vpc,
            Err(error) if error.is_unanswered() => {
                let found = super::adoptable(self.account, self.model).await?;
                found.ok_or_else(|| explained(SUMMARY)(error))?
            }
            Err(error) => return Err(explained(SUMMARY)(error)),
        };
        vpc.set_tags(tags);
        Ok(Live::of(vpc))
    }

    /// Saves how far it is.
    pub(super) fn save(&self, live: &Live) {
        self.cx.checkpoint(&self.model.clone().observed(live));
    }

    async fn name_machines(&self, live: &mut Live) -> Result<(), Diagnostics> {
        let enable = async |dns| {
            let enabled = self.account.enable_vpc_dns(live.vpc.id(), dns).await;
            enabled.map_err(explained(SUMMARY))
        };
        if !live.dns_support {
            enable(Dns::Support).await?;
        }
        if !live.dns_hostnames {
            enable(Dns::Hostnames).await?;
        }
        (live.dns_support, live.dns_hostnames) = (true, true);
        Ok(())
    }

    /// Sets the tags that differ, and takes away those of ours that are not wanted any more.
    async fn tag(&self, live: &Live) -> Result<(), Diagnostics> {
        let of_vpc = marks::of_vpc(self.model, self.defaults);
        self.tag_one(&live.vpc, &of_vpc).await?;
        for part in live.tagged() {
            let name = part.name().unwrap_or_default();
            let wanted = marks::of_part(self.model, self.defaults, live.vpc.id(), name);
            self.tag_one(part, &wanted).await?;
        }
        Ok(())
    }

    async fn tag_one(&self, part: &dyn Part, wanted: &Tags) -> Result<(), Diagnostics> {
        let is = by_key(part.tags());
        let set = self.account.set_ec2_tags(part.id(), &is, wanted, self.own_keys).await;
        set.map_err(explained(SUMMARY))
    }

    /// Makes a part, unless it is there, and saves that it is.
    async fn ensure<T: Part, F: Future<Output = Result<T, Error>>>(
        &self,
        live: &mut Live,
        name: &str,
        all: fn(&mut Live) -> &mut Vec<T>,
        make: impl FnOnce(Tags) -> F,
    ) -> Result<(), Diagnostics> {
        if part(all(live), name).is_some() {
            return Ok(());
        }
        let tags = marks::of_part(self.model, self.defaults, live.vpc.id(), name);
        match make(tags.clone()).await {
            Ok(mut made) => {
                made.set_tags(tags);
                all(live).push(made);
            }
            Err(error) => {
                if error.is_unanswered() {
                    self.look_again(live).await?;
                }
                if part(all(live), name).is_none() {
                    return Err(explained(SUMMARY)(error));
                }
            }
        }
        self.save(live);
        Ok(())
    }

    async fn look_again(&self, live: &mut Live) -> Result<(), Diagnostics> {
        let read = Live::read(self.account, live.vpc.id()).await;
        if let Some(found) = read.map_err(explained(SUMMARY))? {
            *live = found;
        }
        Ok(())
    }
}
