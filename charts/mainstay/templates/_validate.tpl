{{/* A duration in milliseconds. */}}
{{- define "mainstay.milliseconds" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 -}}
{{- $total := 0 -}}
{{- range $part := regexFindAll "[0-9.]+[a-z]+" . -1 -}}
{{- $total = addf $total (mulf (regexFind "^[0-9.]+" $part) (get $units (regexFind "[a-z]+$" $part))) -}}
{{- end -}}
{{- int64 $total -}}
{{- end -}}

{{/* What a schema cannot say: the names in `controllers`, and durations that are out of bounds or contradict
     each other, and what else concerns two values. The manager would refuse them too, but only once it runs. */}}
{{- define "mainstay.validate" -}}
{{- $_ := include "mainstay.controllers" . -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection.enabled) -}}
{{- fail (printf "replicas: %d replicas without leaderElection.enabled would all write at once; set leaderElection.enabled=true or replicas=1" (int .Values.replicas)) -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.name: needed when serviceAccount.create is false, so that the manager's rights do not go to the namespace's default account" -}}
{{- end -}}
{{- $durations := list
      (list "requestTimeout" .Values.requestTimeout "100ms" "1h")
      (list "retryCap" .Values.retryCap "5ms" "1h")
      (list "endpointUpdatesBatchPeriod" .Values.endpointUpdatesBatchPeriod "0s" "1h")
      (list "endpointSliceUpdatesBatchPeriod" .Values.endpointSliceUpdatesBatchPeriod "0s" "1h")
      (list "mirroringEndpointSliceUpdatesBatchPeriod" .Values.mirroringEndpointSliceUpdatesBatchPeriod "0s" "1h")
      (list "auditInterval" .Values.auditInterval "1s" "24h")
      (list "shutdownTimeout" .Values.shutdownTimeout "0s" "1h")
      (list "leaderElection.leaseDuration" .Values.leaderElection.leaseDuration "1s" "1h")
      (list "leaderElection.renewDeadline" .Values.leaderElection.renewDeadline "1ms" "1h")
      (list "leaderElection.retryPeriod" .Values.leaderElection.retryPeriod "1ms" "1h") -}}
{{- range $durations -}}
{{- $value := include "mainstay.milliseconds" (index . 1) | int64 -}}
{{- if or (lt $value (include "mainstay.milliseconds" (index . 2) | int64)) (gt $value (include "mainstay.milliseconds" (index . 3) | int64)) -}}
{{- fail (printf "%s: %s is not within %s and %s" (index . 0) (index . 1) (index . 2) (index . 3)) -}}
{{- end -}}
{{- end -}}
{{- with .Values.leaderElection -}}
{{- $lease := include "mainstay.milliseconds" .leaseDuration | int64 -}}
{{- $deadline := include "mainstay.milliseconds" .renewDeadline | int64 -}}
{{- $retry := include "mainstay.milliseconds" .retryPeriod | int64 -}}
{{- if mod $lease 1000 -}}
{{- fail (printf "leaderElection.leaseDuration: %s is not a whole number of seconds, as a Lease needs it" .leaseDuration) -}}
{{- end -}}
{{- if le $lease $deadline -}}
{{- fail (printf "leaderElection.renewDeadline: %s is not less than leaseDuration, %s: another could lead before this one ends" .renewDeadline .leaseDuration) -}}
{{- end -}}
{{- /* A try may come a fifth later than its period says, so that replicas do not keep in step. */ -}}
{{- if le (mul 5 $deadline) (mul 6 $retry) -}}
{{- fail (printf "leaderElection.retryPeriod: 1.2 times %s is not less than renewDeadline, %s: no second try would fit" .retryPeriod .renewDeadline) -}}
{{- end -}}
{{- end -}}
{{- if ge (include "mainstay.milliseconds" .Values.shutdownTimeout | int64) (mul 1000 (int .Values.terminationGracePeriodSeconds)) -}}
{{- fail (printf "shutdownTimeout: %s is not less than terminationGracePeriodSeconds, %d: the kubelet would end the pod first" .Values.shutdownTimeout (int .Values.terminationGracePeriodSeconds)) -}}
{{- end -}}
{{- end -}}
