//! ReplicationControllers for the tests.

/// One whose pods run on fake nodes.
pub fn on_fake_nodes(name: &str, replicas: usize) -> String {
    format!(
        r#"
apiVersion: v1
kind: ReplicationController
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{app: {name}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      nodeSelector: {{type: kwok}}
      tolerations: [{{key: kwok.x-k8s.io/node, operator: Exists, effect: NoSchedule}}]
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 0
      containers: [{{name: main, image: none}}]
"#
    )
}
