//! On the model of a cluster: wherever a change is killed, and however often, it is finished later; and at no moment is
//! there a second cluster or no quorum.

use super::model::Cluster;
use super::*;

/// Looks and acts until nothing is left to do; killed and taken up again after so many acts each time.
fn converge(cluster: &mut Cluster, wanted: &Wanted, kills: &[usize]) {
    let mut kills = kills.iter().copied();
    let mut wanted = wanted.clone();
    cluster.acts_left = kills.next().unwrap_or(usize::MAX);
    for _ in 0..400 {
        match next(&wanted, &cluster.observe()) {
            Ok(None) => return check_converged(cluster, &wanted),
            Ok(Some(step)) => {
                check_parted(cluster, &wanted, &step);
                if cluster.carry_out(&step).is_err() {
                    cluster.acts_left = kills.next().unwrap_or(usize::MAX);
                }
                // Even a killed bootstrap may have begun a cluster; the state says so only after the step.
                wanted.bootstrapped |= cluster.acts_left == usize::MAX && cluster.clusters_begun > 0;
                cluster.settle();
            }
            Err(refusal) => panic!("it is stuck: {refusal}\n{cluster:#?}"),
        }
    }
    panic!("it does not end: {:?}\n{cluster:#?}", next(&wanted, &cluster.observe()));
}

/// As soon as there is a second voter, nothing is done but what brings servers back before no file says to begin a
/// cluster.
fn check_parted(cluster: &Cluster, wanted: &Wanted, step: &Step) {
    let seen = cluster.observe();
    let voters = quorum::Voters::of(&seen).all;
    let may_begin = |name: &String| {
        seen.servers
            .get(name)
            .is_some_and(|server| server.healthy && server.init)
    };
    let is_other = matches!(
        step,
        Step::Join { .. }
            | Step::Upgrade { .. }
            | Step::Restart { .. }
            | Step::Remove { .. }
            | Step::RotateToken { .. }
    );
    assert!(
        voters < 2 || !is_other || !wanted.servers.iter().any(may_begin),
        "{step}, while a server would begin another cluster: {cluster:#?}"
    );
}

fn check_converged(cluster: &Cluster, wanted: &Wanted) {
    let seen = cluster.observe();
    let names: Vec<&String> = seen.servers.keys().collect();
    let mut expected: Vec<&String> = wanted.servers.iter().collect();
    expected.sort();
    assert_eq!(names, expected);
    assert_eq!(cluster.clusters_begun, 1);
    assert_eq!(cluster.members.len(), wanted.servers.len());
    for (name, server) in &seen.servers {
        assert!(server.healthy && server.member == Member::Voter, "{name}: {server:?}");
        assert!(
            !server.cordoned
                && !server.restart_pending
                && !server.files_differ
                && !server.old_token_file
                && !server.stale_node,
            "{name}: {server:?}"
        );
        assert_eq!(server.running, Some(wanted.version), "{name}");
        assert!(
            wanted.servers.len() == 1 || !server.init,
            "{name} would begin a second cluster"
        );
    }
}

/// A cluster that was made, of so many servers.
fn made(count: usize, wanted: &mut Wanted) -> Cluster {
    wanted.servers = (0..count).map(|index| format!("s{index}")).collect();
    let mut cluster = Cluster::of(&wanted.servers);
    converge(&mut cluster, wanted, &[]);
    wanted.bootstrapped = true;
    cluster
}

