//! Each call of each operation fails in each way, one at a time.
//!
//! | fault | what is expected |
//! | --- | --- |
//! | 500, 429 with `Retry-After`, cut before the server, answer lost, no answer | the operation goes on |
//! | 403 | the operation fails and says what is not allowed, unless it can do without, as in a wait for CHT |
//! | the server is away for longer | the operation goes on or fails and names the server |
//!
//! After a failure the object is in the state or there is none, and nothing is lost in the cluster. In any case the
//! next run leads to the very objects that an undisturbed one leads to, and a deletion leaves nothing, or a namespace
//! that may not be empty and a warning.
//!
//! All of it takes half an hour: a run takes a sample, another one each day. `CHT_FAULTS=all` runs all of it,
//! `CHT_FAULTS=Outage` all calls with that fault, and `CHT_FAULTS=<number>` the sample of that number.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use acceptance_tests::cluster::faults::Fault;
use tokio::task::JoinSet;

use super::lane::{Case, Lane, OPERATIONS, Operation, Undisturbed, Went};

/// How many instances live at once.
const LANES: usize = 16;

/// A sample is one of so many.
const SAMPLES: usize = 50;

const FAULTS: [Fault; 7] = [
    Fault::ServerError,
    Fault::Throttled,
    Fault::Cut,
    Fault::LostAnswer,
    Fault::Hang,
    Fault::Forbidden,
    Fault::Outage,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn every_call_may_fail_once() {
    let began = Instant::now();
    let mut first = Lane::new("faults-0").await;
    let undisturbed = Arc::new(first.take_notes().await);
    let sample = Sample::chosen();
    let work = Arc::new(Work::new(&undisturbed, sample));
    let mut lanes = JoinSet::new();
    for number in 1..=LANES {
        let (work, undisturbed) = (Arc::clone(&work), Arc::clone(&undisturbed));
        lanes.spawn(async move {
            let mut lane = Lane::new(&format!("faults-{number}")).await;
            while let Some(cycle) = work.next_cycle() {
                if let Err(failure) = live_through(&mut lane, cycle, &undisturbed, &work).await {
                    // What a failed case leaves must not be blamed on the next.
                    lane = Lane::new(&format!("faults-{number}-{}", work.fail(failure))).await;
                }
            }
        });
    }
    while let Some(ended) = lanes.join_next().await {
        ended.expect("a lane does not panic");
    }
    let failures = work.report(&format!("{sample:?}, {:.0} s", began.elapsed().as_secs_f64()));
    assert!(
        failures.is_empty(),
        "{} cases failed:\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

/// The life of one instance, with at most one fault in each operation.
async fn live_through(
    lane: &mut Lane,
    cycle: BTreeMap<Operation, Case>,
    undisturbed: &Undisturbed,
    work: &Work,
) -> Result<(), String> {
    for operation in OPERATIONS {
        match cycle.get(&operation) {
            Some(case) => {
                let went = lane.play(case, undisturbed).await;
                let went = went.map_err(|failure| format!("{}: {failure}", title(case)))?;
                work.done(case, went)?;
            }
            None => lane
                .pass(operation)
                .await
                .map_err(|failure| format!("undisturbed {operation:?}: {failure}"))?,
        }
    }
    Ok(())
}

/// Which part of a long list of cases is run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sample {
    All,
    Only(Fault),
    One(usize),
}

impl Sample {
    pub(crate) fn chosen() -> Self {
        let chosen = std::env::var("CHT_FAULTS").unwrap_or_default();
        let today = || {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            since.map_or(0, |since| since.as_secs() / (24 * 60 * 60))
        };
        let fault = FAULTS.into_iter().find(|fault| format!("{fault:?}") == chosen);
        match (chosen.as_str(), fault) {
            ("", _) => Sample::One(today() as usize),
            ("all", _) => Sample::All,
            (_, Some(fault)) => Sample::Only(fault),
            (number, None) => Sample::One(number.parse().expect("a number, a fault, or all")),
        }
    }

    /// Whether it has a case at this position, where a sample is one of so many.
    pub(super) fn has(self, position: usize, fault: Fault, samples: usize) -> bool {
        match self {
            Sample::All => true,
            Sample::Only(chosen) => fault == chosen,
            Sample::One(number) => position % samples == number % samples,
        }
    }
}

/// What is still to be done, and how what was done went.
struct Work {
    planned: usize,
    to_do: Mutex<BTreeMap<Operation, VecDeque<Case>>>,
    went: Mutex<BTreeMap<String, BTreeMap<&'static str, usize>>>,
    failures: Mutex<Vec<String>>,
}

impl Work {
    fn new(undisturbed: &Undisturbed, sample: Sample) -> Self {
        let mut to_do = BTreeMap::<_, VecDeque<Case>>::new();
        let all = undisturbed.calls.iter().flat_map(|(operation, calls)| {
            calls.iter().flat_map(move |call| {
                FAULTS.map(|fault| Case {
                    operation: *operation,
                    call: call.clone(),
                    fault,
                })
            })
        });
        let all = all.enumerate();
        for (_, case) in all.filter(|(position, case)| sample.has(*position, case.fault, SAMPLES)) {
            to_do.entry(case.operation).or_default().push_back(case);
        }
        let planned = to_do.values().map(VecDeque::len).sum();
        assert!(planned > 0, "the sample {sample:?} has no case");
        Work {
            planned,
            to_do: Mutex::new(to_do),
            went: Mutex::default(),
            failures: Mutex::default(),
        }
    }

    fn next_cycle(&self) -> Option<BTreeMap<Operation, Case>> {
        let mut to_do = self.to_do.lock().expect("no lane panics");
        let cycle: BTreeMap<_, _> = to_do
            .iter_mut()
            .filter_map(|(operation, cases)| Some((*operation, cases.pop_front()?)))
            .collect();
        (!cycle.is_empty()).then_some(cycle)
    }

    fn done(&self, case: &Case, went: Went) -> Result<(), String> {
        if went == Went::Missed && !case.call.is_repeated_look() {
            return Err(format!("{}: the call was not made", title(case)));
        }
        let row = format!("{:?} {:?}", case.operation, case.fault);
        let column = match went {
            Went::Survived => "survived",
            Went::Told => "told",
            Went::Missed => "not made",
        };
        *self
            .went
            .lock()
            .expect("no lane panics")
            .entry(row)
            .or_default()
            .entry(column)
            .or_default() += 1;
        Ok(())
    }

    /// Keeps a failure, and answers how many there are.
    fn fail(&self, failure: String) -> usize {
        let mut failures = self.failures.lock().expect("no lane panics");
        failures.push(failure);
        failures.len()
    }

    /// Prints a table, and answers with the failures. Without any, all cases were done.
    #[expect(clippy::print_stdout, reason = "which sample it was must be seen, to repeat it")]
    fn report(&self, title: &str) -> Vec<String> {
        println!("{title}");
        let went = self.went.lock().expect("no lane panics");
        for (row, columns) in went.iter() {
            println!("{row:<20} {columns:?}");
        }
        let done: usize = went.values().flat_map(BTreeMap::values).sum();
        let failures = self.failures.lock().expect("no lane panics").clone();
        assert!(
            !failures.is_empty() || done == self.planned,
            "{done} of {} cases were done",
            self.planned
        );
        failures
    }
}

fn title(case: &Case) -> String {
    format!("{:?}, {}, {:?}", case.operation, case.call, case.fault)
}
