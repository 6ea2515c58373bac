//! Values of both charts, and the instances that they become.

use super::arguments::{Alb, Gce, Ingress, Node, Service, Storage, Tls, Toleration};
use super::*;

/// What every file for the chart of CHT 5 has to have.
const FIVE: &str = "
namespace: cht-kisumu
cht_image_tag: 5.3.1
couchdb: {password: p4ssword, secret: s3cret, uuid: 0b6ec4b1, couchdb_node_storage_size: 100Gi}
";

const FOUR: &str = "
namespace: cht-kisumu
chtversion: 4.22.0
cluster_type: k3s-k3d
couchdb: {password: p4ssword}
";

fn call(files: &[&str]) -> Result<Arguments, FunctionError> {
    let mut files = files.iter().map(|file| (*file).to_owned());
    ValuesFunction {
        yaml: files.next().unwrap_or_default(),
        more: files.collect(),
    }
    .call()
}

fn arguments(files: &[&str]) -> Arguments {
    call(files).unwrap_or_else(|error| panic!("{error:?}"))
}

fn refusal(files: &[&str]) -> String {
    format!("{:?}", call(files).expect_err("it is refused"))
}

fn single(storage: Storage) -> Option<Vec<Node>> {
    Some(vec![Node {
        node_name: None,
        storage: Some(storage),
    }])
}

#[test]
fn the_least_of_chart_5_is_an_instance_on_eks() {
    let arguments = arguments(&[FIVE]);
    assert_eq!(arguments.namespace, "cht-kisumu");
    assert_eq!(arguments.cht_version, "5.3.1");
    assert_eq!(arguments.couchdb.storage_size, "100Gi");
    assert_eq!(arguments.couchdb.storage_class.as_deref(), Some("ebs-gp2"));
    assert_eq!(arguments.couchdb.data_path, "data");
    assert_eq!(arguments.couchdb.admin_user, "medic");
    assert_eq!(arguments.couchdb.nodes, None);
    assert_eq!(arguments.couchdb.tolerations, None);
    assert!(arguments.healthcheck.enabled, "the chart always makes it");
    assert!(!arguments.probes.enabled, "the chart sets none");
    assert_eq!(arguments.upgrade_service, None);
    assert_eq!(arguments.ingress.unwrap().class.as_deref(), Some("alb"));
    assert_eq!(arguments.unused, Vec::<String>::new());
}

#[test]
fn the_least_of_chart_4_on_k3s_has_what_that_chart_takes_for_granted() {
    let arguments = arguments(&[FOUR]);
    assert_eq!(arguments.couchdb.storage_size, "100Mi");
    assert_eq!(arguments.couchdb.storage_class, None);
    assert_eq!(
        arguments.couchdb.nodes,
        single(Storage {
            host_path: Some("/var/lib/couchdb1".to_owned()),
            ..Storage::default()
        })
    );
    let toleration = Toleration {
        key: Some("dev-couchdb-only".to_owned()),
        operator: Some("Equal".to_owned()),
        value: Some("true".to_owned()),
        effect: Some("NoSchedule".to_owned()),
    };
    assert_eq!(arguments.couchdb.tolerations, Some(vec![toleration]));
    assert_eq!(
        arguments.upgrade_service.unwrap().image,
        "medicmobile/upgrade-service:0.32"
    );
    let secret = arguments.ingress.unwrap().tls.unwrap().secret_name;
    assert_eq!(secret.as_deref(), Some("api-tls-secret"));
    assert_eq!(
        arguments.couchdb.secret, None,
        "the chart's own one is not in the values"
    );
}

#[test]
fn later_files_win_and_tables_are_merged() {
    let more = "{cht_image_tag: 5.2.0, couchdb: {user: admin}, api: {log_level: debug}}";
    let last = "couchdb: {couchdb_node_storage_size: 200Gi}";
    let arguments = arguments(&[FIVE, more, last, "# nothing but a comment"]);
    assert_eq!(arguments.cht_version, "5.2.0");
    assert_eq!(arguments.couchdb.admin_user, "admin");
    assert_eq!(arguments.couchdb.admin_password, "p4ssword");
    assert_eq!(arguments.couchdb.storage_size, "200Gi");
    let api = Service {
        log_level: Some("debug".to_owned()),
        node_env: None,
    };
    assert_eq!(arguments.api, Some(api));
}

