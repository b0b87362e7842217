//! `get` and `history`.

use expect_test::{Expect, expect};
use mainstay_kubectl::history::{History, find};
use mainstay_kubectl::list::Listing;
use mainstay_kubectl::objects::Pod;
use mainstay_kubectl::tree::Tree;
use serde_json::Value;

use crate::objects::{conditions, logs_are, now, pod, revisions, workload};

fn tree(patch: &str, pods: &[Pod], expected: &Expect) {
    expected.assert_eq(&Tree::of(&workload(patch), &revisions(), pods).text(now()));
}

#[test]
fn all_is_well() {
    let pods = [pod("web-2", "web-bbbbbbbbbb", ""), pod("web-1", "web-bbbbbbbbbb", "")];
    tree(
        "",
        &pods,
        &expect![[r#"
        NAME                           READY   STATUS                   RESTARTS   AGE   NODE OR IMAGE
        web                            2/2     Ready                               3d
        └─ revision 2 web-bbbbbbbbbb   2/2     update,current,healthy              24h
           ├─ pod web-1                3/3     Running                  0          5m    node-1
           │  ├─ sidecar logs          yes     Running                  0                logs:2
           │  ├─ init migrate                  Completed                0                app:1
           │  ├─ sidecar proxy         yes     Running                  0                proxy:1
           │  └─ main app              yes     Running                  0                app:1
           └─ pod web-2                3/3     Running                  0          5m    node-1
              ├─ sidecar logs          yes     Running                  0                logs:2
              ├─ init migrate                  Completed                0                app:1
              ├─ sidecar proxy         yes     Running                  0                proxy:1
              └─ main app              yes     Running                  0                app:1

        done: 2 of 2 replicas are available, 2 are of revision web-bbbbbbbbbb
    "#]],
    );
}

#[test]
fn a_bad_image_of_a_sidecar_in_one_pod() {
    let patch = format!(
        "status: {{updateRevision: web-cccccccccc, failedRevision: web-cccccccccc, updatedReplicas: 0, readyReplicas: 1, \
         availableReplicas: 1, conditions: {}}}",
        conditions(
            ("False", "ProgressDeadlineExceeded", "revision web-cccccccccc has failed"),
            Some(("ProgressDeadlineExceeded", "revision web-cccccccccc has failed")),
        )
    );
    let bad = logs_are(
        "restartCount: 0, state: {waiting: {reason: ImagePullBackOff, message: 'Back-off pulling image \"logs:nope\"'}}",
    );
    let step = "metadata: {annotations: {mainstay.dev/inplace: \
                '{\"revision\":\"web-cccccccccc\",\"container\":\"logs\",\"phase\":\"Replace\",\"since\":1}'}}";
    let pods = [
        pod("web-1", "web-bbbbbbbbbb", &format!("{step}\n{}", bad.trim_start())),
        pod("web-2", "web-bbbbbbbbbb", ""),
    ];
    tree(
        &patch,
        &pods,
        &expect![[r#"
        NAME                           READY   STATUS                               RESTARTS   AGE   NODE OR IMAGE
        web                            1/2     ProgressDeadlineExceeded                        3d
        ├─ revision 3 web-cccccccccc   0/0     update,failed                                   2m
        └─ revision 2 web-bbbbbbbbbb   1/2     current,healthy                                 24h
           ├─ pod web-1                2/3     ImagePullBackOff, logs is replaced   0          5m    node-1
           │  ├─ sidecar logs          no      ImagePullBackOff                     0                logs:2
           │  ├─ init migrate                  Completed                            0                app:1
           │  ├─ sidecar proxy         yes     Running                              0                proxy:1
           │  └─ main app              yes     Running                              0                app:1
           └─ pod web-2                3/3     Running                              0          5m    node-1
              ├─ sidecar logs          yes     Running                              0                logs:2
              ├─ init migrate                  Completed                            0                app:1
              ├─ sidecar proxy         yes     Running                              0                proxy:1
              └─ main app              yes     Running                              0                app:1

        failed: ProgressDeadlineExceeded: revision web-cccccccccc has failed
          pod web-1: sidecar logs with image logs:2: ImagePullBackOff: Back-off pulling image "logs:nope"
    "#]],
    );
}

#[test]
fn pods_on_their_way_and_pods_that_are_lost() {
    let pods = [
        pod("web-1", "web-bbbbbbbbbb", "metadata: {deletionTimestamp: \"2026-03-01T11:59:00Z\"}"),
        pod(
            "web-2",
            "web-bbbbbbbbbb",
            &logs_are(
                "restartCount: 7, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: Error, exitCode: 3}}",
            ),
        ),
        pod(
            "web-3",
            "web-bbbbbbbbbb",
            "spec: {nodeName: null}\nstatus: {phase: Pending, initContainerStatuses: [], containerStatuses: [], conditions: [{type: PodScheduled, status: \"False\", reason: Unschedulable, message: 0/3 nodes are available}]}",
        ),
        pod(
            "web-4",
            "web-bbbbbbbbbb",
            "status: {phase: Pending, conditions: [], initContainerStatuses: [], containerStatuses: []}",
        ),
        pod(
            "web-5",
            "web-dddddddddd",
            "status: {phase: Failed, reason: Evicted, message: The node was low on memory., conditions: []}",
        ),
        pod(
            "web-6",
            "web-aaaaaaaaaa",
            "spec: {containers: [{name: app, image: \"app:1\"}, {name: intruder, image: \"mesh:9\"}]}",
        ),
    ];
    tree(
        "",
        &pods,
        &expect![[r#"
        NAME                           READY   STATUS                   RESTARTS   AGE   NODE OR IMAGE
        web                            2/2     Ready                               3d
        ├─ revision 2 web-bbbbbbbbbb   1/4     update,current,healthy              24h
        │  ├─ pod web-1                3/3     Terminating              0          5m    node-1
        │  │  ├─ sidecar logs          yes     Running                  0                logs:2
        │  │  ├─ init migrate                  Completed                0                app:1
        │  │  ├─ sidecar proxy         yes     Running                  0                proxy:1
        │  │  └─ main app              yes     Running                  0                app:1
        │  ├─ pod web-2                2/3     CrashLoopBackOff         7          5m    node-1
        │  │  ├─ sidecar logs          no      CrashLoopBackOff         7                logs:2
        │  │  ├─ init migrate                  Completed                0                app:1
        │  │  ├─ sidecar proxy         yes     Running                  0                proxy:1
        │  │  └─ main app              yes     Running                  0                app:1
        │  ├─ pod web-3                0/3     Unschedulable            0          5m
        │  │  ├─ sidecar logs          no      Waiting                  0                logs:2
        │  │  ├─ init migrate                  Waiting                  0                app:1
        │  │  ├─ sidecar proxy         no      Waiting                  0                proxy:1
        │  │  └─ main app              no      Waiting                  0                app:1
        │  └─ pod web-4                0/3     Init:0/1                 0          5m    node-1
        │     ├─ sidecar logs          no      Waiting                  0                logs:2
        │     ├─ init migrate                  Waiting                  0                app:1
        │     ├─ sidecar proxy         no      Waiting                  0                proxy:1
        │     └─ main app              no      Waiting                  0                app:1
        ├─ revision 1 web-aaaaaaaaaa   1/1     healthy                             3d
        │  └─ pod web-6                3/4     Waiting                  0          5m    node-1
        │     ├─ sidecar logs          yes     Running                  0                logs:2
        │     ├─ init migrate                  Completed                0                app:1
        │     ├─ sidecar proxy         yes     Running                  0                proxy:1
        │     ├─ main app              yes     Running                  0                app:1
        │     └─ foreign intruder      no      Waiting                  0                mesh:9
        └─ revision web-dddddddddd     0/1
           └─ pod web-5                3/3     Evicted                  0          5m    node-1
              ├─ sidecar logs          yes     Running                  0                logs:2
              ├─ init migrate                  Completed                0                app:1
              ├─ sidecar proxy         yes     Running                  0                proxy:1
              └─ main app              yes     Running                  0                app:1

        done: 2 of 2 replicas are available, 2 are of revision web-bbbbbbbbbb
          pod web-2: sidecar logs with image logs:2: CrashLoopBackOff; it ended before with Error (exit code 3), 7 restarts
          pod web-3: Unschedulable: 0/3 nodes are available
          pod web-5: Evicted: The node was low on memory.
    "#]],
    );
}

#[test]
fn a_tree_in_json_has_all_that_the_text_has() {
    let pods = [pod(
        "web-1",
        "web-bbbbbbbbbb",
        &logs_are("restartCount: 1, state: {waiting: {reason: ErrImagePull, message: not found}}"),
    )];
    let tree = Tree::of(&workload(""), &revisions(), &pods);
    expect![[r#"
        {
          "namespace": "shop",
          "name": "web",
          "state": "Done",
          "message": "2 of 2 replicas are available, 2 are of revision web-bbbbbbbbbb",
          "generation": 4,
          "observedGeneration": 4,
          "desired": 2,
          "replicas": 2,
          "updated": 2,
          "ready": 2,
          "available": 2,
          "revision": "web-bbbbbbbbbb",
          "faults": [
            "pod web-1: sidecar logs with image logs:2: ErrImagePull: not found"
          ],
          "status": "Ready",
          "created": "2026-02-26T12:00:00Z",
          "revisions": [
            {
              "number": 2,
              "name": "web-bbbbbbbbbb",
              "marks": [
                "update",
                "current",
                "healthy"
              ],
              "created": "2026-02-28T12:00:00Z",
              "pods": [
                {
                  "name": "web-1",
                  "node": "node-1",
                  "status": "ErrImagePull",
                  "ready": false,
                  "created": "2026-03-01T11:55:00Z",
                  "containers": [
                    {
                      "role": "sidecar",
                      "name": "logs",
                      "image": "logs:2",
                      "state": "ErrImagePull",
                      "message": "not found",
                      "ready": false,
                      "restarts": 1,
                      "faulty": true
                    },
                    {
                      "role": "init",
                      "name": "migrate",
                      "image": "app:1",
                      "state": "Completed",
                      "ready": true,
                      "restarts": 0,
                      "faulty": false
                    },
                    {
                      "role": "sidecar",
                      "name": "proxy",
                      "image": "proxy:1",
                      "state": "Running",
                      "ready": true,
                      "restarts": 0,
                      "faulty": false
                    },
                    {
                      "role": "main",
                      "name": "app",
                      "image": "app:1",
                      "state": "Running",
                      "ready": true,
                      "restarts": 0,
                      "faulty": false
                    }
                  ]
                }
              ]
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&tree).unwrap());
}

#[test]
fn many_in_a_list() {
    let workloads = [
        workload("metadata: {name: web}"),
        workload("metadata: {name: api, generation: 5}"),
        workload("metadata: {name: zoo, namespace: animals}\nstatus: null"),
    ];
    let listing = Listing::of(&workloads);
    expect![[r#"
        NAME   READY   UPDATED   AVAILABLE   REVISION         STATUS       AGE
        zoo    0/2     0         0                            NotSeenYet   3d
        api    2/2     2         2           web-bbbbbbbbbb   NotSeenYet   3d
        web    2/2     2         2           web-bbbbbbbbbb   Ready        3d
    "#]]
    .assert_eq(&listing.text(Some("shop"), now()));
    expect![[r#"
        NAMESPACE   NAME   READY   UPDATED   AVAILABLE   REVISION         STATUS       AGE
        animals     zoo    0/2     0         0                            NotSeenYet   3d
        shop        api    2/2     2         2           web-bbbbbbbbbb   NotSeenYet   3d
        shop        web    2/2     2         2           web-bbbbbbbbbb   Ready        3d
    "#]]
    .assert_eq(&listing.text(None, now()));
    let none = Listing::of(&[]);
    expect![[r#"
        There are no SidecarWorkloads in namespace shop; --all-namespaces looks everywhere.
        There are no SidecarWorkloads.
    "#]]
    .assert_eq(&format!("{}{}", none.text(Some("shop"), now()), none.text(None, now())));
    let json = serde_json::to_value(&listing).unwrap();
    let words: Vec<&Value> = json["items"].as_array().unwrap().iter().map(|item| &item["state"]).collect();
    assert_eq!(words, ["Underway", "Underway", "Done"]);
}

#[test]
fn revisions_with_what_has_changed() {
    let patch = "spec: {revision: web-aaaaaaaaaa}\nstatus: {updateRevision: web-aaaaaaaaaa, failedRevision: web-cccccccccc}";
    let history = History::of(&workload(patch), &revisions());
    expect![[r#"
        REVISION   NAME             AGE   IS                      CHANGED
        1          web-aaaaaaaaaa   3d    update,pinned,healthy
        2          web-bbbbbbbbbb   24h   current,healthy         sidecars[logs].image: logs:1 -> logs:2
        3          web-cccccccccc   2m    failed                  sidecars[logs].image: logs:2 -> logs:nope
    "#]]
    .assert_eq(&history.text(now()));
    expect![[r#"
        {
          "number": 1,
          "name": "web-aaaaaaaaaa",
          "created": "2026-02-26T12:00:00Z",
          "healthyAt": "2026-02-27T00:00:00Z",
          "marks": [
            "update",
            "pinned",
            "healthy"
          ],
          "changes": []
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&history.revisions[0]).unwrap());
    expect![[r#"
        web has no revisions yet: Mainstay makes the first one.
    "#]]
    .assert_eq(&History::of(&workload(""), &[]).text(now()));
}

#[test]
fn a_revision_goes_by_its_number_or_its_name() {
    let revisions = revisions();
    for (wanted, expected) in
        [("1", Some("web-aaaaaaaaaa")), ("web-cccccccccc", Some("web-cccccccccc")), ("9", None), ("", None)]
    {
        let found = find(&revisions, wanted).map(|revision| revision.metadata.name.as_str());
        assert_eq!(found, expected, "{wanted}");
    }
}

#[test]
fn templates_differ_by_paths() {
    let template = |text: &str| crate::objects::yaml::<serde_json::Map<String, Value>>(text);
    let before = template(
        "main: {name: app, image: \"app:1\", env: [{name: A, value: x}], args: [a]}\nsidecars: [{name: logs, image: \"logs:1\"}]",
    );
    let after = template(
        "main: {name: app, image: \"app:2\", env: [{name: A, value: y}, {name: B}], args: [b], tty: true}\npod: {hostNetwork: true}",
    );
    expect![[r#"
        main.args
        main.env[A].value
        main.env[B] added
        main.image: app:1 -> app:2
        main.tty added
        pod added
        sidecars removed"#]]
    .assert_eq(&mainstay_kubectl::history::changes(&before, &after).join("\n"));
}