fn kills() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0_usize..25, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_killed_creation_is_finished_as_one_cluster(count in 1_usize..6, kills in kills(), slow: bool) {
        let mut wanted = wanted("");
        wanted.servers = (0..count).map(|index| format!("s{index}")).collect();
        let mut cluster = Cluster::of(&wanted.servers);
        cluster.slow = slow;
        converge(&mut cluster, &wanted, &kills);
    }

    #[test]
    fn a_killed_upgrade_over_several_versions_is_finished(count in 1_usize..6, kills in kills(), snapshot: bool) {
        let mut wanted = wanted("");
        wanted.version = version("v1.33.1+k3s1");
        let mut cluster = made(count, &mut wanted);
        wanted.version = version("v1.36.3+k3s1");
        wanted.steps = vec![version("v1.34.2+k3s1"), version("v1.35.4+k3s1")];
        wanted.snapshot = snapshot;
        converge(&mut cluster, &wanted, &kills);
    }

    #[test]
    fn a_killed_change_of_servers_is_finished(before in 1_usize..6, added in 0_usize..3, removed in 0_usize..3, kills in kills()) {
        let mut wanted = wanted("");
        let mut cluster = made(before, &mut wanted);
        let removed = removed.min(quorum::Voters { all: before, healthy: before }.removable());
        prop_assume!(before + added > removed);
        wanted.servers.drain(..removed);
        for index in 0..added {
            let name = format!("n{index}");
            cluster.hosts.insert(name.clone(), model::Host::new());
            wanted.servers.push(name);
        }
        converge(&mut cluster, &wanted, &kills);
    }

    #[test]
    fn a_killed_rotation_of_the_token_is_finished(
        count in 1_usize..6,
        down in prop::option::of(0_usize..5),
        added: bool,
        restarted in prop::option::of(0_usize..5),
        (refuses, slow) in any::<(bool, bool)>(),
        kills in kills(),
    ) {
        let mut wanted = wanted("");
        let mut cluster = made(count, &mut wanted);
        cluster.wanted = (2, 2);
        cluster.refuses = refuses;
        if let Some(down) = down.filter(|_| count > 2) {
            cluster.stop(&format!("s{}", down % count));
        }
        if let (Some(restarted), None) = (restarted.filter(|_| count > 2), down) {
            // It comes back with the old token while the new one is being set.
            cluster.token = 2;
            cluster.go_down(&format!("s{}", restarted % count));
            cluster.settle();
        }
        cluster.slow = slow;
        if added {
            cluster.hosts.insert("n0".to_owned(), model::Host::new());
            wanted.servers.push("n0".to_owned());
        }
        converge(&mut cluster, &wanted, &kills);
    }

    #[test]
    fn other_addresses_and_settings_are_taken_over(count in 2_usize..6, moved in 0_usize..5, kills in kills()) {
        let mut wanted = wanted("");
        let mut cluster = made(count, &mut wanted);
        cluster.wanted = (1, 2);
        let name = format!("s{}", moved % count);
        cluster.host(&name).wanted_address = 2;
        converge(&mut cluster, &wanted, &kills);
    }

    #[test]
    fn any_server_that_lost_its_disk_is_made_anew(count in 3_usize..6, lost in 0_usize..5, kills in kills()) {
        let mut wanted = wanted("");
        let mut cluster = made(count, &mut wanted);
        cluster.lose_disk(&format!("s{}", lost % count));
        converge(&mut cluster, &wanted, &kills);
    }

    #[test]
    fn any_server_that_lost_its_database_alone_is_made_anew(count in 3_usize..6, lost in 0_usize..5, slow: bool, kills in kills()) {
        let mut wanted = wanted("");
        let mut cluster = made(count, &mut wanted);
        cluster.slow = slow;
        cluster.lose_data(&format!("s{}", lost % count));
        converge(&mut cluster, &wanted, &kills);
    }

    #[test]
    fn any_server_that_was_stopped_or_removed_by_hand_comes_back(count in 3_usize..6, one in 0_usize..5, deleted: bool, kills in kills()) {
        let mut wanted = wanted("");
        let mut cluster = made(count, &mut wanted);
        let name = format!("s{}", one % count);
        if deleted { cluster.delete_node(&name) } else { cluster.stop(&name) }
        converge(&mut cluster, &wanted, &kills);
    }

    #[test]
    fn a_dead_server_is_replaced_by_another(count in 3_usize..6, dead in 0_usize..5, kills in kills()) {
        let mut wanted = wanted("");
        let mut cluster = made(count, &mut wanted);
        let name = format!("s{}", dead % count);
        cluster.go_down(&name);
        cluster.host(&name).reachable = false;
        wanted.servers.retain(|server| *server != name);
        wanted.servers.push("new".to_owned());
        cluster.hosts.insert("new".to_owned(), model::Host::new());
        // The list ends with the dead host, which stays as it is.
        let mut kills = kills;
        kills.truncate(6);
        drive_without(&mut cluster, &wanted, &name, &kills);
    }
}

#[test]
fn a_server_that_only_we_do_not_reach_is_not_taken_for_gone() {
    for reconnects in [true, false] {
        let mut wanted = wanted("");
        let mut cluster = made(4, &mut wanted);
        cluster.reconnects = reconnects;
        cluster.host("s1").reachable = false;
        wanted.servers.retain(|server| server != "s1");
        match reconnects {
            true => converge(&mut cluster, &wanted, &[]),
            false => drive_without(&mut cluster, &wanted, "s1", &[]),
        }
    }
}

/// As [`converge`], with a host that is forgotten once no member of it is left.
fn drive_without(cluster: &mut Cluster, wanted: &Wanted, dead: &str, kills: &[usize]) {
    let mut kills = kills.iter().copied();
    cluster.acts_left = kills.next().unwrap_or(usize::MAX);
    for _ in 0..200 {
        if !cluster.members.contains_key(dead) {
            cluster.hosts.remove(dead);
        }
        match next(wanted, &cluster.observe()) {
            Ok(None) => return check_converged(cluster, wanted),
            Ok(Some(step)) => {
                if cluster.carry_out(&step).is_err() {
                    cluster.acts_left = kills.next().unwrap_or(usize::MAX);
                }
                cluster.settle();
            }
            Err(refusal) => panic!("it is stuck: {refusal}\n{cluster:#?}"),
        }
    }
    panic!("it does not end");
}

#[test]
fn the_list_of_a_plan_is_what_is_done_when_nothing_goes_wrong() {
    let mut wanted = wanted("");
    wanted.version = version("v1.35.4+k3s1");
    let mut cluster = made(3, &mut wanted);
    wanted.version = version("v1.36.3+k3s1");
    wanted.servers = names("s0 s1 n0");
    wanted.snapshot = true;
    cluster.hosts.insert("n0".to_owned(), model::Host::new());
    let plan = plan(&wanted, &cluster.observe());
    assert_eq!(plan.refusals, []);
    for step in &plan.steps {
        assert_eq!(next(&wanted, &cluster.observe()), Ok(Some(step.clone())));
        cluster.carry_out(step).unwrap();
        cluster.settle();
    }
    assert_eq!(next(&wanted, &cluster.observe()), Ok(None));
}