#[test]
fn the_release_is_what_runs_and_a_tag_of_another_kind_stays_a_tag() {
    let branch = arguments(&[FIVE, "{cht_image_tag: 5.3.1-my-branch, chtversion: 5.3.1}"]);
    assert_eq!(branch.cht_version, "5.3.1");
    assert_eq!(branch.image.unwrap().tag.as_deref(), Some("5.3.1-my-branch"));
    let release = arguments(&[FIVE, "chtversion: 5.0.0"]);
    assert_eq!(
        release.cht_version, "5.3.1",
        "the chart for CHT 5 looks at the tag only"
    );
    let error = refusal(&[FIVE, "cht_image_tag: my-branch"]);
    assert!(error.contains("names the CHT release"), "{error}");
}

#[test]
fn what_is_as_the_resource_has_it_anyway_is_left_out() {
    let usual =
        "{upstream_servers: {docker_registry: public.ecr.aws/medic}, api: {log_level: info, node_env: production}}";
    let arguments = arguments(&[FIVE, usual]);
    assert_eq!((arguments.image, arguments.api), (None, None));
    assert_eq!(arguments.unused, Vec::<String>::new());
}

#[test]
fn row_04_c05_flags_in_quotes_are_flags() {
    // The charts' own files quote this one, and take "false" for true.
    let quoted = arguments(&[FIVE, "couchdb_data: {preExistingDataAvailable: \"false\"}"]);
    assert!(!quoted.couchdb.existing_data);
    let not_cached = arguments(&[FIVE, "cache_images: \"false\""]);
    assert_eq!(not_cached.image.unwrap().pull_policy.as_deref(), Some("Always"));
    let error = refusal(&[FIVE, "cache_images: perhaps"]);
    assert!(error.contains("`cache_images` has to be `true` or `false`"), "{error}");
}

#[test]
fn a_cluster_has_a_node_for_each_deployment_with_its_pin() {
    let clustered = "{couchdb: {clusteredCouchEnabled: true}, nodes: {node-1: one, node-2: two, node-3: \"\"}}";
    let nodes = arguments(&[FIVE, clustered]).couchdb.nodes.unwrap();
    let pins: Vec<_> = nodes.iter().map(|node| node.node_name.as_deref()).collect();
    assert_eq!(pins, [Some("one"), Some("two"), None]);
    let old_name = "{couchdb: {clusteredCouch_enabled: true}, clusteredCouch: {noOfCouchDBNodes: 2}}";
    let nodes = arguments(&[FOUR, old_name]).couchdb.nodes.unwrap();
    let paths: Vec<_> = nodes
        .iter()
        .map(|node| node.storage.as_ref().unwrap().host_path.as_deref().unwrap())
        .collect();
    assert_eq!(paths, ["/var/lib/cht-kisumu-couchdb1", "/var/lib/cht-kisumu-couchdb2"]);
    let error = refusal(&[FOUR, old_name, "clusteredCouch: {noOfCouchDBNodes: 1}"]);
    assert!(error.contains("from 2 to 99"), "{error}");
}

