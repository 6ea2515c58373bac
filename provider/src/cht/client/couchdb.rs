//! Calls that CouchDB answers, for a transport that leads to one of its nodes. What the CHT's API would say comes too
//! late: it does not even start before CouchDB is complete, and when it does, it makes the databases that it does not
//! find.

use http::StatusCode;
use serde::Deserialize;

use super::super::error::Error;
use super::super::transport::Transport;
use super::{Client, Login};

/// The nodes of CouchDB, as one of them sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Membership {
    /// The nodes that are connected.
    pub all_nodes: Vec<String>,
    /// The nodes that were made members.
    pub cluster_nodes: Vec<String>,
}

#[derive(Deserialize)]
struct Database {
    doc_count: u64,
}

impl<T: Transport> Client<T> {
    /// `GET /_membership`.
    ///
    /// # Errors
    /// The node is not up, or the credentials are wrong.
    pub async fn membership(&self) -> Result<Membership, Error> {
        self.get("/_membership", Login::Needed).await
    }

    /// `GET /medic`: how many documents the CHT's main database holds; none if there is no such database.
    ///
    /// # Errors
    /// The node is not up, lacks a part of the database, or the credentials are wrong.
    pub async fn document_count(&self) -> Result<Option<u64>, Error> {
        match self.get::<Database>("/medic", Login::Needed).await {
            Ok(database) => Ok(Some(database.doc_count)),
            Err(Error::UnexpectedStatus { status, .. }) if status == StatusCode::NOT_FOUND => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cht::testing::{Script, answer, ok};

    #[tokio::test]
    async fn a_database_that_is_not_there_holds_nothing() {
        let missing = r#"{"error":"not_found","reason":"Database does not exist."}"#;
        let client = Script::new([("GET /medic", answer(404, "application/json", missing))]).client();
        assert_eq!(client.document_count().await.expect("it answers"), None);
        let client = Script::new([("GET /medic", ok(json!({"db_name": "medic", "doc_count": 7})))]).client();
        assert_eq!(client.document_count().await.expect("it answers"), Some(7));
    }

    #[tokio::test]
    async fn a_part_that_is_missing_is_no_empty_database() {
        let lacking = r#"{"error":"internal_server_error","reason":"No DB shards could be opened."}"#;
        let client = Script::new([("GET /medic", answer(500, "application/json", lacking))]).client();
        assert!(client.document_count().await.is_err());
    }

    #[tokio::test]
    async fn the_nodes_are_read_as_couchdb_names_them() {
        let nodes = ["couchdb@couchdb-1.cht.svc.cluster.local"];
        let client = Script::new([(
            "GET /_membership",
            ok(json!({"all_nodes": nodes, "cluster_nodes": nodes})),
        )])
        .client();
        let membership = client.membership().await.expect("it answers");
        assert_eq!(membership.all_nodes, nodes);
    }
}
