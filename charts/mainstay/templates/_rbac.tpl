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

{{/* One duty in the release's namespace: a Role with these rules and its binding to the manager's account. */}}
{{- define "mainstay.localDuty" -}}
{{- $name := printf "%s-%s" (include "mainstay.fullname" .root) .duty -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "mainstay.labels" .root | nindent 4 }}
rules:
  {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "mainstay.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "mainstay.serviceAccountName" .root | quote }}
    namespace: {{ .root.Release.Namespace | quote }}
{{- end -}}

{{/* A name cannot limit a create: the apiserver does not know it yet when it asks for the permission. */}}
{{- define "mainstay.rules.lease" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ .Values.leaderElection.resourceName | quote }}]
  verbs: [get, update]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
{{- end -}}

{{/* The manager changes the canary's spec, and makes it where there is none. */}}
{{- define "mainstay.rules.canary" -}}
- apiGroups: [""]
  resources: [replicationcontrollers]
  resourceNames: [{{ include "mainstay.canaryName" . | quote }}]
  verbs: [get, patch]
- apiGroups: [""]
  resources: [replicationcontrollers]
  verbs: [create]
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

{{/* A pod and a revision set blockOwnerDeletion towards their SidecarWorkload, as with the ReplicationController. Nodes are read for their kubelets'
     versions, PodDisruptionBudgets for what they still allow when a container is to be restarted in a running pod. */}}
{{- define "mainstay.rules.sidecars" -}}
- apiGroups: [mainstay.dev]
  resources: [sidecarworkloads]
  verbs: [get, list, watch]
- apiGroups: [mainstay.dev]
  resources: [sidecarworkloads/status]
  verbs: [patch]
- apiGroups: [mainstay.dev]
  resources: [sidecarworkloads/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods/status]
  verbs: [patch]
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [nodes, resourcequotas]
  verbs: [get, list, watch]
{{- end -}}

{{/* Some distributions let nobody write addresses of pods into an Endpoints who has not the right to endpoints/restricted. */}}
{{- define "mainstay.rules.endpoints" -}}
- apiGroups: [""]
  resources: [services, pods]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [endpoints]
  verbs: [get, list, watch, create, update, delete]
- apiGroups: [""]
  resources: [endpoints/restricted]
  verbs: [create]
{{- end -}}

{{/* A slice sets blockOwnerDeletion towards its service, which an admission plugin allows to those who may update the owner's finalizers. */}}
{{- define "mainstay.rules.slices" -}}
- apiGroups: [""]
  resources: [services, pods, nodes]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [services/finalizers]
  verbs: [update]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch, create, update, delete]
{{- end -}}

{{/* The owner of these slices is the Endpoints. */}}
{{- define "mainstay.rules.mirroring" -}}
- apiGroups: [""]
  resources: [services, endpoints]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [endpoints/finalizers]
  verbs: [update]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch, create, update, delete]
{{- end -}}

{{/* What shows that somebody else acts: kube-controller-manager's pods, which no right can limit by label, and its lease. */}}
{{- define "mainstay.rules.rivals" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [kube-controller-manager]
  verbs: [get]
{{- end -}}