#[test]
fn existing_volumes_are_named_for_each_platform() {
    let existing = "couchdb_data: {preExistingDataAvailable: true, partition: \"1\"}";
    let ebs = arguments(&[
        FIVE,
        existing,
        "ebs: {preExistingEBSVolumeID-1: vol-0a1b2c3d4e5f60718, preExistingEBSVolumeSize: 900Gi}",
    ]);
    assert!(ebs.couchdb.existing_data);
    assert_eq!(ebs.couchdb.storage_size, "900Gi");
    assert_eq!(
        ebs.couchdb.storage_class, None,
        "it says nothing of a volume that is there"
    );
    assert_eq!(
        ebs.couchdb.nodes,
        single(Storage {
            ebs_volume_id: Some("vol-0a1b2c3d4e5f60718".to_owned()),
            partition: Some(1),
            ..Storage::default()
        })
    );
    let gke = arguments(&[
        FIVE,
        existing,
        "{cluster_type: gke, couchdb: {persistent_disk: {size: 10Gi, diskName: data}}, ingress: {host: a.b, gcp: \
         {staticIpName: ip, managedCertificateName: certificate}}}",
    ]);
    assert_eq!(gke.host.as_deref(), Some("a.b"));
    assert_eq!(
        gke.couchdb.nodes.unwrap()[0].storage.clone().unwrap().gce_disk.unwrap(),
        "data"
    );
    let expected = Ingress {
        class: Some("gce".to_owned()),
        tls: Some(Tls {
            managed_certificate: Some("certificate".to_owned()),
            ..Tls::default()
        }),
        gce: Some(Gce {
            static_ip_name: Some("ip".to_owned()),
        }),
        alb: None,
    };
    assert_eq!(gke.ingress, Some(expected));
    let vsphere = arguments(&[
        FOUR,
        "{k3s_use_vSphere_storage_class: \"true\", vSphere: {datastoreName: store, diskPath: path}}",
    ]);
    assert_eq!(
        vsphere.couchdb.nodes,
        single(Storage {
            claim_name: Some("couchdb-claim0".to_owned()),
            ..Storage::default()
        })
    );
}

#[test]
fn a_load_balancer_of_aws_keeps_its_group_tags_and_certificate() {
    let annotations = "ingress: {host: a.example, annotations: {groupname: shared, tags: 'Environment=prod,Team=ops', \
                       certificate: 'arn:aws:iam::720541322708:server-certificate/prod'}}";
    let ingress = arguments(&[FIVE, annotations]).ingress.unwrap();
    let tags = [("Environment", "prod"), ("Team", "ops")];
    let expected = Alb {
        group_name: Some("shared".to_owned()),
        tags: Some(tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
    };
    assert_eq!(ingress.alb, Some(expected));
    let arn = ingress.tls.unwrap().acm_certificate_arn;
    assert_eq!(
        arn.as_deref(),
        Some("arn:aws:iam::720541322708:server-certificate/prod")
    );
    let error = refusal(&[FIVE, "ingress: {annotations: {tags: untidy}}"]);
    assert!(error.contains("`ingress.annotations.tags` has to be a list"), "{error}");
}

#[test]
fn all_placeholders_and_all_that_is_missing_are_told_at_once() {
    let error = refusal(&[
        FIVE,
        "{namespace: <your-namespace>, couchdb: {password: null, uuid: ''}, couchdb_data: {preExistingDataAvailable: true}, \
         ebs: {preExistingEBSVolumeID-1: vol-0123456789abcdefg, preExistingEBSVolumeSize: 1Gi}}",
    ]);
    for expected in [
        "`namespace` still holds a placeholder",
        "`couchdb.password` is missing",
        "`couchdb.uuid` is missing",
        "`ebs.preExistingEBSVolumeID-1` still holds a placeholder",
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let empty = refusal(&[""]);
    assert!(empty.contains("`namespace` is missing"), "{empty}");
    assert!(
        empty.contains("`couchdb.couchdb_node_storage_size` is missing"),
        "{empty}"
    );
}

#[test]
fn keys_without_a_counterpart_are_listed_and_those_without_a_meaning_are_not() {
    let extra = "{project_name: kisumu, environment: remote, ingress: {hosted_zone_id: Z1}, api: {port: 5988, resources: {cpu: \
                 1}}, haproxy: {port: 6000}, couchdb: {db_name: medic-test}, ebs: {preExistingEBSVolumeID-1: ''}}";
    let unused = arguments(&[FIVE, extra]).unused;
    assert_eq!(unused, ["api.resources.cpu", "couchdb.db_name", "haproxy.port"]);
}

#[test]
fn what_cannot_be_read_is_told_without_a_word_of_it() {
    let error = refusal(&[FIVE, "couchdb:\n  password: \"s3cret\n"]);
    assert!(
        error.contains("This is not YAML") && !error.contains("s3cret"),
        "{error}"
    );
    let error = refusal(&["- s3cret"]);
    assert!(
        error.contains("a mapping of keys to values") && !error.contains("s3cret"),
        "{error}"
    );
    let error = refusal(&[FIVE, "couchdb: {password: [s3cret]}"]);
    assert!(
        error.contains("`couchdb.password` has to be a text") && !error.contains("s3cret"),
        "{error}"
    );
}
