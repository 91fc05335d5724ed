//! The report of a workload's test for programs: one object.

use serde_json::{Map, Value, json};

use super::run::WorkloadRun;
use crate::workload::Percentiles;
use crate::workload::runner::End;

/// The number of the object's format; it increases when a field changes its meaning.
const FORMAT: u32 = 1;

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
    let mut object = json!({
        "format": FORMAT,
        "workload": report.kind.name(),
        "valid": run.word() == "valid",
        "verdict": run.word(),
        "reason": run.reason(),
        "nodes": report.nodes,
        "seed": report.seed,
        "duration_s": report.duration.as_secs_f64(),
        "operations": operations,
        "availability": figures.availability(),
        "latency_s": figures.latency.as_ref().map(percentiles),
        "server_messages": figures.server_messages,
        "service_messages": figures.service_messages,
        "messages": figures.messages,
        "server_messages_per_operation": figures.server_messages_per_operation(),
        "messages_per_operation": figures.messages_per_operation(),
        "bytes": figures.bytes,
        "faults": faults,
        "history": run.history.display().to_string(),
        "again": run.again,
    });
    if let (End::Judged(verdict), Some(object)) = (&report.end, object.as_object_mut()) {
        let problems: Vec<Value> = verdict
            .problems
            .iter()
            .map(|problem| {
                let operations: Vec<Value> =
                    problem.operations.iter().map(|index| report.history.json(*index)).collect();
                json!({ "kind": problem.kind, "message": problem.message, "operations": operations })
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

fn percentiles(times: &Percentiles) -> Value {
    json!({
        "count": times.count,
        "min": times.min.as_secs_f64(),
        "p50": times.p50.as_secs_f64(),
        "p95": times.p95.as_secs_f64(),
        "p99": times.p99.as_secs_f64(),
        "max": times.max.as_secs_f64(),
    })
}
