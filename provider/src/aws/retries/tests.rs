//! Calls that are made again, and those that are not.

use super::super::error::Error;
use super::super::tags::Tags;
use super::super::testing::Answer::{self, Lost, Said, Unreachable};
use super::super::testing::Peer;

const MADE: Answer = Said(
    200,
    "<CreateInternetGatewayResponse><internetGateway><internetGatewayId>igw-1</internetGatewayId></internetGateway>\
     </CreateInternetGatewayResponse>",
);
const LISTED: Answer = Said(
    200,
    "<DescribeInternetGatewaysResponse><internetGatewaySet/></DescribeInternetGatewaysResponse>",
);
const FAILED: Answer = Said(
    500,
    "<Response><Errors><Error><Code>InternalError</Code><Message>It failed</Message></Error></Errors></Response>",
);
const THROTTLED: Answer = Said(
    503,
    "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Too many</Message></Error></Errors></Response>",
);
const EXPIRED: Answer = Said(
    400,
    "<Response><Errors><Error><Code>RequestExpired</Code><Message>Request has expired.</Message></Error></Errors></Response>",
);

#[tokio::test]
async fn fault_02_fault_11_what_may_have_been_made_is_not_made_twice() {
    for answer in [Lost, FAILED] {
        let (account, peer) = Peer::account([answer]);
        let error = account.create_internet_gateway(Tags::new()).await.unwrap_err();
        assert!(error.is_unanswered(), "{error:?}");
        assert_eq!(peer.asked().len(), 1, "{answer:?}");
    }
}

#[tokio::test]
async fn what_was_certainly_not_made_is_asked_for_again() {
    for answer in [Unreachable, THROTTLED] {
        let (account, peer) = Peer::account([answer, MADE]);
        let made = account.create_internet_gateway(Tags::new()).await.unwrap();
        assert_eq!(made.internet_gateway_id(), Some("igw-1"));
        assert_eq!(peer.asked().len(), 2, "{answer:?}");
    }
}

#[tokio::test]
async fn fault_01_fault_02_fault_11_what_makes_nothing_is_asked_for_again_whatever_became_of_it() {
    for answer in [Lost, Unreachable, FAILED, THROTTLED] {
        let (account, peer) = Peer::account([answer, LISTED]);
        let listed = account.internet_gateways(Vec::new()).await.unwrap();
        assert!(listed.is_empty());
        assert_eq!(peer.asked().len(), 2, "{answer:?}");
    }
}

#[tokio::test]
async fn fault_04_complaint_03_keys_that_were_replaced_meanwhile_are_fetched_once() {
    let (account, peer) = Peer::account([LISTED, EXPIRED, LISTED]);
    account.internet_gateways(Vec::new()).await.unwrap();
    account.internet_gateways(Vec::new()).await.unwrap();
    let keys: Vec<String> = peer.asked().into_iter().map(|asked| asked.keys).collect();
    assert_eq!(keys, ["key-0", "key-0", "key-1"]);

    let (account, peer) = Peer::account([EXPIRED, EXPIRED]);
    let error = account.internet_gateways(Vec::new()).await.unwrap_err();
    assert!(matches!(error, Error::Expired { .. }), "{error:?}");
    assert_eq!(peer.asked().len(), 2);
}

#[tokio::test]
async fn no_more_than_eight_calls_wait_at_once_in_all_regions() {
    let (account, peer) = Peer::account(vec![LISTED; 20]);
    let other = account.in_region("af-south-1").unwrap();
    let calls = (0..20).map(|number| {
        let account = if number % 2 == 0 { &account } else { &other };
        account.internet_gateways(Vec::new())
    });
    futures::future::try_join_all(calls).await.unwrap();
    assert_eq!((peer.asked().len(), peer.most_at_once()), (20, 8));
}
