//! What EC2 and Elastic Load Balancing are asked, and how their answers are read.

use super::super::tags::Tags;
use super::super::testing::Answer::Said;
use super::super::testing::Peer;
use super::{by_key, filter, tag};

#[tokio::test]
async fn lists_are_read_to_their_end() {
    let (account, peer) = Peer::account([
        Said(
            200,
            "<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-1</subnetId></item></subnetSet>\
             <nextToken>more</nextToken></DescribeSubnetsResponse>",
        ),
        Said(
            200,
            "<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-2</subnetId></item></subnetSet>\
             <nextToken></nextToken></DescribeSubnetsResponse>",
        ),
    ]);
    let subnets = account.subnets(vec![filter("vpc-id", ["vpc-1"])]).await.unwrap();
    let ids: Vec<_> = subnets.iter().filter_map(|subnet| subnet.subnet_id()).collect();
    assert_eq!(ids, ["subnet-1", "subnet-2"]);
    let asked = peer.asked();
    assert!(!asked[0].body.contains("NextToken"), "{asked:?}");
    assert!(
        asked
            .iter()
            .all(|one| one.body.contains("Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1"))
    );
    assert!(asked[1].body.contains("NextToken=more"), "{asked:?}");
}

#[tokio::test]
async fn load_balancers_are_read_to_their_end_and_tags_in_parts() {
    const PAGE: &str = "<DescribeLoadBalancersResponse><DescribeLoadBalancersResult><LoadBalancers><member>\
         <LoadBalancerArn>arn:1</LoadBalancerArn></member></LoadBalancers><NextMarker>more</NextMarker>\
         </DescribeLoadBalancersResult></DescribeLoadBalancersResponse>";
    const LAST: &str = "<DescribeLoadBalancersResponse><DescribeLoadBalancersResult><LoadBalancers><member>\
         <LoadBalancerArn>arn:2</LoadBalancerArn></member></LoadBalancers></DescribeLoadBalancersResult>\
         </DescribeLoadBalancersResponse>";
    const TAGS: &str = "<DescribeTagsResponse><DescribeTagsResult><TagDescriptions/></DescribeTagsResult>\
         </DescribeTagsResponse>";
    let (account, peer) = Peer::account([Said(200, PAGE), Said(200, LAST), Said(200, TAGS), Said(200, TAGS)]);
    assert_eq!(account.load_balancers().await.unwrap().len(), 2);
    let arns: Vec<String> = (0..21).map(|number| format!("arn:{number}")).collect();
    account.load_balancing_tags(&arns).await.unwrap();
    let asked = peer.asked();
    assert!(asked[1].body.contains("Marker=more"), "{asked:?}");
    assert!(asked[2].body.contains("ResourceArns.member.20="), "{asked:?}");
    assert!(!asked[3].body.contains("ResourceArns.member.2="), "{asked:?}");
}

#[tokio::test]
async fn what_is_made_has_its_tags_from_the_beginning() {
    let answer = "<AllocateAddressResponse><allocationId>eipalloc-1</allocationId><publicIp>192.0.2.1</publicIp>\
                  </AllocateAddressResponse>";
    let (account, peer) = Peer::account([Said(200, answer)]);
    let tags = Tags::from([("Name".to_owned(), "moh & co".to_owned())]);
    let address = account.allocate_address(tags.clone()).await.unwrap();
    assert_eq!(address.public_ip(), Some("192.0.2.1"));
    let asked = &peer.asked()[0].body;
    let specified = "TagSpecification.1.ResourceType=elastic-ip&TagSpecification.1.Tag.1.Key=Name&\
                     TagSpecification.1.Tag.1.Value=moh%20%26%20co";
    assert!(asked.contains(specified), "{asked}");
    let listed = super::listed(tags.clone());
    assert_eq!((by_key(&listed), tag(&listed, "Name")), (tags, Some("moh & co")));
}

#[tokio::test]
async fn to_remove_what_is_gone_is_success_and_what_is_kept_is_an_error() {
    const GONE: &str = "<DeleteVpcEndpointsResponse><unsuccessful><item><resourceId>vpce-1</resourceId><error>\
         <code>InvalidVpcEndpointId.NotFound</code><message>no</message></error></item></unsuccessful>\
         </DeleteVpcEndpointsResponse>";
    const KEPT: &str = "<DeleteVpcEndpointsResponse><unsuccessful><item><resourceId>vpce-1</resourceId><error>\
         <code>DependencyViolation</code><message>used</message></error></item></unsuccessful>\
         </DeleteVpcEndpointsResponse>";
    let not_found = "<Response><Errors><Error><Code>InvalidSubnetID.NotFound</Code><Message>no</Message></Error></Errors>\
                     <RequestID>0a</RequestID></Response>";
    let (account, _) = Peer::account([Said(200, GONE), Said(200, KEPT), Said(400, not_found)]);
    let ids = ["vpce-1".to_owned()];
    account.delete_vpc_endpoints(&ids).await.unwrap();
    let error = account.delete_vpc_endpoints(&ids).await.unwrap_err();
    assert!(error.is_refused_with("DependencyViolation"), "{error:?}");
    account.delete_subnet("subnet-1").await.unwrap();
}
