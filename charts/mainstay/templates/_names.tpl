{{/* Text of at most `limit` characters; what had to be cut off lives on as a hash, so that two long names stay two. */}}
{{- define "mainstay.shorten" -}}
{{- if le (len .text) (int .limit) -}}
{{- .text -}}
{{- else -}}
{{- printf "%s-%s" (.text | trunc (int (sub .limit 9)) | trimSuffix "-" | trimSuffix ".") (.text | sha256sum | trunc 8) -}}
{{- end -}}
{{- end -}}

{{/* The name of the objects in the release's namespace. 46 characters leave room for a Deployment's pod suffix and for ours
     below the 63 of a DNS label; a Service's name may hold no dot and must begin with a letter, a release's may. */}}
{{- define "mainstay.fullname" -}}
{{- $name := .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-mainstay" .Release.Name) (contains "mainstay" .Release.Name)) | replace "." "-" -}}
{{- if not (regexMatch "^[a-z]" $name) -}}
{{- $name = printf "mainstay-%s" $name -}}
{{- end -}}
{{- include "mainstay.shorten" (dict "text" $name "limit" 46) -}}
{{- end -}}

{{/* The stem of the cluster-scoped names: a namespace and a full name hold no dot, so no two installs share one. */}}
{{- define "mainstay.clusterName" -}}
{{- include "mainstay.shorten" (dict "text" (printf "%s.%s" (include "mainstay.fullname" .) .Release.Namespace) "limit" 50) -}}
{{- end -}}

{{/* The ReplicationController by which the managers see whether somebody else acts. */}}
{{- define "mainstay.canaryName" -}}
{{- include "mainstay.fullname" . }}-canary
{{- end -}}

{{- define "mainstay.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "mainstay.fullname" .) -}}
{{- end -}}

{{- define "mainstay.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{/* The port of listenAddress, behind its last colon. */}}
{{- define "mainstay.port" -}}
{{- regexFind "[0-9]+$" .Values.listenAddress -}}
{{- end -}}

{{/* What tells the manager's pods from all others, the test's pod of the same release included. */}}
{{- define "mainstay.selectorLabels" -}}
app.kubernetes.io/name: mainstay
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: manager
{{- end -}}

{{- define "mainstay.labels" -}}
app.kubernetes.io/name: mainstay
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The pod-level and container-level security of everything that this chart runs: the `restricted` standard and more. */}}
{{- define "mainstay.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "mainstay.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end -}}
