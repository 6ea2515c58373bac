//! Roles, permissions and who has which privilege.

use super::soap::{Answer, Soap};
use super::vcenter;

const SEARCH: &str = "Cns.Searchable";
const ATTACH: &str = "VirtualMachine.Config.AddExistingDisk";

/// Calls a method of the authorization manager.
async fn call(soap: &Soap, method: &str, arguments: &str) -> Answer {
    let this = "<_this type='AuthorizationManager'>AuthorizationManager</_this>";
    soap.call(&format!("<{method}>{this}{arguments}</{method}>")).await
}

async fn role(soap: &Soap, name: &str, privilege: &str) -> String {
    let arguments = format!("<name>{name}</name><privIds>{privilege}</privIds>");
    call(soap, "AddAuthorizationRole", &arguments)
        .await
        .done()
        .between("returnval")
}

async fn permit(soap: &Soap, entity: &str, principal: &str, role: &str, propagate: bool) -> Answer {
    let arguments = format!(
        "{entity}<permission><principal>{principal}</principal><group>false</group><roleId>{role}</roleId>\
         <propagate>{propagate}</propagate></permission>"
    );
    call(soap, "SetEntityPermissions", &arguments).await
}

/// Whether a user has privileges on an entity, in the order in which they are asked for.
async fn has(soap: &Soap, entity: &str, user: &str) -> [bool; 2] {
    let arguments = format!(
        "{}<userName>{user}</userName><privId>{SEARCH}</privId><privId>{ATTACH}</privId>",
        entity.replace("entity", "entities")
    );
    let answer = call(soap, "HasUserPrivilegeOnEntities", &arguments).await.done();
    let granted: Vec<_> = answer.text.split("<isGranted>").skip(1).collect();
    [granted[0].starts_with("true"), granted[1].starts_with("true")]
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_user_has_the_privileges_of_the_nearest_permission() {
    let (vcenter, soap) = vcenter().await;
    let (search, attach) = (role(&soap, "search", SEARCH).await, role(&soap, "attach", ATTACH).await);
    assert_ne!(search, attach);
    let roles = vcenter.roles().await.unwrap();
    assert!(roles["search"].contains(&SEARCH.to_owned()) && !roles["search"].contains(&ATTACH.to_owned()));

    let root = "<entity type='Folder'>group-d1</entity>";
    let machine = format!(
        "<entity type='VirtualMachine'>{}</entity>",
        soap.find("DC0/vm/ubuntu").await
    );
    assert_eq!(has(&soap, root, vcenter.user()).await, [true, true]);
    assert_eq!(has(&soap, root, r"CORP\cns").await, [false, false]);
    permit(&soap, root, r"CORP\cns", &search, false).await.done();
    assert_eq!(
        has(&soap, root, "cns@corp").await,
        [true, false],
        "the same user, written otherwise"
    );
    assert_eq!(has(&soap, &machine, r"CORP\cns").await, [false, false]);
    permit(&soap, root, r"CORP\cns", &search, true).await.done();
    assert_eq!(has(&soap, &machine, r"CORP\cns").await, [true, false]);
    permit(&soap, &machine, r"CORP\cns", &attach, false).await.done();
    assert_eq!(has(&soap, &machine, r"CORP\cns").await, [false, true]);
    assert_eq!(
        has(&soap, root, vcenter.user()).await,
        [true, true],
        "others are not touched"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn roles_and_permissions_are_kept_as_they_were_set() {
    let (vcenter, soap) = vcenter().await;
    let id = role(&soap, "search", SEARCH).await;
    let machine = format!(
        "<entity type='VirtualMachine'>{}</entity>",
        soap.find("DC0/vm/ubuntu").await
    );
    permit(&soap, &machine, "one@corp", &id, false).await.done();
    permit(&soap, &machine, "two@corp", &id, true).await.done();
    let held = async || {
        let mut permissions = vcenter.permissions().await.unwrap();
        permissions.retain(|permission| permission.role == "search");
        permissions
            .into_iter()
            .map(|permission| (permission.entity, permission.principal, permission.propagate))
            .collect::<Vec<_>>()
    };
    let at = "/DC0/vm/ubuntu".to_owned();
    assert_eq!(
        held().await,
        [
            (at.clone(), "one@corp".to_owned(), false),
            (at.clone(), "two@corp".to_owned(), true)
        ]
    );
    let wrong = permit(&soap, &machine, "one@corp", "77", false).await;
    assert_eq!(wrong.fault(), "NotFound");
    let remove = async |force: &str| {
        call(
            &soap,
            "RemoveAuthorizationRole",
            &format!("<roleId>{id}</roleId><failIfUsed>{force}</failIfUsed>"),
        )
        .await
    };
    assert_eq!(remove("true").await.fault(), "ResourceInUse");
    call(
        &soap,
        "RemoveEntityPermission",
        &format!("{machine}<user>one@corp</user><isGroup>false</isGroup>"),
    )
    .await
    .done();
    assert_eq!(held().await, [(at, "two@corp".to_owned(), true)]);
    remove("false").await.done();
    assert_eq!(held().await, []);
    assert!(!vcenter.roles().await.unwrap().contains_key("search"));
}
