//! The ways to an instance: through its cluster, or by its public address.

use std::net::TcpListener;

use acceptance_tests::cht::public::PublicAddress;

use super::{ADDRESS, ID};
use crate::application::Application;
use crate::support::{blames, lab};

fn at(url: &str, more: &str) -> String {
    format!(
        "resource \"cht_user\" \"test\" {{
           instance = {{
             url = {url:?}
             {more}
           }}
           username = \"jane\"
           password_wo = \"Str0ng-Passw0rd\"
           roles = [\"data_entry\"]
         }}"
    )
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_user_is_managed_by_the_public_address_with_a_login() {
    let application = Application::new("user-public").await;
    let public = PublicAddress::open(&lab().await.cht, "user-public")
        .await
        .expect("an address");
    let made = application.values("cht_instance.test").await;
    let login = format!("user = \"medic\"\npassword = {}\n", made["couchdb"]["admin_password"]);
    let trusted = format!("{login}ca_certificate = {:?}", public.authority());
    let alone = application.without_state(&at(public.url(), &trusted)).await;
    alone.scene.apply().await;
    assert_eq!(application.document("medic", ID).await["type"], "user-settings");
    alone.scene.is_settled().await;

    alone.configure_alone(&at(&format!("{}/", public.url()), &trusted));
    assert!(alone.scene.plan().await.is_empty(), "it is the same address");

    alone.configure_alone(&at(
        public.url(),
        &format!(
            "user = \"medic\"\npassword = \"wrong\"\nca_certificate = {:?}",
            public.authority()
        ),
    ));
    alone.scene.apply_fails().await;
    alone.configure_alone(&at(public.url(), &trusted));
    alone.scene.apply().await;
    alone.scene.destroy().await;
    assert!(application.document("medic", ID).await.is_null());

    alone.configure_alone(&at(public.url(), &login));
    let refused = alone.scene.apply_fails().await;
    blames(&refused, "Unable to read the CHT user", "is not trusted", "url");
    assert!(alone.values(ADDRESS).await.is_null());
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_public_address_that_refuses_connections_is_told_with_the_reason() {
    let application = Application::planned("user-refused").await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it has one");
    drop(listener);
    let login = "user = \"medic\"\npassword = \"secret\"";
    application.configure_alone(&at(&format!("https://{address}"), login));
    let refused = application.scene.apply_fails().await;
    blames(&refused, "Unable to read the CHT user", "Connection refused", "");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_address_is_given_in_one_way_and_with_a_login() {
    let application = Application::planned("user-two-ways").await;
    let cases = [
        (at("http://a.example", "user = \"a\"\npassword = \"b\""), "https://"),
        (at("https://a.example", ""), "Give `user` and `password`"),
        (at("https://a.example", "user = \"a\""), "password"),
        (
            at("https://a.example", "user = \"a\"\npassword = \"b\"\nnamespace = \"c\""),
            "namespace",
        ),
        (
            at("https://a:b@a.example", "user = \"a\"\npassword = \"b\""),
            "give the login in `user`",
        ),
    ];
    for (configuration, words) in cases {
        application.configure_alone(&configuration);
        let refused = application.scene.plan_fails().await;
        let text = format!("{} {}", refused.summary, refused.detail);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "{words}: {refused:#?}");
    }
}
