//! The functions of the provider, called by every command line: they need neither a cluster nor a configured provider.

use std::path::Path;

use acceptance_tests::tofu::{Cli, Workspace, provider_binary};
use serde_json::{Value, json};

use crate::support::{blames, done, failure, kubernetes_at, lab};

fn workspace(cli: Cli, configuration: &str) -> Workspace {
    let workspace = Workspace::new(cli, &provider_binary().expect("the provider was built")).expect("a workspace");
    workspace
        .write("main.tf", configuration)
        .expect("the configuration is written");
    workspace
}

fn every_cli() -> Vec<Cli> {
    Cli::all().expect("tofu is there")
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_kubeconfig_leads_to_the_cluster_and_is_as_sensitive_as_its_credentials() {
    let cluster = &lab().await.cluster;
    let way = kubernetes_at(&cluster.host(), cluster.ca_pem(), "var.token").replace("\"var.token\"", "var.token");
    for cli in every_cli() {
        let workspace = workspace(
            cli,
            &format!(
                "variable \"token\" {{ sensitive = true }}
                 output \"kubeconfig\" {{
                   value     = provider::cht::kubeconfig({way})
                   sensitive = true
                 }}"
            ),
        );
        let variables = json!({ "token": cluster.admin_token() });
        workspace
            .write("test.auto.tfvars.json", &variables.to_string())
            .expect("the variables are written");
        let outcome = done("apply", workspace.apply().await);
        assert!(!outcome.text().contains(cluster.admin_token()), "the token is shown");
        let rendered = done("output", workspace.output("kubeconfig").await);
        let path = workspace.directory().join("kubeconfig");
        std::fs::write(&path, rendered.as_str().expect("a text")).expect("the file is written");
        let client = client(&path).await;
        let version = client.apiserver_version().await.expect("the API server answers");
        assert_eq!(version.major, "1");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_kubeconfig_of_sensitive_credentials_must_be_declared_sensitive() {
    for cli in every_cli() {
        let workspace = workspace(
            cli,
            "output \"kubeconfig\" {
               value = provider::cht::kubeconfig({ host = \"https://10.0.0.1\", token = sensitive(\"t0ken\") })
             }",
        );
        let error = failure("plan", workspace.plan().await);
        assert_eq!(error.summary, "Output refers to sensitive values");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_cannot_be_rendered_is_refused_at_the_call() {
    for cli in every_cli() {
        let call = "provider::cht::kubeconfig({ config_path = \"~/.kube/config\" })";
        let workspace = workspace(cli, &format!("output \"kubeconfig\" {{\n  value = {call}\n}}"));
        let error = failure("plan", workspace.plan().await);
        blames(&error, "Invalid function argument", "read that file instead", call);
        assert!(!error.detail.ends_with(".."), "{error:#?}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_kubeconfig_of_a_cluster_that_is_not_made_yet_is_not_known_yet() {
    for cli in every_cli() {
        let workspace = workspace(
            cli,
            "resource \"terraform_data\" \"cluster\" { input = \"https://10.0.0.1\" }
             output \"kubeconfig\" {
               value = provider::cht::kubeconfig({ host = terraform_data.cluster.output, token = \"t0ken\" })
             }",
        );
        done("plan", workspace.plan().await);
        done("apply", workspace.apply().await);
        let rendered = done("output", workspace.output("kubeconfig").await);
        let rendered: Value = serde_json::from_str(rendered.as_str().expect("a text")).expect("JSON");
        assert_eq!(rendered["clusters"][0]["cluster"]["server"], "https://10.0.0.1");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_size_of_an_instance_is_told_with_what_it_stands_on() {
    for cli in every_cli() {
        let workspace = workspace(
            cli,
            "locals { sizing = provider::cht::sizing(2500, 12000000) }
             output \"sizing\" { value = local.sizing }",
        );
        done("apply", workspace.apply().await);
        let sizing = done("output", workspace.output("sizing").await);
        assert_eq!(sizing["cpu"], "9");
        assert_eq!(sizing["memory"], "18Gi");
        assert_eq!(sizing["storage"], "373Gi");
        assert_eq!(sizing["basis"].as_array().map(Vec::len), Some(3), "{sizing}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_an_instance_cannot_be_is_refused_at_its_argument() {
    for cli in every_cli() {
        for (call, text) in [
            ("provider::cht::sizing(-1, 0)", "between 0 and"),
            ("provider::cht::sizing(0, 1)", "how many users there are"),
        ] {
            let workspace = workspace(cli.clone(), &format!("output \"sizing\" {{\n  value = {call}\n}}"));
            let error = failure("plan", workspace.plan().await);
            blames(&error, "Invalid function argument", text, call);
        }
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_values_of_a_chart_become_arguments_and_a_placeholder_is_refused_at_the_file_that_has_it() {
    for cli in every_cli() {
        let workspace = workspace(
            cli,
            "output \"arguments\" {
               value     = provider::cht::values(file(\"values.yaml\"), sensitive(file(\"secrets.yaml\")))
               sensitive = true
             }",
        );
        let write = |name: &str, text: &str| workspace.write(name, text).expect("the file is written");
        write(
            "values.yaml",
            "namespace: <your-namespace>\ncht_image_tag: 5.3.1\ningress: {host: kisumu.example}\n",
        );
        write(
            "secrets.yaml",
            "couchdb: {password: p4ssword, secret: s3cret, uuid: u1, couchdb_node_storage_size: 1Gi, extra: 1}",
        );
        let error = failure("plan", workspace.plan().await);
        assert!(
            error.detail.contains("`namespace` still holds a placeholder"),
            "{error:#?}"
        );

        write(
            "values.yaml",
            "namespace: cht-kisumu\ncht_image_tag: 5.3.1\ningress: {host: kisumu.example}\n",
        );
        let outcome = done("apply", workspace.apply().await);
        assert!(!outcome.text().contains("p4ssword"), "the password is shown");
        let arguments = done("output", workspace.output("arguments").await);
        assert_eq!(arguments["host"], "kisumu.example");
        assert_eq!(arguments["couchdb"]["admin_password"], "p4ssword");
        assert_eq!(arguments["unused"], json!(["couchdb.extra"]));
    }
}

/// A client as any other program makes one of the file.
async fn client(kubeconfig: &Path) -> kube::Client {
    let read = kube::config::Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
    let config = kube::Config::from_custom_kubeconfig(read, &Default::default())
        .await
        .expect("a configuration");
    kube::Client::try_from(config).expect("a client")
}
