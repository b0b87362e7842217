//! What a real apiserver sent of services, what is behind them, and nodes is read as what it was told; see `captured/README.md`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use expect_test::{Expect, expect};
use mainstay_model::{Kind, Object};
use mainstay_wire::list;

fn check(found: Vec<Object>, expected: Expect) {
    expected.assert_eq(&format!("{found:#?}\n"));
}

/// The objects of a list, which is one page and has nothing that cannot be read.
fn objects(kind: Kind, name: &str) -> Vec<Object> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captured");
    let body = std::fs::read(folder.join(name)).unwrap();
    let page = list::decode(kind, &body).unwrap();
    assert_eq!((page.continue_token, page.unreadable.len()), (None, 0));
    page.objects
}

#[test]
fn services() {
    check(
        objects(Kind::Service, "services.bin"),
        expect![[r#"
        [
            Service(
                Service {
                    meta: Meta {
                        name: capture/alias,
                        uid: a1a695f0-0476-4fb4-8e05-ce6dd32b8054,
                        version: 209,
                        generation: 0,
                        labels: {},
                        owners: [],
                        created: Some(
                            Timestamp(
                                1795546835000000,
                            ),
                        ),
                        deleting: None,
                    },
                    selector: Some(
                        Selector(
                            {
                                "app": "web",
                            },
                        ),
                    ),
                    external_name: true,
                    cluster_ip: Unset,
                    ip_families: [],
                    ports: [],
                    publish_not_ready: false,
                    traffic_distribution: None,
                    topology_mode: None,
                },
            ),
            Service(
                Service {
                    meta: Meta {
                        name: capture/headless,
                        uid: dbe2bb79-6561-43f2-90f9-b43468747b43,
                        version: 208,
                        generation: 0,
                        labels: {},
                        owners: [],
                        created: Some(
                            Timestamp(
                                1795546835000000,
                            ),
                        ),
                        deleting: None,
                    },
                    selector: Some(
                        Selector(
                            {
                                "app": "web",
                            },
                        ),
                    ),
                    external_name: false,
                    cluster_ip: None,
                    ip_families: [
                        V4,
                    ],
                    ports: [],
                    publish_not_ready: false,
                    traffic_distribution: None,
                    topology_mode: None,
                },
            ),
            Service(
                Service {
                    meta: Meta {
                        name: capture/plain,
                        uid: 16935149-572f-453c-a613-136ee1a9def9,
                        version: 211,
                        generation: 0,
                        labels: {},
                        owners: [],
                        created: Some(
                            Timestamp(
                                1795546835000000,
                            ),
                        ),
                        deleting: None,
                    },
                    selector: None,
                    external_name: false,
                    cluster_ip: Address(
                        10.96.157.224,
                    ),
                    ip_families: [
                        V4,
                    ],
                    ports: [
                        ServicePort {
                            name: "",
                            protocol: "TCP",
                            app_protocol: None,
                            port: 80,
                            target: Number(
                                80,
                            ),
                        },
                    ],
                    publish_not_ready: false,
                    traffic_distribution: None,
                    topology_mode: None,
                },
            ),
            Service(
                Service {
                    meta: Meta {
                        name: capture/web,
                        uid: c2e4449b-4606-43a4-9ae3-f31d558cf0ae,
                        version: 207,
                        generation: 0,
                        labels: {
                            "app": "web",
                            "service.kubernetes.io/headless": "",
                        },
                        owners: [],
                        created: Some(
                            Timestamp(
                                1795546835000000,
                            ),
                        ),
                        deleting: None,
                    },
                    selector: Some(
                        Selector(
                            {
                                "app": "web",
                                "tier": "front",
                            },
                        ),
                    ),
                    external_name: false,
                    cluster_ip: Address(
                        10.96.38.210,
                    ),
                    ip_families: [
                        V4,
                    ],
                    ports: [
                        ServicePort {
                            name: "http",
                            protocol: "TCP",
                            app_protocol: Some(
                                "kubernetes.io/h2c",
                            ),
                            port: 80,
                            target: Name(
                                "web",
                            ),
                        },
                        ServicePort {
                            name: "dns",
                            protocol: "UDP",
                            app_protocol: None,
                            port: 53,
                            target: Number(
                                5353,
                            ),
                        },
                    ],
                    publish_not_ready: true,
                    traffic_distribution: Some(
                        "PreferSameZone",
                    ),
                    topology_mode: Some(
                        "Auto",
                    ),
                },
            ),
        ]
    "#]],
    );
}

#[test]
fn endpoints() {
    check(
        objects(Kind::Endpoints, "endpoints.bin"),
        expect![[r#"
        [
            Endpoints(
                Endpoints {
                    meta: Meta {
                        name: capture/web,
                        uid: a014e451-3cc2-4905-b515-421476267b88,
                        version: 212,
                        generation: 0,
                        labels: {
                            "app": "web",
                        },
                        owners: [],
                        created: Some(
                            Timestamp(
                                1795546835000000,
                            ),
                        ),
                        deleting: None,
                    },
                    annotations: {
                        "endpoints.kubernetes.io/last-change-trigger-time": "2026-11-01T10:00:00Z",
                        "kubectl.kubernetes.io/last-applied-configuration": "{\"apiVersion\":\"v1\",\"kind\":\"Endpoints\",\"metadata\":{\"annotations\":{\"endpoints.kubernetes.io/last-change-trigger-time\":\"2026-11-01T10:00:00Z\"},\"finalizers\":[\"example.com/hold\"],\"labels\":{\"app\":\"web\"},\"name\":\"web\",\"namespace\":\"capture\"},\"subsets\":[{\"addresses\":[{\"hostname\":\"first\",\"ip\":\"10.0.0.1\",\"nodeName\":\"node-1\",\"targetRef\":{\"kind\":\"Pod\",\"name\":\"web-1\",\"namespace\":\"capture\",\"resourceVersion\":\"7\",\"uid\":\"c58cdd90-3c59-4999-bb53-516a073b7180\"}}],\"notReadyAddresses\":[{\"ip\":\"fd00::2\"}],\"ports\":[{\"appProtocol\":\"kubernetes.io/h2c\",\"name\":\"http\",\"port\":8080},{\"name\":\"dns\",\"port\":5353,\"protocol\":\"UDP\"}]},{\"addresses\":[{\"ip\":\"10.0.0.3\"}]}]}\n",
                    },
                    subsets: [
                        EndpointSubset {
                            ready: [
                                EndpointAddress {
                                    ip: "10.0.0.1",
                                    hostname: Some(
                                        "first",
                                    ),
                                    node: Some(
                                        "node-1",
                                    ),
                                    target: Some(
                                        TargetReference {
                                            kind: "Pod",
                                            namespace: "capture",
                                            name: "web-1",
                                            uid: "c58cdd90-3c59-4999-bb53-516a073b7180",
                                            rest: Some(
                                                TargetRest {
                                                    api_version: "",
                                                    version: "7",
                                                    field_path: "",
                                                },
                                            ),
                                        },
                                    ),
                                },
                            ],
                            not_ready: [
                                EndpointAddress {
                                    ip: "fd00::2",
                                    hostname: None,
                                    node: None,
                                    target: None,
                                },
                            ],
                            ports: [
                                SubsetPort {
                                    name: "http",
                                    port: 8080,
                                    protocol: "TCP",
                                    app_protocol: Some(
                                        "kubernetes.io/h2c",
                                    ),
                                },
                                SubsetPort {
                                    name: "dns",
                                    port: 5353,
                                    protocol: "UDP",
                                    app_protocol: None,
                                },
                            ],
                        },
                        EndpointSubset {
                            ready: [
                                EndpointAddress {
                                    ip: "10.0.0.3",
                                    hostname: None,
                                    node: None,
                                    target: None,
                                },
                            ],
                            not_ready: [],
                            ports: [],
                        },
                    ],
                    kept: b"r\x10example.com/hold",
                },
            ),
        ]
    "#]],
    );
}

#[test]
fn endpoint_slices() {
    check(
        objects(Kind::EndpointSlice, "endpointslices.bin"),
        expect![[r#"
        [
            EndpointSlice(
                EndpointSlice {
                    meta: Meta {
                        name: capture/elsewhere,
                        uid: e244a595-2e5b-4b26-9c3d-7f02e9d43541,
                        version: 214,
                        generation: 1,
                        labels: {
                            "kubernetes.io/service-name": "alias",
                        },
                        owners: [],
                        created: Some(
                            Timestamp(
                                1795546835000000,
                            ),
                        ),
                        deleting: None,
                    },
                    annotations: {
                        "kubectl.kubernetes.io/last-applied-configuration": "{\"addressType\":\"FQDN\",\"apiVersion\":\"discovery.k8s.io/v1\",\"endpoints\":[{\"addresses\":[\"elsewhere.example\"]}],\"kind\":\"EndpointSlice\",\"metadata\":{\"annotations\":{},\"labels\":{\"kubernetes.io/service-name\":\"alias\"},\"name\":\"elsewhere\",\"namespace\":\"capture\"},\"ports\":[]}\n",
                    },
                    address_type: Other,
                    endpoints: [
                        Endpoint {
                            addresses: [
                                "elsewhere.example",
                            ],
                            conditions: EndpointConditions {
                                ready: None,
                                serving: None,
                                terminating: None,
                            },
                            hostname: None,
                            node: None,
                            zone: None,
                            target: None,
                            zone_hints: [],
                            node_hints: [],
                        },
                    ],
                    ports: [],
                    kept: b"",
                },
            ),
            EndpointSlice(
                EndpointSlice {
                    meta: Meta {
                        name: capture/web-abcde,
                        uid: 09e99af4-a7d6-45e1-b440-cc4bd69bc545,
                        version: 213,
                        generation: 1,
                        labels: {
                            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                            "kubernetes.io/service-name": "web",
                        },
                        owners: [
                            OwnerReference {
                                api_version: "v1",
                                kind: "Service",
                                name: "web",
                                uid: Some(
                                    0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9,
                                ),
                                controller: true,
                            },
                        ],
                        created: Some(
                            Timestamp(
                                1795546835000000,
                            ),
                        ),
                        deleting: None,
                    },
                    annotations: {
                        "endpoints.kubernetes.io/last-change-trigger-time": "2026-11-01T10:00:00Z",
                        "kubectl.kubernetes.io/last-applied-configuration": "{\"addressType\":\"IPv4\",\"apiVersion\":\"discovery.k8s.io/v1\",\"endpoints\":[{\"addresses\":[\"10.0.0.1\"],\"conditions\":{\"ready\":true,\"serving\":true,\"terminating\":false},\"hints\":{\"forNodes\":[{\"name\":\"node-1\"}],\"forZones\":[{\"name\":\"zone-a\"},{\"name\":\"zone-b\"}]},\"hostname\":\"first\",\"nodeName\":\"node-1\",\"targetRef\":{\"kind\":\"Pod\",\"name\":\"web-1\",\"namespace\":\"capture\",\"uid\":\"c58cdd90-3c59-4999-bb53-516a073b7180\"},\"zone\":\"zone-a\"},{\"addresses\":[\"10.0.0.2\"]}],\"kind\":\"EndpointSlice\",\"metadata\":{\"annotations\":{\"endpoints.kubernetes.io/last-change-trigger-time\":\"2026-11-01T10:00:00Z\"},\"labels\":{\"endpointslice.kubernetes.io/managed-by\":\"endpointslice-controller.k8s.io\",\"kubernetes.io/service-name\":\"web\"},\"name\":\"web-abcde\",\"namespace\":\"capture\",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"blockOwnerDeletion\":true,\"controller\":true,\"kind\":\"Service\",\"name\":\"web\",\"uid\":\"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\"}]},\"ports\":[{\"appProtocol\":\"kubernetes.io/h2c\",\"name\":\"http\",\"port\":8080},{\"name\":\"\",\"port\":5353,\"protocol\":\"UDP\"},{\"name\":\"any\"}]}\n",
                    },
                    address_type: Ip(
                        V4,
                    ),
                    endpoints: [
                        Endpoint {
                            addresses: [
                                "10.0.0.1",
                            ],
                            conditions: EndpointConditions {
                                ready: Some(
                                    true,
                                ),
                                serving: Some(
                                    true,
                                ),
                                terminating: Some(
                                    false,
                                ),
                            },
                            hostname: Some(
                                "first",
                            ),
                            node: Some(
                                "node-1",
                            ),
                            zone: Some(
                                "zone-a",
                            ),
                            target: Some(
                                TargetReference {
                                    kind: "Pod",
                                    namespace: "capture",
                                    name: "web-1",
                                    uid: "c58cdd90-3c59-4999-bb53-516a073b7180",
                                    rest: None,
                                },
                            ),
                            zone_hints: [
                                "zone-a",
                                "zone-b",
                            ],
                            node_hints: [
                                "node-1",
                            ],
                        },
                        Endpoint {
                            addresses: [
                                "10.0.0.2",
                            ],
                            conditions: EndpointConditions {
                                ready: None,
                                serving: None,
                                terminating: None,
                            },
                            hostname: None,
                            node: None,
                            zone: None,
                            target: None,
                            zone_hints: [],
                            node_hints: [],
                        },
                    ],
                    ports: [
                        EndpointPort {
                            name: Some(
                                "http",
                            ),
                            port: Some(
                                8080,
                            ),
                            protocol: Some(
                                "TCP",
                            ),
                            app_protocol: Some(
                                "kubernetes.io/h2c",
                            ),
                        },
                        EndpointPort {
                            name: Some(
                                "",
                            ),
                            port: Some(
                                5353,
                            ),
                            protocol: Some(
                                "UDP",
                            ),
                            app_protocol: None,
                        },
                        EndpointPort {
                            name: Some(
                                "any",
                            ),
                            port: None,
                            protocol: Some(
                                "TCP",
                            ),
                            app_protocol: None,
                        },
                    ],
                    kept: b"j<\n\x07Service\x1a\x03web\"$0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9*\x02v10\x018\x01",
                },
            ),
        ]
    "#]],
    );
}

#[test]
fn nodes() {
    check(
        objects(Kind::Node, "nodes.bin"),
        expect![[r#"
            [
                Node(
                    Node {
                        meta: Meta {
                            name: node-1,
                            uid: 656724c6-6fde-4d73-9a7f-1a692b1b7569,
                            version: 216,
                            generation: 0,
                            labels: {
                                "node-role.kubernetes.io/control-plane": "",
                                "topology.kubernetes.io/zone": "zone-a",
                            },
                            owners: [],
                            created: Some(
                                Timestamp(
                                    1795546835000000,
                                ),
                            ),
                            deleting: None,
                        },
                        ready: true,
                        ready_since: None,
                        allocatable_cpu: Some(
                            "3500m",
                        ),
                        kubelet: None,
                    },
                ),
            ]
        "#]],
    );
}
