//! Makes the routes of a network, and says which subnet uses which of its tables.

use tf_framework::diagnostics::Diagnostics;

use super::super::drift::{self, EVERYWHERE, WantedRoute};
use super::super::live::{Live, Part as _, part};
use super::{SUMMARY, Work};
use crate::aws::diagnostics::explained;
use crate::aws::ec2::Target;
use crate::aws::error::Error;

impl Work<'_> {
    /// Makes routes, and which subnet uses which table.
    pub(super) async fn lead(&self, live: &Live) -> Result<(), Diagnostics> {
        for wanted in drift::wanted_routes(self.layout, live) {
            self.make_route(live, &wanted).await.map_err(explained(SUMMARY))?;
        }
        for (subnet, table) in drift::wanted_tables(self.layout) {
            let (Some(subnet), Some(table)) = (part(&live.subnets, &subnet), part(&live.route_tables, &table)) else {
                continue;
            };
            let used = self.use_table(live, subnet.id(), table.id()).await;
            used.map_err(explained(SUMMARY))?;
        }
        Ok(())
    }

    async fn make_route(&self, live: &Live, wanted: &WantedRoute) -> Result<(), Error> {
        let Some(table) = part(&live.route_tables, &wanted.table) else {
            return Ok(());
        };
        let is = drift::default_route(table);
        if drift::leads_to(is, wanted.target.as_ref().map(Target::id)) {
            return Ok(());
        }
        match (&wanted.target, is) {
            (Some(target), Some(_)) => self.account.replace_route(table.id(), EVERYWHERE, target).await,
            (Some(target), None) => self.account.create_route(table.id(), EVERYWHERE, target).await,
            (None, _) => self.account.delete_route(table.id(), EVERYWHERE).await,
        }
    }

    async fn use_table(&self, live: &Live, subnet: &str, table: &str) -> Result<(), Error> {
        match drift::table_of(live, subnet) {
            Some((id, _)) if id == table => Ok(()),
            Some((_, association)) => {
                let replaced = self.account.replace_route_table_association(association, table);
                replaced.await
            }
            None => self.account.associate_route_table(table, subnet).await,
        }
    }
}
