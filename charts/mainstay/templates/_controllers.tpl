{{/* The controllers that Mainstay has: canonical name, and the older name that every supported kube-controller-manager accepts; none where
     kube-controller-manager has no such controller. */}}
{{- define "mainstay.controllers.own" -}}
endpoints-controller: endpoint
endpointslice-controller: endpointslice
endpointslice-mirroring-controller: endpointslicemirroring
replicationcontroller-controller: replicationcontroller
sidecarworkload-controller: ""
{{- end -}}

{{/* The other names that kube-controller-manager knows, canonical: older. They are accepted, so that its list can be pasted. */}}
{{- define "mainstay.controllers.inTree" -}}
bootstrap-signer-controller: bootstrapsigner
certificatesigningrequest-approving-controller: csrapproving
certificatesigningrequest-cleaner-controller: csrcleaner
certificatesigningrequest-signing-controller: csrsigning
cloud-node-lifecycle-controller: cloud-node-lifecycle
clusterrole-aggregation-controller: clusterrole-aggregation
cronjob-controller: cronjob
daemonset-controller: daemonset
deployment-controller: deployment
device-taint-eviction-controller: ""
disruption-controller: disruption
ephemeral-volume-controller: ephemeral-volume
garbage-collector-controller: garbagecollector
horizontal-pod-autoscaler-controller: horizontalpodautoscaling
job-controller: job
kube-apiserver-serving-clustertrustbundle-publisher-controller: ""
legacy-serviceaccount-token-cleaner-controller: legacy-service-account-token-cleaner
namespace-controller: namespace
node-ipam-controller: nodeipam
node-lifecycle-controller: nodelifecycle
node-route-controller: route
persistentvolume-attach-detach-controller: attachdetach
persistentvolume-binder-controller: persistentvolume-binder
persistentvolume-expander-controller: persistentvolume-expander
persistentvolume-protection-controller: pv-protection
persistentvolumeclaim-protection-controller: pvc-protection
pod-garbage-collector-controller: podgc
podcertificaterequest-cleaner-controller: ""
podgroup-protection-controller: ""
replicaset-controller: replicaset
resourceclaim-controller: resource-claim-controller
resourcepoolstatusrequest-controller: ""
resourcequota-controller: resourcequota
root-ca-certificate-publisher-controller: root-ca-cert-publisher
selinux-warning-controller: ""
service-cidr-controller: ""
service-lb-controller: service
serviceaccount-controller: serviceaccount
serviceaccount-token-controller: serviceaccount-token
statefulset-controller: statefulset
storage-version-migrator-controller: svm
storageversion-garbage-collector-controller: storage-version-gc
taint-eviction-controller: ""
token-cleaner-controller: tokencleaner
ttl-after-finished-controller: ttl-after-finished
ttl-controller: ttl
validatingadmissionpolicy-status-controller: ""
volumeattributesclass-protection-controller: ""
{{- end -}}

{{/* What the list in `controllers` means: YAML with the canonical names that are `auto`, `on` and `off` here, and those that are
     `elsewhere`: not switched off, but not part of Mainstay. As upstream, the first explicit mention wins and the place of
     `*` does not matter. A name or a mode that nobody knows ends the rendering, as it would end the manager. */}}
{{- define "mainstay.controllers" -}}
{{- $own := include "mainstay.controllers.own" . | fromYaml -}}
{{- $inTree := include "mainstay.controllers.inTree" . | fromYaml -}}
{{- $canonical := dict -}}
{{- range $known := list $own $inTree -}}
{{- range $name, $alias := $known -}}
{{- $_ := set $canonical $name $name -}}
{{- if $alias -}}{{- $_ := set $canonical $alias $name -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $star := false -}}
{{- $modes := dict -}}
{{- range $entry := splitList "," .Values.controllers -}}
{{- if eq $entry "*" -}}
{{- $star = true -}}
{{- else -}}
{{- $parts := splitn "=" 2 ($entry | trimPrefix "-") -}}
{{- $name := $parts._0 -}}
{{- $mode := $parts._1 | default (ternary "off" "on" (hasPrefix "-" $entry)) -}}
{{- if and (hasPrefix "-" $entry) $parts._1 -}}
{{- fail (printf "controllers: %q in %q: write -NAME or NAME=MODE, not both in one entry" $entry $.Values.controllers) -}}
{{- end -}}
{{- if eq $mode "shadow" -}}
{{- fail (printf "controllers: %q in %q: the mode shadow comes with a later version; the modes are auto, on and off" $entry $.Values.controllers) -}}
{{- end -}}
{{- if not (has $mode (list "auto" "on" "off")) -}}
{{- fail (printf "controllers: %q in %q: there is no mode %q; the modes are auto, on and off" $entry $.Values.controllers $mode) -}}
{{- end -}}
{{- if not (hasKey $canonical $name) -}}
{{- fail (printf "controllers: %q in %q is no controller's name; Mainstay has: %s; of kube-controller-manager these are known: %s" $name $.Values.controllers (keys $own | sortAlpha | join ", ") (keys $inTree | sortAlpha | join ", ")) -}}
{{- end -}}
{{- $name = get $canonical $name -}}
{{- if not (hasKey $modes $name) -}}
{{- $_ := set $modes $name $mode -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $result := dict "auto" list "on" list "off" list "elsewhere" list -}}
{{- range $name := keys $own | sortAlpha -}}
{{- $mode := get $modes $name | default (ternary "auto" "off" $star) -}}
{{- if and (eq $mode "auto") (not (get $own $name)) -}}
{{- /* Nobody else does its work, so there is nothing to wait for. */ -}}
{{- $mode = "on" -}}
{{- end -}}
{{- $_ := set $result $mode (append (get $result $mode) $name) -}}
{{- end -}}
{{- range $name := keys $inTree | sortAlpha -}}
{{- if ne (get $modes $name | default "off") "off" -}}
{{- $_ := set $result "elsewhere" (append $result.elsewhere $name) -}}
{{- end -}}
{{- end -}}
{{- $result | toYaml -}}
{{- end -}}

{{/* The value for kube-controller-manager's --controllers that leaves ours to us: kubeadm's own list, less what is on or auto here. */}}
{{- define "mainstay.controllers.forInTree" -}}
{{- $own := include "mainstay.controllers.own" . | fromYaml -}}
{{- $controllers := include "mainstay.controllers" . | fromYaml -}}
{{- $list := list "*" "bootstrapsigner" "tokencleaner" -}}
{{- range $name := concat $controllers.on $controllers.auto | sortAlpha -}}
{{- with get $own $name -}}
{{- $list = append $list (printf "-%s" .) -}}
{{- end -}}
{{- end -}}
{{- $list | join "," -}}
{{- end -}}
