{{/* One duty: a ClusterRole with these rules and its binding to the manager's account. */}}
{{- define "mainstay.clusterDuty" -}}
{{- $name := printf "%s.%s" (include "mainstay.clusterName" .root) .duty -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $name }}
  labels:
    {{- include "mainstay.labels" .root | nindent 4 }}
rules:
  {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "mainstay.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "mainstay.serviceAccountName" .root | quote }}
    namespace: {{ .root.Release.Namespace | quote }}
{{- end -}}

{{- define "mainstay.rules.events" -}}
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* Adopting a pod sets blockOwnerDeletion, which an admission plugin allows to those who may update the owner's finalizers.
     Quotas are watched to learn when there is room again; without that right only the back-off ends a wait. */}}
{{- define "mainstay.rules.replication" -}}
- apiGroups: [""]
  resources: [replicationcontrollers]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [replicationcontrollers/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [replicationcontrollers/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [resourcequotas]
  verbs: [get, list, watch]
{{- end -}}
