{{/* What a schema cannot say: the names in `controllers`, and what concerns two values. */}}
{{- define "mainstay.validate" -}}
{{- $_ := include "mainstay.controllers" . -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection.enabled) -}}
{{- fail (printf "replicas: %d replicas without leaderElection.enabled would all write at once; set leaderElection.enabled=true or replicas=1" (int .Values.replicas)) -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.name: needed when serviceAccount.create is false, so that the manager's rights do not go to the namespace's default account" -}}
{{- end -}}
{{- end -}}
