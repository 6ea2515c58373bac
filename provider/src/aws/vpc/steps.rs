//! Brings a network to what is wanted, whatever it is now: the same for a creation, for one that was interrupted, and
//! for a change.
//!
//! Each part is looked for by its mark before it is made, and saved as soon as it is there. An answer that was lost is
//! made good by another look.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::Diagnostics;

use super::super::account::Account;
use super::super::diagnostics::explained;
use super::super::ec2::{Address, InternetGateway, NatGateway, RouteTable, Subnet, Vpc, VpcEndpoint, by_key};
use super::super::query::Form;
use super::super::tags::{self, Tags};
use super::drift::{self, EVERYWHERE};
use super::layout::{self, Layout};
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
        let mut tags = marks::of_vpc(self.model, self.defaults);
        tags.insert(marks::NEW.to_owned(), "true".to_owned());
        let form = Form::ec2("CreateVpc")
            .with("CidrBlock", self.model.cidr_block.as_str())
            .tagged("vpc", &tags);
        let mut vpc = match self.account.ask::<Made<Vpc>>(&form).await {
            Ok(answer) => answer.made,
            Err(error) if error.is_unanswered() => {
                let found = super::adoptable(self.account, self.model).await?;
                found.ok_or_else(|| explained(SUMMARY)(error))?
            }
            Err(error) => return Err(explained(SUMMARY)(error)),
        };
        vpc.set_tags(&tags);
        Ok(Live::of(vpc))
    }

    /// Saves how far it is.
    pub(super) fn save(&self, live: &Live) {
        self.cx.checkpoint(&self.model.clone().observed(live));
    }

    async fn name_machines(&self, live: &mut Live) -> Result<(), Diagnostics> {
        let id = live.vpc.vpc_id.clone();
        let switch = |name| Form::ec2("ModifyVpcAttribute").with("VpcId", &id).with(name, "true");
        if !live.dns_support {
            self.order(&switch("EnableDnsSupport.Value")).await?;
            live.dns_support = true;
        }
        if !live.dns_hostnames {
            self.order(&switch("EnableDnsHostnames.Value")).await?;
            live.dns_hostnames = true;
        }
        Ok(())
    }

    async fn open_to_internet(&self, live: &mut Live) -> Result<(), Diagnostics> {
        let form = Form::ec2("CreateInternetGateway");
        let name = layout::INTERNET_GATEWAY;
        self.ensure::<InternetGateway, Made<_>>(live, name, "internet-gateway", form, |live| {
            &mut live.internet_gateways
        })
        .await?;
        if drift::is_attached(live) {
            return Ok(());
        }
        let Some(gateway) = part(&live.internet_gateways, name) else {
            return Ok(());
        };
        let form = Form::ec2("AttachInternetGateway")
            .with("InternetGatewayId", &gateway.internet_gateway_id)
            .with("VpcId", &live.vpc.vpc_id);
        match self.account.order(&form).await {
            // A lost answer to an earlier try.
            Err(error) if error.is_refused_with("Resource.AlreadyAssociated") => Ok(()),
            attached => attached.map_err(explained(SUMMARY)),
        }
    }

    async fn make_tables(&self, live: &mut Live) -> Result<(), Diagnostics> {
        let private = self.layout.zones.iter().map(|zone| layout::route_table(&zone.zone));
        for name in std::iter::once(layout::PUBLIC_ROUTE_TABLE.to_owned()).chain(private) {
            let form = Form::ec2("CreateRouteTable").with("VpcId", &live.vpc.vpc_id);
            self.ensure::<RouteTable, Made<_>>(live, &name, "route-table", form, |live| &mut live.route_tables)
                .await?;
        }
        Ok(())
    }

    async fn make_subnets(&self, live: &mut Live) -> Result<(), Diagnostics> {
        for zone in &self.layout.zones {
            let public = (layout::public_subnet(&zone.zone), &zone.public_cidr);
            let private = (layout::private_subnet(&zone.zone), &zone.private_cidr);
            for (name, cidr) in [public, private] {
                let form = Form::ec2("CreateSubnet")
                    .with("VpcId", &live.vpc.vpc_id)
                    .with("AvailabilityZone", &zone.zone)
                    .with("CidrBlock", cidr);
                self.ensure::<Subnet, Made<_>>(live, &name, "subnet", form, |live| &mut live.subnets)
                    .await?;
            }
        }
        Ok(())
    }

    async fn make_nat_gateways(&self, live: &mut Live) -> Result<(), Diagnostics> {
        removal::remove_failed_nat_gateways(self, live).await?;
        for zone in self.layout.nat_zones() {
            let address = layout::address(&zone.zone);
            let form = Form::ec2("AllocateAddress").with("Domain", "vpc");
            self.ensure::<Address, Address>(live, &address, "elastic-ip", form, |live| &mut live.addresses)
                .await?;
            let subnet = part(&live.subnets, &layout::public_subnet(&zone.zone)).map(|subnet| subnet.subnet_id.clone());
            let address = part(&live.addresses, &address).map(|address| address.allocation_id.clone());
            let form = Form::ec2("CreateNatGateway")
                .with("SubnetId", subnet.unwrap_or_default())
                .with("AllocationId", address.unwrap_or_default());
            let name = layout::nat_gateway(&zone.zone);
            self.ensure::<NatGateway, Made<_>>(live, &name, "natgateway", form, |live| &mut live.nat_gateways)
                .await?;
        }
        Ok(())
    }

    async fn make_endpoints(&self, live: &mut Live) -> Result<(), Diagnostics> {
        for service in &self.layout.endpoints {
            let tables: Vec<String> = self.tables(live);
            let name = layout::endpoint(service);
            let form = Form::ec2("CreateVpcEndpoint")
                .with("VpcId", &live.vpc.vpc_id)
                .with("VpcEndpointType", "Gateway")
                .with(
                    "ServiceName",
                    format!("com.amazonaws.{}.{service}", self.account.region()),
                )
                .with_each("RouteTableId", tables.iter().map(String::as_str));
            self.ensure::<VpcEndpoint, Made<_>>(live, &name, "vpc-endpoint", form, |live| &mut live.endpoints)
                .await?;
            let Some(endpoint) = part(&live.endpoints, &name) else {
                continue;
            };
            let has = &endpoint.route_table_id_set.item;
            let missing: Vec<&str> = tables
                .iter()
                .filter(|id| !has.contains(id))
                .map(String::as_str)
                .collect();
            if !has.is_empty() && !missing.is_empty() {
                let form = Form::ec2("ModifyVpcEndpoint")
                    .with("VpcEndpointId", &endpoint.vpc_endpoint_id)
                    .with_each("AddRouteTableId", missing);
                self.order(&form).await?;
            }
        }
        Ok(())
    }

    async fn wait_for_nat_gateways(&self, live: &mut Live) -> Result<(), Diagnostics> {
        let is_pending = |nat: &NatGateway| nat.name().is_some() && nat.state == "pending";
        if !live.nat_gateways.iter().any(is_pending) {
            return Ok(());
        }
        let id = live.vpc.vpc_id.as_str();
        let found = self
            .cx
            .wait("the NAT gateways to be available", Backoff::SLOW, || async move {
                let form = Form::ec2("DescribeNatGateways")
                    .filter("vpc-id", [id])
                    .filter("state", ["pending", "available", "failed"]);
                let all: Vec<NatGateway> = self.account.list(form).await.map_err(explained(SUMMARY))?;
                let pending: Vec<&str> = all
                    .iter()
                    .filter(|nat| is_pending(nat))
                    .filter_map(|nat| nat.name())
                    .collect();
                Ok::<_, Diagnostics>(if pending.is_empty() {
                    Progress::Ready(all)
                } else {
                    Progress::Pending(format!("pending: {}", pending.join(", ")))
                })
            });
        live.nat_gateways = found.await?;
        let failed = live
            .nat_gateways
            .iter()
            .find(|nat| nat.name().is_some() && nat.state == "failed");
        match failed {
            None => Ok(()),
            Some(nat) => Err(failed_nat_gateway(nat)),
        }
    }

    /// Makes routes, and which subnet uses which table.
    async fn lead(&self, live: &Live) -> Result<(), Diagnostics> {
        for wanted in drift::wanted_routes(self.layout, live) {
            let Some(table) = part(&live.route_tables, &wanted.table) else {
                continue;
            };
            let target = wanted.target.as_ref().map(|(_, id)| id.as_str());
            let is = drift::default_route(table);
            if drift::leads_to(is, target) {
                continue;
            }
            let form = |operation| {
                Form::ec2(operation)
                    .with("RouteTableId", &table.route_table_id)
                    .with("DestinationCidrBlock", EVERYWHERE)
            };
            match (&wanted.target, is) {
                (Some((parameter, id)), Some(_)) => self.order(&form("ReplaceRoute").with(parameter, id)).await?,
                (Some((parameter, id)), None) => {
                    match self.account.order(&form("CreateRoute").with(parameter, id)).await {
                        // A lost answer to an earlier try.
                        Err(error) if error.is_refused_with("RouteAlreadyExists") => {}
                        made => made.map_err(explained(SUMMARY))?,
                    }
                }
                (None, _) => self.order(&form("DeleteRoute")).await?,
            }
        }
        for (subnet, table) in drift::wanted_tables(self.layout) {
            let (Some(subnet), Some(table)) = (part(&live.subnets, &subnet), part(&live.route_tables, &table)) else {
                continue;
            };
            let form = |operation| Form::ec2(operation).with("RouteTableId", &table.route_table_id);
            match drift::table_of(live, &subnet.subnet_id) {
                Some((id, _)) if id == table.route_table_id => {}
                Some((_, association)) => {
                    self.order(&form("ReplaceRouteTableAssociation").with("AssociationId", association))
                        .await?;
                }
                None => {
                    self.order(&form("AssociateRouteTable").with("SubnetId", &subnet.subnet_id))
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// Sets the tags that differ, and takes away those of ours that are not wanted any more.
    async fn tag(&self, live: &Live) -> Result<(), Diagnostics> {
        let of_vpc = marks::of_vpc(self.model, self.defaults);
        self.tag_one(&live.vpc, &of_vpc).await?;
        for part in live.tagged() {
            let name = part.name().unwrap_or_default();
            let wanted = marks::of_part(self.model, self.defaults, &live.vpc.vpc_id, name);
            self.tag_one(part, &wanted).await?;
        }
        Ok(())
    }

    async fn tag_one(&self, part: &dyn Part, wanted: &Tags) -> Result<(), Diagnostics> {
        let is = by_key(part.tags());
        let missing = tags::missing(wanted, &is);
        if !missing.is_empty() {
            let form = Form::ec2("CreateTags").with("ResourceId.1", part.id());
            self.order(&form.with_tags("Tag", &missing)).await?;
        }
        let surplus = tags::surplus(wanted, &is, self.own_keys);
        if !surplus.is_empty() {
            let mut form = Form::ec2("DeleteTags").with("ResourceId.1", part.id());
            for (index, key) in surplus.iter().enumerate() {
                form = form.with(&format!("Tag.{}.Key", index + 1), key);
            }
            self.order(&form).await?;
        }
        Ok(())
    }

    /// Makes a part, unless it is there, and saves that it is.
    async fn ensure<T: Part + Clone, A: Answer<T>>(
        &self,
        live: &mut Live,
        name: &str,
        resource_type: &str,
        form: Form,
        all: fn(&mut Live) -> &mut Vec<T>,
    ) -> Result<(), Diagnostics> {
        if part(all(live), name).is_some() {
            return Ok(());
        }
        let tags = marks::of_part(self.model, self.defaults, &live.vpc.vpc_id, name);
        match self.account.ask::<A>(&form.tagged(resource_type, &tags)).await {
            Ok(answer) => {
                let mut made = answer.made();
                made.set_tags(&tags);
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
        let read = Live::read(self.account, &live.vpc.vpc_id).await;
        if let Some(found) = read.map_err(explained(SUMMARY))? {
            *live = found;
        }
        Ok(())
    }

    async fn order(&self, form: &Form) -> Result<(), Diagnostics> {
        self.account.order(form).await.map_err(explained(SUMMARY))
    }

    fn tables(&self, live: &Live) -> Vec<String> {
        let ours = live.route_tables.iter().filter(|table| table.name().is_some());
        ours.map(|table| table.route_table_id.clone()).collect()
    }
}

/// The answer to the call that makes a part.
trait Answer<T>: DeserializeOwned {
    /// The part.
    fn made(self) -> T;
}

/// Most answers have the part inside; what it is called differs.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Made<T> {
    #[serde(
        alias = "internetGateway",
        alias = "natGateway",
        alias = "routeTable",
        alias = "subnet",
        alias = "vpc",
        alias = "vpcEndpoint"
    )]
    made: T,
}

impl<T: DeserializeOwned> Answer<T> for Made<T> {
    fn made(self) -> T {
        self.made
    }
}

/// An address is the answer itself.
impl Answer<Address> for Address {
    fn made(self) -> Address {
        self
    }
}

fn failed_nat_gateway(nat: &NatGateway) -> Diagnostics {
    let why = nat.failure_message.as_deref().or(nat.failure_code.as_deref());
    let detail = format!(
        "{} ({}) could not be made: {}\n\nApply again once the cause is removed: it is made anew.",
        nat.name().unwrap_or_default(),
        nat.nat_gateway_id,
        why.unwrap_or("AWS does not say why.")
    );
    Diagnostics::error("NAT gateway failed", detail)
}
