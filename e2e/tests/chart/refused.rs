//! Values that the chart does not take.

use crate::install::{on_chart, with};

#[test]
fn bad_values_are_refused_by_name() {
    // The values, and what the complaint must hold.
    let cases: &[(&str, &[&str])] = &[
        ("replica: 2", &["'replica'", "not allowed"]),
        ("replicas: two", &["/replicas", "integer"]),
        ("replicas: -1", &["/replicas", "-1"]),
        ("replicas: 1.5", &["/replicas", "integer"]),
        ("replicas: null", &["replicas"]),
        ("controllers: ''", &["/controllers"]),
        ("controllers: 'foo bar'", &["/controllers", "foo bar"]),
        ("controllers: ['*']", &["/controllers", "string"]),
        ("controllers: '*=on'", &["/controllers", "*=on"]),
        ("controllers: '*,,-replicationcontroller'", &["/controllers"]),
        (
            "controllers: replicationcontroller=shadow",
            &["controllers", "\"replicationcontroller=shadow\"", "later version", "auto, on and off"],
        ),
        ("controllers: podgc=shadow", &["\"podgc=shadow\"", "later version"]),
        ("controllers: replicationcontroller=maybe", &["no mode \"maybe\"", "auto, on and off"]),
        ("controllers: -replicationcontroller=on", &["\"-replicationcontroller=on\"", "not both"]),
        ("controllers: '*,foo=auto'", &["controllers", "\"foo\""]),
        (
            "controllers: '*,replicationcontroler'",
            &["controllers", "\"replicationcontroler\"", "replicationcontroller-controller"],
        ),
        ("{rbac: {create: false}, controllers: '-nope'}", &["controllers", "\"nope\""]),
        ("concurrentWrites: 0", &["/concurrentWrites"]),
        ("concurrentWrites: '512'", &["/concurrentWrites", "integer"]),
        ("replicationBurst: 65537", &["/replicationBurst"]),
        ("maxEndpointsPerSlice: 0", &["/maxEndpointsPerSlice"]),
        ("maxEndpointsPerSlice: 1001", &["/maxEndpointsPerSlice", "1,001"]),
        ("mirroringMaxEndpointsPerSubset: 1001", &["/mirroringMaxEndpointsPerSubset", "1,001"]),
        ("controllers: endpoints", &["\"endpoints\"", "endpoints-controller"]),
        ("retryCap: 2 minutes", &["/retryCap", "2 minutes"]),
        ("requestTimeout: 60", &["/requestTimeout", "string"]),
        ("auditInterval: ''", &["/auditInterval"]),
        ("shutdownTimeout: -1s", &["/shutdownTimeout", "-1s"]),
        ("listenAddress: 8080", &["/listenAddress"]),
        ("listenAddress: 'localhost:8080'", &["/listenAddress", "localhost:8080"]),
        ("listenAddress: '127.0.0.1:8080'", &["/listenAddress"]),
        ("listenAddress: '0.0.0.0:80'", &["/listenAddress", "0.0.0.0:80"]),
        ("listenAddress: '0.0.0.0:65536'", &["/listenAddress"]),
        ("leaderElection: {leaseDuraton: 15s}", &["/leaderElection", "'leaseDuraton'"]),
        ("leaderElection: {leaseDuration: 15}", &["/leaderElection/leaseDuration"]),
        ("leaderElection: {enabled: 'yes'}", &["/leaderElection/enabled", "boolean"]),
        ("leaderElection: {resourceName: Captain}", &["/leaderElection/resourceName", "Captain"]),
        ("leaderElection: {enabled: false}", &["replicas", "leaderElection.enabled"]),
        (
            "leaderElection: {leaseDuration: 10s}",
            &["leaderElection.renewDeadline", "not less than leaseDuration"],
        ),
        ("leaderElection: {leaseDuration: 0.1m, renewDeadline: 6s}", &["leaderElection.renewDeadline"]),
        ("leaderElection: {retryPeriod: 8400ms}", &["leaderElection.retryPeriod", "8400ms"]),
        ("terminationGracePeriodSeconds: 10", &["shutdownTimeout", "terminationGracePeriodSeconds"]),
        ("shutdownTimeout: 1h1s", &["shutdownTimeout", "1h1s"]),
        ("logging: {format: xml}", &["/logging/format", "'text', 'json'"]),
        ("logging: {level: verbose}", &["/logging/level", "verbose"]),
        ("logging: {level: 'info,mainstay_engine'}", &["/logging/level", "mainstay_engine"]),
        ("listenAddress: '0.0.0.256:8080'", &["/listenAddress", "0.0.0.256"]),
        ("leaderElection: {resourceName: a..b}", &["/leaderElection/resourceName", "a..b"]),
        ("requestTimeout: 99ms", &["requestTimeout", "99ms is not within 100ms and 1h"]),
        ("retryCap: 1h1ms", &["retryCap", "1h1ms"]),
        ("auditInterval: 24h1s", &["auditInterval", "24h1s"]),
        (
            "leaderElection: {leaseDuration: 15.5s}",
            &["leaderElection.leaseDuration", "whole number of seconds"],
        ),
        ("image: {pullPolicy: Sometimes}", &["/image/pullPolicy", "'IfNotPresent', 'Always', 'Never'"]),
        ("image: {repository: ''}", &["/image/repository"]),
        ("image: {tag: 'a b'}", &["/image/tag", "a b"]),
        ("image: {digest: sha256:0}", &["/image", "'digest'"]),
        ("imagePullSecrets: [key]", &["/imagePullSecrets/0"]),
        ("fullnameOverride: Steward", &["/fullnameOverride", "Steward"]),
        ("serviceAccount: {create: false}", &["serviceAccount.name"]),
        ("serviceAccount: {annotations: {a: 1}}", &["/serviceAccount/annotations/a"]),
        ("rbac: {creat: true}", &["/rbac", "'creat'"]),
        ("controllers: sidecarworkload", &["\"sidecarworkload\"", "sidecarworkload-controller"]),
        ("crds: {instal: true}", &["/crds", "'instal'"]),
        ("crds: null", &["crds"]),
        ("singleMain: Audit", &["/singleMain", "'Warn', 'Deny', 'Off'"]),
        // YAML takes the bare word for a truth value.
        ("singleMain: off", &["/singleMain", "'Warn', 'Deny', 'Off'"]),
        ("flowControl: {lendablePercent: 101}", &["/flowControl/lendablePercent", "101"]),
        ("flowControl: {concurrencyShares: 0}", &["/flowControl/concurrencyShares"]),
        ("resources: {limits: {memory: lots}}", &["/resources/limits/memory", "lots"]),
        ("resources: {limits: {gpu: 1}}", &["/resources/limits", "'gpu'"]),
        ("resources: {claims: []}", &["/resources", "'claims'"]),
        ("priorityClassName: Critical", &["/priorityClassName", "Critical"]),
        ("tolerations: [{keyy: a}]", &["/tolerations/0", "'keyy'"]),
        ("tolerations: [{effect: NoWay}]", &["/tolerations/0/effect", "'NoExecute'"]),
        ("nodeSelector: {ssd: true}", &["/nodeSelector/ssd", "string"]),
        ("terminationGracePeriodSeconds: 30s", &["/terminationGracePeriodSeconds", "integer"]),
        ("podLabels: {a: 1}", &["/podLabels/a"]),
        ("metrics: {enabled: true}", &["/metrics", "'enabled'"]),
        ("metrics: {serviceMonitor: {interval: often}}", &["/metrics/serviceMonitor/interval", "often"]),
    ];
    for (values, hints) in cases {
        let complaint = on_chart(&["template"], &with(values)).expect_err(values);
        for hint in *hints {
            assert!(complaint.contains(hint), "{values}: {hint:?} is not in\n{complaint}");
        }
    }
}
