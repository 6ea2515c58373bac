//! How requests are read: bodies that a real vCenter takes are taken, others are refused with the place.

use acceptance_tests::cluster::wait;

use super::{LIMIT, vcenter};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn bodies_in_the_order_of_the_schema_are_taken() {
    let (vcenter, soap) = vcenter().await;
    let id = soap
        .clone_template("node", "<numCPUs>4</numCPUs><memoryMB>8192</memoryMB>", false)
        .await;

    let controller_and_disk = "<spec><deviceChange><operation>add</operation>\
         <device xsi:type='ParaVirtualSCSIController'><key>-101</key><busNumber>1</busNumber>\
         <sharedBus>noSharing</sharedBus></device></deviceChange>\
         <deviceChange><operation>add</operation><fileOperation>create</fileOperation>\
         <device xsi:type='VirtualDisk'><key>-102</key><backing xsi:type='VirtualDiskFlatVer2BackingInfo'>\
         <fileName>[LocalDS_1] node/extra.vmdk</fileName><diskMode>persistent</diskMode></backing>\
         <controllerKey>-101</controllerKey><unitNumber>0</unitNumber><capacityInKB>1048576</capacityInKB>\
         <capacityInBytes>1073741824</capacityInBytes></device></deviceChange></spec>";
    assert_eq!(soap.task("ReconfigVM_Task", &id, controller_and_disk).await.fault, "");
    let machine = vcenter.machine("node").await.unwrap();
    assert_eq!((machine.cpus, machine.memory_mib), (4, 8192));
    assert_eq!(machine.controllers, ["ParaVirtualSCSIController"; 2]);
    let [_, disk] = &machine.disks[..] else {
        panic!("{:?}", machine.disks);
    };
    assert_eq!(
        (disk.path.as_str(), disk.size_kib),
        ("[LocalDS_1] node/extra.vmdk", 1_048_576)
    );

    let detach = format!(
        "<spec><deviceChange><operation>remove</operation><device xsi:type='VirtualDisk'><key>{}</key>\
         <capacityInKB>1048576</capacityInKB></device></deviceChange></spec>",
        disk.key
    );
    assert_eq!(soap.task("ReconfigVM_Task", &id, &detach).await.fault, "");
    assert_eq!(vcenter.machine("node").await.unwrap().disks.len(), 1);
    assert!(vcenter.files().await.unwrap().contains(&disk.path));

    let switch = soap.find("DC0/network/DVS0").await;
    let switch = soap
        .property("DistributedVirtualSwitch", &switch, "uuid")
        .await
        .between("val");
    let network = format!(
        "<spec><deviceChange><operation>edit</operation><device xsi:type='VirtualVmxnet3'><key>{}</key>\
         <backing xsi:type='VirtualEthernetCardDistributedVirtualPortBackingInfo'><port>\
         <switchUuid>{switch}</switchUuid><portgroupKey>{}</portgroupKey></port></backing>\
         <controllerKey>100</controllerKey><unitNumber>7</unitNumber><addressType>manual</addressType>\
         <macAddress>00:50:56:00:00:11</macAddress></device></deviceChange></spec>",
        machine.nics[0].key,
        soap.find("DC0/network/DC0_DVPG0").await
    );
    assert_eq!(soap.task("ReconfigVM_Task", &id, &network).await.fault, "");
    let nic = &vcenter.machine("node").await.unwrap().nics[0];
    assert_eq!(
        (nic.network.as_str(), nic.mac_address.as_str()),
        ("DC0_DVPG0", "00:50:56:00:00:11")
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_clone_is_customized() {
    let (vcenter, soap) = vcenter().await;
    let arguments = soap.clone_arguments("node", "", true).await.replace(
        "<powerOn>",
        "<customization><identity xsi:type='CustomizationCloudinitPrep'><metadata>local-hostname: customized\n\
         network: {version: 2, ethernets: {eth0: {addresses: [10.10.0.31/24]}}}</metadata>\
         <userdata>#cloud-config</userdata></identity><globalIPSettings/></customization><powerOn>",
    );
    let template = soap.find("DC0/vm/ubuntu").await;
    assert_eq!(soap.task("CloneVM_Task", &template, &arguments).await.fault, "");
    let shown = wait::until("the guest", LIMIT, async || {
        let guest = vcenter.machine("node").await.map_err(|error| error.to_string())?.guest;
        if guest.tools_running {
            Ok(guest)
        } else {
            Err(format!("{guest:?}"))
        }
    });
    let shown = shown.await.unwrap();
    assert_eq!(
        (shown.host_name.as_str(), shown.ip_address.as_str()),
        ("customized", "10.10.0.31")
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn rules_are_made_and_taken_away_and_options_are_set() {
    let (vcenter, soap) = vcenter().await;
    let (first, second) = (
        soap.clone_template("one", "", false).await,
        soap.clone_template("two", "", false).await,
    );
    let cluster = soap.find("DC0/host/DC0_C0").await;
    let change = async |rules: &str| {
        let body = format!(
            "<ReconfigureComputeResource_Task><_this type='ClusterComputeResource'>{cluster}</_this>\
             <spec xsi:type='ClusterConfigSpecEx'><rulesSpec>{rules}</rulesSpec></spec><modify>true</modify>\
             </ReconfigureComputeResource_Task>"
        );
        let task = soap.call(&body).await.done().between("returnval");
        assert_eq!(soap.end_of(&task).await.fault, "");
    };
    change(&format!(
        "<operation>add</operation><info xsi:type='ClusterAntiAffinityRuleSpec'><enabled>true</enabled>\
         <name>apart</name><mandatory>true</mandatory><userCreated>true</userCreated>\
         <vm type='VirtualMachine'>{first}</vm><vm type='VirtualMachine'>{second}</vm></info>"
    ))
    .await;
    let rules = vcenter.rules().await.unwrap();
    assert_eq!(
        (
            rules[0].cluster.as_str(),
            rules[0].name.as_str(),
            &rules[0].machines[..]
        ),
        ("/DC0/host/DC0_C0", "apart", &["one".to_owned(), "two".to_owned()][..])
    );
    change(&format!(
        "<operation>remove</operation><removeKey xsi:type='xsd:int'>{}</removeKey>",
        rules[0].key
    ))
    .await;
    assert_eq!(vcenter.rules().await.unwrap(), []);

    soap.call(
        "<UpdateOptions><_this type='OptionManager'>VpxSettings</_this><changedValue xsi:type='OptionValue'>\
         <key>config.vmacore.soap.sessionTimeout</key><value xsi:type='xsd:string'>2s</value></changedValue>\
         </UpdateOptions>",
    )
    .await
    .done();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn bodies_that_a_real_vcenter_does_not_understand_are_refused_with_the_place() {
    let (vcenter, soap) = vcenter().await;
    let id = soap.find("DC0/vm/ubuntu").await;
    for (spec, place) in [
        (
            "<memoryMB>1</memoryMB><numCPUs>1</numCPUs>",
            "spec/numCPUs comes after memoryMB",
        ),
        (
            "<numCPUs>1</numCPUs><numCPUs>1</numCPUs>",
            "spec/numCPUs comes after numCPUs",
        ),
        ("<cpus>1</cpus>", "spec has the unknown element cpus"),
        ("<numCPUs>many</numCPUs>", "spec/numCPUs is \"many\""),
        ("<numCPUs xmlns=''>1</numCPUs>", "spec/numCPUs is in the namespace \"\""),
        (
            "<extraConfig><key>a</key></extraConfig>",
            "spec/extraConfig lacks the required element value",
        ),
        (
            "<extraConfig><key>a</key><value>b</value></extraConfig>",
            "value has no xsi:type",
        ),
        (
            "<extraConfig><key>a</key><value xsi:type='string'>b</value></extraConfig>",
            "value has the unknown type string",
        ),
        (
            "<deviceChange><operation>attach</operation></deviceChange>",
            "operation is \"attach\": not one of add, remove, edit",
        ),
        (
            "<deviceChange><device xsi:type='OptionValue'/></deviceChange>",
            "device cannot be of the type OptionValue",
        ),
        (
            "<deviceChange><device xsi:type='VirtualDisk'><key>1</key></device></deviceChange>",
            "device lacks the required element capacityInKB",
        ),
    ] {
        let answer = soap
            .call(&format!(
                "<ReconfigVM_Task><_this type='VirtualMachine'>{id}</_this><spec>{spec}</spec></ReconfigVM_Task>"
            ))
            .await;
        let said = answer.between("faultstring").replace("&#34;", "\"");
        assert_eq!(answer.fault(), "InvalidRequest", "{spec}: {}", answer.text);
        assert!(said.contains(place), "{spec}: {said}");
    }
    let asked = vcenter.requests().await.unwrap();
    let last = asked.last().unwrap();
    assert_eq!(
        (last.method.as_str(), last.name.as_str()),
        ("ReconfigVM_Task", "ubuntu")
    );
    assert_eq!(
        (last.fault.as_str(), last.soap_action.as_str()),
        ("InvalidRequest", "urn:vim25/8.0.3.0")
    );
    assert!(last.body.contains("capacityInKB") || last.body.contains("VirtualDisk"));
}
