//! The report of a workload's test for programs: one object.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::run::WorkloadRun;
use crate::workload::runner::{Agreement, End};
use crate::workload::{ConsistencyModel, Percentiles};

/// The number of the object's format; it increases when a field changes its meaning.
const FORMAT: u32 = 2;

pub(super) fn json(run: &WorkloadRun<'_>) -> Value {
    let report = run.report;
    let figures = &report.figures;
    let operations: Map<String, Value> = figures
        .counts
        .iter()
        .map(|(kind, counts)| {
            (kind.clone(), json!({ "ok": counts.ok, "failed": counts.failed, "unknown": counts.unknown }))
        })
        .collect();
    let faults: Vec<Value> =
        report.faults.iter().map(|(at, fault)| json!({ "at_s": at.as_secs_f64(), "fault": fault })).collect();
    let counted = |figure: Value| (!figures.are_messages_unknown).then_some(figure);
    let mut object = json!({
        "format": FORMAT,
        "workload": report.kind.name(),
        "valid": run.word() == "valid",
        "verdict": run.verdict(),
        "reason": run.reason(),
        "nodes": report.nodes,
        "seed": report.seed,
        "duration_s": report.duration.as_secs_f64(),
        "operations": operations,
        "availability": figures.availability,
        "rate_missed": figures.rate_missed.map(|(reached, planned)| json!({ "reached": reached, "planned": planned })),
        "latency_s": figures.latency.as_ref().map(percentiles),
        "server_messages": counted(figures.server_messages.into()),
        "service_messages": counted(figures.service_messages.into()),
        "messages": counted(figures.messages.into()),
        "server_messages_per_operation": counted(figures.server_messages_per_operation().into()),
        "messages_per_operation": counted(figures.messages_per_operation().into()),
        "bytes": counted(figures.bytes.into()),
        "answers_ignored": figures.ignored,
        "unread": figures.unread,
        "faults": faults,
        "conditions": report.conditions,
        "agreement": report.agreement.map(agreement),
        "judged_up_to": report.judged_up_to.map(ConsistencyModel::name),
        "stderr": run.stderr(),
        "history": run.history.display().to_string(),
        "again": run.again,
    });
    if let (End::Judged(verdict), Some(object)) = (&report.end, object.as_object_mut()) {
        let problems: Vec<Value> = verdict
            .problems
            .iter()
            .map(|problem| {
                let operation = |index: &usize| {
                    let mut operation = report.history.json(*index);
                    operation["fault"] = json!(run.fault_during(*index));
                    operation
                };
                let operations: Vec<Value> = problem.operations.iter().map(operation).collect();
                json!({
                    "kind": problem.kind,
                    "message": problem.message,
                    "operations": operations,
                    "misfits_in_words": problem.misfits_in_words(),
                    "order": problem.order,
                    "misfits": problem.misfits,
                })
            })
            .collect();
        let counts: Map<String, Value> =
            verdict.counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
        object.insert("problems".to_owned(), json!(problems));
        object.insert("problems_found".to_owned(), json!(verdict.found));
        object.insert("counts".to_owned(), json!(counts));
        for (name, times) in &verdict.times {
            object.insert(format!("{name}_s"), percentiles(times));
        }
    }
    object
}

fn agreement(agreement: Agreement) -> Value {
    let (agreed, in_final_reads, after) = match agreement {
        Agreement::InTime(after) => (true, true, after),
        Agreement::Late(after) => (true, false, after),
        Agreement::Never(within) => (false, false, within),
    };
    json!({ "agreed": agreed, "in_final_reads": in_final_reads, "after_s": after.as_secs_f64() })
}

fn percentiles(times: &Percentiles) -> Value {
    let time = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    json!({
        "count": times.count,
        "never": times.never,
        "min": time(times.min),
        "p50": time(times.p50),
        "p95": time(times.p95),
        "p99": time(times.p99),
        "max": time(times.max),
    })
}
