//! Tags, by the API that speaks JSON.

use acceptance_tests::vcenter::Fault;

use super::vcenter;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn tags_are_attached_and_taken_off_and_calls_about_them_go_wrong() {
    let (vcenter, _) = vcenter().await;
    let mut tagger = vcenter.tagger().await.unwrap();
    tagger.add("environment", true, &["production", "test"]).await.unwrap();
    tagger.attach("ubuntu", "environment", "test").await.unwrap();
    let has = tagger.tags_of("ubuntu").await.unwrap();
    assert_eq!(has, ["environment/test".to_owned()].into());
    tagger.detach("ubuntu", "environment", "test").await.unwrap();
    assert!(tagger.tags_of("ubuntu").await.unwrap().is_empty());

    let category = "POST /rest/com/vmware/cis/tagging/category";
    vcenter.fault(category, Fault::status(403)).await.unwrap();
    let refused = tagger.add("role", false, &[]).await.unwrap_err();
    assert!(refused.to_string().contains("403"), "{refused:#}");
    tagger.add("role", false, &[]).await.unwrap();
}
