//! Pods that cannot be created, and pods that cannot be deleted.

use serde_json::{Value, json};

use super::{Chapter, a_new_namespace, controller, scaled, step, with};
use crate::differential::replication::step::{Action, Named, Until, named, pods_of};

const FULL: Named = named("quota", "full");
const MORE: Named = named("quota", "more");
const QUOTA: Named = named("quota", "pods");
const ROBOT: Named = named("refusals", "robot");
const GUARDED: Named = named("refusals", "guarded");
/// The name of the policy and of its binding.
const POLICY: Named = named("refusals", "differential-guard");

/// A quota that is full, smaller and larger.
pub fn quota() -> Chapter {
    let quota = |pods: u32| {
        Action::Apply(vec![json!({
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": QUOTA.name, "namespace": QUOTA.room},
            "spec": {"hard": {"pods": pods.to_string()}},
        })])
    };
    let steps = vec![
        a_new_namespace(QUOTA.room),
        step("a quota of 2 pods comes", [quota(2)], [Until::Counted(QUOTA)]),
        step(
            "a ReplicationController of 4 comes: two pods are made, the others refused",
            [Action::Apply(vec![controller(FULL, 4)])],
            [Until::Pods(FULL, 2, 2), Until::Failing(FULL, "FailedCreate")],
        ),
        step(
            "the quota becomes smaller, and more is wanted",
            [quota(1), Action::Scale(FULL, 5)],
            [Until::Pods(FULL, 2, 2), Until::Failing(FULL, "FailedCreate")],
        ),
        step(
            "the quota is raised: the missing pods are made",
            [quota(6)],
            [Until::Pods(FULL, 5, 5), Until::Sound(FULL)],
        ),
        // Another one: about the first, so much has been said by now that the rest is kept back.
        step(
            "another ReplicationController wants more than there is room for",
            [Action::Apply(vec![controller(MORE, 3)])],
            [Until::Pods(MORE, 1, 1), Until::Failing(MORE, "FailedCreate")],
        ),
        step(
            "it wants no more than it has",
            [Action::Scale(MORE, 1)],
            [Until::Pods(MORE, 1, 1), Until::Sound(MORE)],
        ),
        scaled("the first is scaled to 0", FULL, 0),
    ];
    Chapter { name: QUOTA.room, steps }
}

/// An account that there is not, and a policy that refuses deletions.
pub fn others() -> Chapter {
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": ROBOT.room},
    });
    let robot = with(controller(ROBOT, 2), "/spec/template/spec/serviceAccountName", json!("robot"));
    let guarded = with(controller(GUARDED, 3), "/spec/template/metadata/labels/guarded", json!("yes"));
    let steps = vec![
        a_new_namespace(ROBOT.room),
        step(
            "a ReplicationController comes whose pods need an account that there is not",
            [Action::Apply(vec![robot])],
            [Until::Pods(ROBOT, 0, 0), Until::Failing(ROBOT, "FailedCreate")],
        ),
        step(
            "the account comes: the pods are made",
            [Action::Apply(vec![account])],
            [Until::Pods(ROBOT, 2, 2), Until::Sound(ROBOT)],
        ),
        step(
            "a ReplicationController with 3 pods comes",
            [Action::Apply(vec![guarded])],
            [Until::Pods(GUARDED, 3, 3)],
        ),
        step(
            "it is scaled to 0 while a policy refuses deletions",
            [
                Action::Apply(policy()),
                Action::AwaitDeletesRefused(pods_of(GUARDED).take(1)),
                Action::Scale(GUARDED, 0),
            ],
            [Until::Pods(GUARDED, 3, 3), Until::Failing(GUARDED, "FailedDelete")],
        ),
        step(
            "the policy is taken away: the pods go",
            [
                Action::DeleteOther("validatingadmissionpolicybinding", POLICY),
                Action::DeleteOther("validatingadmissionpolicy", POLICY),
            ],
            [Until::Pods(GUARDED, 0, 0), Until::Sound(GUARDED)],
        ),
    ];
    Chapter { name: ROBOT.room, steps }
}

fn policy() -> Vec<Value> {
    let api = "admissionregistration.k8s.io/v1";
    vec![
        json!({
            "apiVersion": api,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": POLICY.name},
            "spec": {
                "matchConstraints": {"resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["DELETE"]},
                ]},
                "validations": [{
                    "expression": "!has(oldObject.metadata.labels) || !('guarded' in oldObject.metadata.labels)",
                    "message": "it is guarded",
                }],
            },
        }),
        json!({
            "apiVersion": api,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": POLICY.name},
            "spec": {"policyName": POLICY.name, "validationActions": ["Deny"]},
        }),
    ]
}
