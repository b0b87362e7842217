{{/* Whether the kube-controller-manager of a pod runs the controller of these `names`: "on" or "off". As upstream, the first mention
     of a name in --controllers wins, a star counts only where there is none, and no list means all. */}}
{{- define "mainstay.inTree.mode" -}}
{{- $entries := list -}}
{{- $valueIsNext := false -}}
{{- range $container := .pod.spec.containers -}}
{{- range $word := concat ($container.command | default list) ($container.args | default list) -}}
{{- if $valueIsNext -}}
{{- $entries = concat $entries (splitList "," $word) -}}
{{- $valueIsNext = false -}}
{{- else if hasPrefix "--controllers=" $word -}}
{{- $entries = concat $entries (trimPrefix "--controllers=" $word | splitList ",") -}}
{{- else -}}
{{- $valueIsNext = eq $word "--controllers" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $mode := "" -}}
{{- range $entry := $entries -}}
{{- if and (not $mode) (contains "$" $entry) -}}
{{- /* A value from the environment, which cannot be seen. */ -}}
{{- $mode = "on" -}}
{{- else if and (not $mode) (has (trimPrefix "-" $entry) $.names) -}}
{{- $mode = ternary "off" "on" (hasPrefix "-" $entry) -}}
{{- end -}}
{{- end -}}
{{- $mode | default (ternary "on" "off" (or (not $entries) (has "*" $entries))) -}}
{{- end -}}

{{/* In words: what of kube-controller-manager there is, given the pods of kube-system and its lease, and what follows for a controller
     of ours in the mode auto. The manager decides by more than this, and for itself; `takeover` tells how, where the twin is on. */}}
{{- define "mainstay.inTree.found" -}}
{{- $alias := get (include "mainstay.controllers.own" . | fromYaml) .controller -}}
{{- $names := list .controller $alias -}}
{{- $holder := "" -}}
{{- with .lease.spec -}}
{{- /* By this machine's clock, for which a minute has to do. */ -}}
{{- $age := sub (now | unixEpoch | int64) (.renewTime | default "" | toDate "2006-01-02T15:04:05Z07:00" | unixEpoch | int64) -}}
{{- if lt $age 60 -}}{{- $holder = .holderIdentity | default "" -}}{{- end -}}
{{- end -}}
{{- $holds := $holder -}}
{{- $running := list -}}
{{- range $pod := .pods -}}
{{- if eq (get ($pod.metadata.labels | default dict) "component") "kube-controller-manager" }}
  {{- $mode := include "mainstay.inTree.mode" (dict "pod" $pod "names" $names) }}
  pod kube-system/{{ $pod.metadata.name }}: {{ $alias }} is {{ $mode }}
{{- /* Where its candidates are known, the lease says nothing. */ -}}
{{- $holds = "" -}}
{{- if eq $mode "on" -}}
{{- $running = append $running $pod.metadata.name -}}
{{- end -}}
{{- end -}}
{{- end }}
{{- with $holder }}
  lease kube-system/kube-controller-manager: held by {{ . }}
{{- end }}
{{- if $running }}
So {{ .controller }} stays passive here, and kube-controller-manager goes on. It acts once the other one is off:
{{ .takeover }}
{{- else if $holds }}
So {{ .controller }} stays passive here: which controllers the holder of that lease runs cannot be seen. If you know
that {{ $alias }} is not among them, say so: --set controllers={{ $alias }}=on
{{- else }}
  nothing that runs {{ $alias }}
So {{ .controller }} acts about a minute after its start, unless it is seen by then that somebody else does.
{{- end -}}
{{- end -}}
