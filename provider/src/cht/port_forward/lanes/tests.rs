//! Who gets which connection, and how many there are.

use tokio::io::DuplexStream;

use super::super::tests::target;
use super::*;

/// A connection to a pod, and its other side.
async fn connection(pod: &str) -> (Connection, DuplexStream) {
    let (near, far) = tokio::io::duplex(64);
    (Connection::open(target(pod), near).await.expect("it opens"), far)
}

fn cluster() -> Cluster {
    let (service, _) =
        tower_test::mock::pair::<http::Request<kube::client::Body>, http::Response<kube::client::Body>>();
    Cluster::new(kube::Client::new(service, "cht"), "https://10.0.0.9:6443")
}

#[tokio::test]
async fn a_connection_is_used_by_one_at_a_time_and_only_for_the_pod_that_it_leads_to() {
    let lane = Arc::<Lane>::default();
    let (first, _far) = connection("cht-api-1").await;
    lane.keep(first);
    assert!(lane.take(&target("cht-api-2")).is_none(), "that is another pod");
    let taken = lane.take(&target("cht-api-1")).expect("it was kept");
    assert!(lane.take(&target("cht-api-1")).is_none(), "somebody else has it");
    lane.keep(taken);
    assert!(lane.take(&target("cht-api-1")).is_some());
}

#[tokio::test]
async fn a_connection_that_the_other_side_ends_is_forgotten() {
    let lane = Arc::<Lane>::default();
    let (kept, far) = connection("cht-api-1").await;
    let closed = kept.closed().clone();
    lane.keep(kept);
    drop(far);
    closed.cancelled().await;
    assert!(lane.take(&target("cht-api-1")).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_nobody_takes_is_closed() {
    let lane = Arc::<Lane>::default();
    let (kept, _far) = connection("cht-api-1").await;
    let closed = kept.closed().clone();
    lane.keep(kept);
    let before = Instant::now();
    closed.cancelled().await;
    assert!(before.elapsed() >= KEPT_FOR, "it was closed too early");
    assert!(lock(&lane.idle).is_empty());
}

#[tokio::test]
async fn there_are_never_more_than_a_few_requests_at_once() {
    let lane = Lane::default();
    let mut turns = Vec::new();
    for _ in 0..PARALLEL_REQUESTS {
        turns.push(lane.turn().await);
    }
    let another = lane.turn();
    tokio::pin!(another);
    assert!(futures::poll!(&mut another).is_pending());
    turns.pop();
    assert!(futures::poll!(&mut another).is_ready());
}

#[tokio::test]
async fn operations_share_what_leads_to_the_same_service_of_the_same_cluster() {
    let forwards = Forwards::default();
    let (one, other) = (cluster(), cluster());
    let lane = forwards.lane(&one, "cht-kisumu", "api");
    assert!(Arc::ptr_eq(&lane, &forwards.lane(&one.clone(), "cht-kisumu", "api")));
    for (cluster, namespace, service) in [
        (&other, "cht-kisumu", "api"),
        (&one, "cht-siaya", "api"),
        (&one, "cht-kisumu", "couchdb"),
    ] {
        assert!(!Arc::ptr_eq(&lane, &forwards.lane(cluster, namespace, service)));
    }
}

#[tokio::test(start_paused = true)]
async fn of_many_instances_only_the_connections_that_were_used_last_are_kept() {
    let (forwards, cluster) = (Forwards::default(), cluster());
    let mut far_ends = Vec::new();
    let mut lanes = Vec::new();
    for number in 0..MOST_KEPT + 3 {
        let lane = forwards.lane(&cluster, &format!("cht-{number}"), "api");
        let (kept, far) = connection("cht-api-1").await;
        lane.keep(kept);
        far_ends.push(far);
        lanes.push(lane);
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    forwards.lane(&cluster, "cht-0", "api");
    let kept: Vec<bool> = lanes.iter().map(|lane| !lock(&lane.idle).is_empty()).collect();
    assert_eq!(kept, [vec![false; 3], vec![true; MOST_KEPT]].concat());
}
