//! The fields of a pod spec, by `cargo xtask pod-fields` from k8s.io/api: not to be edited.

use super::fields::Type::{Flag, Int32, Int64, IntOrString, List, Map, Nested, Quantity, Text, Time};
use super::fields::{Field, Message};

pub(super) static POD_SPEC: Message = Message(&[
    Field::new("volumes", 1, List(&Nested(&VOLUME))), Field::new("containers", 2, List(&Nested(&CONTAINER))),
    Field::new("restartPolicy", 3, Text), Field::new("terminationGracePeriodSeconds", 4, Int64),
    Field::new("activeDeadlineSeconds", 5, Int64), Field::new("dnsPolicy", 6, Text),
    Field::new("nodeSelector", 7, Map(&Text)), Field::new("serviceAccountName", 8, Text),
    Field::new("serviceAccount", 9, Text), Field::new("nodeName", 10, Text),
    Field::new("hostNetwork", 11, Flag), Field::new("hostPID", 12, Flag), Field::new("hostIPC", 13, Flag),
    Field::new("securityContext", 14, Nested(&POD_SECURITY_CONTEXT)),
    Field::new("imagePullSecrets", 15, List(&Nested(&LOCAL_OBJECT_REFERENCE))),
    Field::new("hostname", 16, Text), Field::new("subdomain", 17, Text),
    Field::new("affinity", 18, Nested(&AFFINITY)), Field::new("schedulerName", 19, Text),
    Field::new("initContainers", 20, List(&Nested(&CONTAINER))),
    Field::new("automountServiceAccountToken", 21, Flag),
    Field::new("tolerations", 22, List(&Nested(&TOLERATION))),
    Field::new("hostAliases", 23, List(&Nested(&HOST_ALIAS))), Field::new("priorityClassName", 24, Text),
    Field::new("priority", 25, Int32), Field::new("dnsConfig", 26, Nested(&POD_DNS_CONFIG)),
    Field::new("shareProcessNamespace", 27, Flag),
    Field::new("readinessGates", 28, List(&Nested(&POD_READINESS_GATE))),
    Field::new("runtimeClassName", 29, Text), Field::new("enableServiceLinks", 30, Flag),
    Field::new("preemptionPolicy", 31, Text), Field::new("overhead", 32, Map(&Quantity)),
    Field::new("topologySpreadConstraints", 33, List(&Nested(&TOPOLOGY_SPREAD_CONSTRAINT))),
    Field::new("ephemeralContainers", 34, List(&Nested(&EPHEMERAL_CONTAINER))),
    Field::new("setHostnameAsFQDN", 35, Flag), Field::new("os", 36, Nested(&POD_OS)),
    Field::new("hostUsers", 37, Flag), Field::new("schedulingGates", 38, List(&Nested(&POD_SCHEDULING_GATE))),
    Field::new("resourceClaims", 39, List(&Nested(&POD_RESOURCE_CLAIM))),
    Field::new("resources", 40, Nested(&RESOURCE_REQUIREMENTS)), Field::new("hostnameOverride", 41, Text),
    Field::new("schedulingGroup", 43, Nested(&POD_SCHEDULING_GROUP)),
]);

static VOLUME: Message = Message(&[
    Field::new("name", 1, Text), Field::embedded(2, &VOLUME_SOURCE),
]);

static CONTAINER: Message = Message(&[
    Field::new("name", 1, Text), Field::new("image", 2, Text), Field::new("command", 3, List(&Text)),
    Field::new("args", 4, List(&Text)), Field::new("workingDir", 5, Text),
    Field::new("ports", 6, List(&Nested(&CONTAINER_PORT))), Field::new("env", 7, List(&Nested(&ENV_VAR))),
    Field::new("resources", 8, Nested(&RESOURCE_REQUIREMENTS)),
    Field::new("volumeMounts", 9, List(&Nested(&VOLUME_MOUNT))),
    Field::new("livenessProbe", 10, Nested(&PROBE)), Field::new("readinessProbe", 11, Nested(&PROBE)),
    Field::new("lifecycle", 12, Nested(&LIFECYCLE)), Field::new("terminationMessagePath", 13, Text),
    Field::new("imagePullPolicy", 14, Text), Field::new("securityContext", 15, Nested(&SECURITY_CONTEXT)),
    Field::new("stdin", 16, Flag), Field::new("stdinOnce", 17, Flag), Field::new("tty", 18, Flag),
    Field::new("envFrom", 19, List(&Nested(&ENV_FROM_SOURCE))),
    Field::new("terminationMessagePolicy", 20, Text),
    Field::new("volumeDevices", 21, List(&Nested(&VOLUME_DEVICE))),
    Field::new("startupProbe", 22, Nested(&PROBE)),
    Field::new("resizePolicy", 23, List(&Nested(&CONTAINER_RESIZE_POLICY))),
    Field::new("restartPolicy", 24, Text),
    Field::new("restartPolicyRules", 25, List(&Nested(&CONTAINER_RESTART_RULE))),
]);

static EPHEMERAL_CONTAINER: Message = Message(&[
    Field::embedded(1, &EPHEMERAL_CONTAINER_COMMON), Field::new("targetContainerName", 2, Text),
]);

static POD_SECURITY_CONTEXT: Message = Message(&[
    Field::new("seLinuxOptions", 1, Nested(&SE_LINUX_OPTIONS)), Field::new("runAsUser", 2, Int64),
    Field::new("runAsNonRoot", 3, Flag), Field::new("supplementalGroups", 4, List(&Int64)),
    Field::new("fsGroup", 5, Int64), Field::new("runAsGroup", 6, Int64),
    Field::new("sysctls", 7, List(&Nested(&SYSCTL))),
    Field::new("windowsOptions", 8, Nested(&WINDOWS_SECURITY_CONTEXT_OPTIONS)),
    Field::new("fsGroupChangePolicy", 9, Text), Field::new("seccompProfile", 10, Nested(&SECCOMP_PROFILE)),
    Field::new("appArmorProfile", 11, Nested(&APP_ARMOR_PROFILE)),
    Field::new("supplementalGroupsPolicy", 12, Text), Field::new("seLinuxChangePolicy", 13, Text),
]);

static LOCAL_OBJECT_REFERENCE: Message = Message(&[
    Field::new("name", 1, Text),
]);

static AFFINITY: Message = Message(&[
    Field::new("nodeAffinity", 1, Nested(&NODE_AFFINITY)),
    Field::new("podAffinity", 2, Nested(&POD_AFFINITY)),
    Field::new("podAntiAffinity", 3, Nested(&POD_ANTI_AFFINITY)),
]);

static TOLERATION: Message = Message(&[
    Field::new("key", 1, Text), Field::new("operator", 2, Text), Field::new("value", 3, Text),
    Field::new("effect", 4, Text), Field::new("tolerationSeconds", 5, Int64),
]);

static HOST_ALIAS: Message = Message(&[
    Field::new("ip", 1, Text), Field::new("hostnames", 2, List(&Text)),
]);

static POD_DNS_CONFIG: Message = Message(&[
    Field::new("nameservers", 1, List(&Text)), Field::new("searches", 2, List(&Text)),
    Field::new("options", 3, List(&Nested(&POD_DNS_CONFIG_OPTION))),
]);

static POD_READINESS_GATE: Message = Message(&[
    Field::new("conditionType", 1, Text),
]);

static TOPOLOGY_SPREAD_CONSTRAINT: Message = Message(&[
    Field::new("maxSkew", 1, Int32), Field::new("topologyKey", 2, Text),
    Field::new("whenUnsatisfiable", 3, Text), Field::new("labelSelector", 4, Nested(&LABEL_SELECTOR)),
    Field::new("minDomains", 5, Int32), Field::new("nodeAffinityPolicy", 6, Text),
    Field::new("nodeTaintsPolicy", 7, Text), Field::new("matchLabelKeys", 8, List(&Text)),
]);

static POD_OS: Message = Message(&[
    Field::new("name", 1, Text),
]);

static POD_SCHEDULING_GATE: Message = Message(&[
    Field::new("name", 1, Text),
]);

static POD_RESOURCE_CLAIM: Message = Message(&[
    Field::new("name", 1, Text), Field::new("resourceClaimName", 3, Text),
    Field::new("resourceClaimTemplateName", 4, Text),
]);

static RESOURCE_REQUIREMENTS: Message = Message(&[
    Field::new("limits", 1, Map(&Quantity)), Field::new("requests", 2, Map(&Quantity)),
    Field::new("claims", 3, List(&Nested(&RESOURCE_CLAIM))),
]);

static POD_SCHEDULING_GROUP: Message = Message(&[
    Field::new("podGroupName", 1, Text),
]);

static VOLUME_SOURCE: Message = Message(&[
    Field::new("hostPath", 1, Nested(&HOST_PATH_VOLUME_SOURCE)),
    Field::new("emptyDir", 2, Nested(&EMPTY_DIR_VOLUME_SOURCE)),
    Field::new("gcePersistentDisk", 3, Nested(&GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
    Field::new("awsElasticBlockStore", 4, Nested(&AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
    Field::new("gitRepo", 5, Nested(&GIT_REPO_VOLUME_SOURCE)),
    Field::new("secret", 6, Nested(&SECRET_VOLUME_SOURCE)), Field::new("nfs", 7, Nested(&NFS_VOLUME_SOURCE)),
    Field::new("iscsi", 8, Nested(&ISCSI_VOLUME_SOURCE)),
    Field::new("glusterfs", 9, Nested(&GLUSTERFS_VOLUME_SOURCE)),
    Field::new("persistentVolumeClaim", 10, Nested(&PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE)),
    Field::new("rbd", 11, Nested(&RBD_VOLUME_SOURCE)),
    Field::new("flexVolume", 12, Nested(&FLEX_VOLUME_SOURCE)),
    Field::new("cinder", 13, Nested(&CINDER_VOLUME_SOURCE)),
    Field::new("cephfs", 14, Nested(&CEPH_FS_VOLUME_SOURCE)),
    Field::new("flocker", 15, Nested(&FLOCKER_VOLUME_SOURCE)),
    Field::new("downwardAPI", 16, Nested(&DOWNWARD_API_VOLUME_SOURCE)),
    Field::new("fc", 17, Nested(&FC_VOLUME_SOURCE)),
    Field::new("azureFile", 18, Nested(&AZURE_FILE_VOLUME_SOURCE)),
    Field::new("configMap", 19, Nested(&CONFIG_MAP_VOLUME_SOURCE)),
    Field::new("vsphereVolume", 20, Nested(&VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
    Field::new("quobyte", 21, Nested(&QUOBYTE_VOLUME_SOURCE)),
    Field::new("azureDisk", 22, Nested(&AZURE_DISK_VOLUME_SOURCE)),
    Field::new("photonPersistentDisk", 23, Nested(&PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
    Field::new("portworxVolume", 24, Nested(&PORTWORX_VOLUME_SOURCE)),
    Field::new("scaleIO", 25, Nested(&SCALE_IO_VOLUME_SOURCE)),
    Field::new("projected", 26, Nested(&PROJECTED_VOLUME_SOURCE)),
    Field::new("storageos", 27, Nested(&STORAGE_OS_VOLUME_SOURCE)),
    Field::new("csi", 28, Nested(&CSI_VOLUME_SOURCE)),
    Field::new("ephemeral", 29, Nested(&EPHEMERAL_VOLUME_SOURCE)),
    Field::new("image", 30, Nested(&IMAGE_VOLUME_SOURCE)),
]);

static CONTAINER_PORT: Message = Message(&[
    Field::new("name", 1, Text), Field::new("hostPort", 2, Int32), Field::new("containerPort", 3, Int32),
    Field::new("protocol", 4, Text), Field::new("hostIP", 5, Text),
]);

static ENV_FROM_SOURCE: Message = Message(&[
    Field::new("prefix", 1, Text), Field::new("configMapRef", 2, Nested(&CONFIG_MAP_ENV_SOURCE)),
    Field::new("secretRef", 3, Nested(&SECRET_ENV_SOURCE)),
]);

static ENV_VAR: Message = Message(&[
    Field::new("name", 1, Text), Field::new("value", 2, Text),
    Field::new("valueFrom", 3, Nested(&ENV_VAR_SOURCE)),
]);

static CONTAINER_RESIZE_POLICY: Message = Message(&[
    Field::new("resourceName", 1, Text), Field::new("restartPolicy", 2, Text),
]);

static CONTAINER_RESTART_RULE: Message = Message(&[
    Field::new("action", 1, Text), Field::new("exitCodes", 2, Nested(&CONTAINER_RESTART_RULE_ON_EXIT_CODES)),
]);

static VOLUME_MOUNT: Message = Message(&[
    Field::new("name", 1, Text), Field::new("readOnly", 2, Flag), Field::new("mountPath", 3, Text),
    Field::new("subPath", 4, Text), Field::new("mountPropagation", 5, Text),
    Field::new("subPathExpr", 6, Text), Field::new("recursiveReadOnly", 7, Text),
]);

static VOLUME_DEVICE: Message = Message(&[
    Field::new("name", 1, Text), Field::new("devicePath", 2, Text),
]);

static PROBE: Message = Message(&[
    Field::embedded(1, &PROBE_HANDLER), Field::new("initialDelaySeconds", 2, Int32),
    Field::new("timeoutSeconds", 3, Int32), Field::new("periodSeconds", 4, Int32),
    Field::new("successThreshold", 5, Int32), Field::new("failureThreshold", 6, Int32),
    Field::new("terminationGracePeriodSeconds", 7, Int64),
]);

static LIFECYCLE: Message = Message(&[
    Field::new("postStart", 1, Nested(&LIFECYCLE_HANDLER)),
    Field::new("preStop", 2, Nested(&LIFECYCLE_HANDLER)), Field::new("stopSignal", 3, Text),
]);

static SECURITY_CONTEXT: Message = Message(&[
    Field::new("capabilities", 1, Nested(&CAPABILITIES)), Field::new("privileged", 2, Flag),
    Field::new("seLinuxOptions", 3, Nested(&SE_LINUX_OPTIONS)), Field::new("runAsUser", 4, Int64),
    Field::new("runAsNonRoot", 5, Flag), Field::new("readOnlyRootFilesystem", 6, Flag),
    Field::new("allowPrivilegeEscalation", 7, Flag), Field::new("runAsGroup", 8, Int64),
    Field::new("procMount", 9, Text),
    Field::new("windowsOptions", 10, Nested(&WINDOWS_SECURITY_CONTEXT_OPTIONS)),
    Field::new("seccompProfile", 11, Nested(&SECCOMP_PROFILE)),
    Field::new("appArmorProfile", 12, Nested(&APP_ARMOR_PROFILE)),
]);

static EPHEMERAL_CONTAINER_COMMON: Message = Message(&[
    Field::new("name", 1, Text), Field::new("image", 2, Text), Field::new("command", 3, List(&Text)),
    Field::new("args", 4, List(&Text)), Field::new("workingDir", 5, Text),
    Field::new("ports", 6, List(&Nested(&CONTAINER_PORT))), Field::new("env", 7, List(&Nested(&ENV_VAR))),
    Field::new("resources", 8, Nested(&RESOURCE_REQUIREMENTS)),
    Field::new("volumeMounts", 9, List(&Nested(&VOLUME_MOUNT))),
    Field::new("livenessProbe", 10, Nested(&PROBE)), Field::new("readinessProbe", 11, Nested(&PROBE)),
    Field::new("lifecycle", 12, Nested(&LIFECYCLE)), Field::new("terminationMessagePath", 13, Text),
    Field::new("imagePullPolicy", 14, Text), Field::new("securityContext", 15, Nested(&SECURITY_CONTEXT)),
    Field::new("stdin", 16, Flag), Field::new("stdinOnce", 17, Flag), Field::new("tty", 18, Flag),
    Field::new("envFrom", 19, List(&Nested(&ENV_FROM_SOURCE))),
    Field::new("terminationMessagePolicy", 20, Text),
    Field::new("volumeDevices", 21, List(&Nested(&VOLUME_DEVICE))),
    Field::new("startupProbe", 22, Nested(&PROBE)),
    Field::new("resizePolicy", 23, List(&Nested(&CONTAINER_RESIZE_POLICY))),
    Field::new("restartPolicy", 24, Text),
    Field::new("restartPolicyRules", 25, List(&Nested(&CONTAINER_RESTART_RULE))),
]);

static SE_LINUX_OPTIONS: Message = Message(&[
    Field::new("user", 1, Text), Field::new("role", 2, Text), Field::new("type", 3, Text),
    Field::new("level", 4, Text),
]);

static WINDOWS_SECURITY_CONTEXT_OPTIONS: Message = Message(&[
    Field::new("gmsaCredentialSpecName", 1, Text), Field::new("gmsaCredentialSpec", 2, Text),
    Field::new("runAsUserName", 3, Text), Field::new("hostProcess", 4, Flag),
]);

static SYSCTL: Message = Message(&[
    Field::new("name", 1, Text), Field::new("value", 2, Text),
]);

static SECCOMP_PROFILE: Message = Message(&[
    Field::new("type", 1, Text), Field::new("localhostProfile", 2, Text),
]);

static APP_ARMOR_PROFILE: Message = Message(&[
    Field::new("type", 1, Text), Field::new("localhostProfile", 2, Text),
]);

static NODE_AFFINITY: Message = Message(&[
    Field::new("requiredDuringSchedulingIgnoredDuringExecution", 1, Nested(&NODE_SELECTOR)),
    Field::new("preferredDuringSchedulingIgnoredDuringExecution", 2, List(&Nested(&PREFERRED_SCHEDULING_TERM))),
]);

static POD_AFFINITY: Message = Message(&[
    Field::new("requiredDuringSchedulingIgnoredDuringExecution", 1, List(&Nested(&POD_AFFINITY_TERM))),
    Field::new("preferredDuringSchedulingIgnoredDuringExecution", 2, List(&Nested(&WEIGHTED_POD_AFFINITY_TERM))),
]);

static POD_ANTI_AFFINITY: Message = Message(&[
    Field::new("requiredDuringSchedulingIgnoredDuringExecution", 1, List(&Nested(&POD_AFFINITY_TERM))),
    Field::new("preferredDuringSchedulingIgnoredDuringExecution", 2, List(&Nested(&WEIGHTED_POD_AFFINITY_TERM))),
]);

static POD_DNS_CONFIG_OPTION: Message = Message(&[
    Field::new("name", 1, Text), Field::new("value", 2, Text),
]);

static LABEL_SELECTOR: Message = Message(&[
    Field::new("matchLabels", 1, Map(&Text)),
    Field::new("matchExpressions", 2, List(&Nested(&LABEL_SELECTOR_REQUIREMENT))),
]);

static RESOURCE_CLAIM: Message = Message(&[
    Field::new("name", 1, Text), Field::new("request", 2, Text),
]);

static HOST_PATH_VOLUME_SOURCE: Message = Message(&[
    Field::new("path", 1, Text), Field::new("type", 2, Text),
]);

static EMPTY_DIR_VOLUME_SOURCE: Message = Message(&[
    Field::new("medium", 1, Text), Field::new("sizeLimit", 2, Quantity),
]);

static GCE_PERSISTENT_DISK_VOLUME_SOURCE: Message = Message(&[
    Field::new("pdName", 1, Text), Field::new("fsType", 2, Text), Field::new("partition", 3, Int32),
    Field::new("readOnly", 4, Flag),
]);

static AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: Message = Message(&[
    Field::new("volumeID", 1, Text), Field::new("fsType", 2, Text), Field::new("partition", 3, Int32),
    Field::new("readOnly", 4, Flag),
]);

static GIT_REPO_VOLUME_SOURCE: Message = Message(&[
    Field::new("repository", 1, Text), Field::new("revision", 2, Text), Field::new("directory", 3, Text),
]);

static SECRET_VOLUME_SOURCE: Message = Message(&[
    Field::new("secretName", 1, Text), Field::new("items", 2, List(&Nested(&KEY_TO_PATH))),
    Field::new("defaultMode", 3, Int32), Field::new("optional", 4, Flag),
]);

static NFS_VOLUME_SOURCE: Message = Message(&[
    Field::new("server", 1, Text), Field::new("path", 2, Text), Field::new("readOnly", 3, Flag),
]);

static ISCSI_VOLUME_SOURCE: Message = Message(&[
    Field::new("targetPortal", 1, Text), Field::new("iqn", 2, Text), Field::new("lun", 3, Int32),
    Field::new("iscsiInterface", 4, Text), Field::new("fsType", 5, Text), Field::new("readOnly", 6, Flag),
    Field::new("portals", 7, List(&Text)), Field::new("chapAuthDiscovery", 8, Flag),
    Field::new("secretRef", 10, Nested(&LOCAL_OBJECT_REFERENCE)), Field::new("chapAuthSession", 11, Flag),
    Field::new("initiatorName", 12, Text),
]);

static GLUSTERFS_VOLUME_SOURCE: Message = Message(&[
    Field::new("endpoints", 1, Text), Field::new("path", 2, Text), Field::new("readOnly", 3, Flag),
]);

static PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE: Message = Message(&[
    Field::new("claimName", 1, Text), Field::new("readOnly", 2, Flag),
]);

static RBD_VOLUME_SOURCE: Message = Message(&[
    Field::new("monitors", 1, List(&Text)), Field::new("image", 2, Text), Field::new("fsType", 3, Text),
    Field::new("pool", 4, Text), Field::new("user", 5, Text), Field::new("keyring", 6, Text),
    Field::new("secretRef", 7, Nested(&LOCAL_OBJECT_REFERENCE)), Field::new("readOnly", 8, Flag),
]);

static FLEX_VOLUME_SOURCE: Message = Message(&[
    Field::new("driver", 1, Text), Field::new("fsType", 2, Text),
    Field::new("secretRef", 3, Nested(&LOCAL_OBJECT_REFERENCE)), Field::new("readOnly", 4, Flag),
    Field::new("options", 5, Map(&Text)),
]);

static CINDER_VOLUME_SOURCE: Message = Message(&[
    Field::new("volumeID", 1, Text), Field::new("fsType", 2, Text), Field::new("readOnly", 3, Flag),
    Field::new("secretRef", 4, Nested(&LOCAL_OBJECT_REFERENCE)),
]);

static CEPH_FS_VOLUME_SOURCE: Message = Message(&[
    Field::new("monitors", 1, List(&Text)), Field::new("path", 2, Text), Field::new("user", 3, Text),
    Field::new("secretFile", 4, Text), Field::new("secretRef", 5, Nested(&LOCAL_OBJECT_REFERENCE)),
    Field::new("readOnly", 6, Flag),
]);

static FLOCKER_VOLUME_SOURCE: Message = Message(&[
    Field::new("datasetName", 1, Text), Field::new("datasetUUID", 2, Text),
]);

static DOWNWARD_API_VOLUME_SOURCE: Message = Message(&[
    Field::new("items", 1, List(&Nested(&DOWNWARD_API_VOLUME_FILE))), Field::new("defaultMode", 2, Int32),
]);

static FC_VOLUME_SOURCE: Message = Message(&[
    Field::new("targetWWNs", 1, List(&Text)), Field::new("lun", 2, Int32), Field::new("fsType", 3, Text),
    Field::new("readOnly", 4, Flag), Field::new("wwids", 5, List(&Text)),
]);

static AZURE_FILE_VOLUME_SOURCE: Message = Message(&[
    Field::new("secretName", 1, Text), Field::new("shareName", 2, Text), Field::new("readOnly", 3, Flag),
]);

static CONFIG_MAP_VOLUME_SOURCE: Message = Message(&[
    Field::embedded(1, &LOCAL_OBJECT_REFERENCE), Field::new("items", 2, List(&Nested(&KEY_TO_PATH))),
    Field::new("defaultMode", 3, Int32), Field::new("optional", 4, Flag),
]);

static VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: Message = Message(&[
    Field::new("volumePath", 1, Text), Field::new("fsType", 2, Text),
    Field::new("storagePolicyName", 3, Text), Field::new("storagePolicyID", 4, Text),
]);

static QUOBYTE_VOLUME_SOURCE: Message = Message(&[
    Field::new("registry", 1, Text), Field::new("volume", 2, Text), Field::new("readOnly", 3, Flag),
    Field::new("user", 4, Text), Field::new("group", 5, Text), Field::new("tenant", 6, Text),
]);

static AZURE_DISK_VOLUME_SOURCE: Message = Message(&[
    Field::new("diskName", 1, Text), Field::new("diskURI", 2, Text), Field::new("cachingMode", 3, Text),
    Field::new("fsType", 4, Text), Field::new("readOnly", 5, Flag), Field::new("kind", 6, Text),
]);

static PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: Message = Message(&[
    Field::new("pdID", 1, Text), Field::new("fsType", 2, Text),
]);

static PROJECTED_VOLUME_SOURCE: Message = Message(&[
    Field::new("sources", 1, List(&Nested(&VOLUME_PROJECTION))), Field::new("defaultMode", 2, Int32),
]);

static PORTWORX_VOLUME_SOURCE: Message = Message(&[
    Field::new("volumeID", 1, Text), Field::new("fsType", 2, Text), Field::new("readOnly", 3, Flag),
]);

static SCALE_IO_VOLUME_SOURCE: Message = Message(&[
    Field::new("gateway", 1, Text), Field::new("system", 2, Text),
    Field::new("secretRef", 3, Nested(&LOCAL_OBJECT_REFERENCE)), Field::new("sslEnabled", 4, Flag),
    Field::new("protectionDomain", 5, Text), Field::new("storagePool", 6, Text),
    Field::new("storageMode", 7, Text), Field::new("volumeName", 8, Text), Field::new("fsType", 9, Text),
    Field::new("readOnly", 10, Flag),
]);

static STORAGE_OS_VOLUME_SOURCE: Message = Message(&[
    Field::new("volumeName", 1, Text), Field::new("volumeNamespace", 2, Text), Field::new("fsType", 3, Text),
    Field::new("readOnly", 4, Flag), Field::new("secretRef", 5, Nested(&LOCAL_OBJECT_REFERENCE)),
]);

static CSI_VOLUME_SOURCE: Message = Message(&[
    Field::new("driver", 1, Text), Field::new("readOnly", 2, Flag), Field::new("fsType", 3, Text),
    Field::new("volumeAttributes", 4, Map(&Text)),
    Field::new("nodePublishSecretRef", 5, Nested(&LOCAL_OBJECT_REFERENCE)),
]);

static EPHEMERAL_VOLUME_SOURCE: Message = Message(&[
    Field::new("volumeClaimTemplate", 1, Nested(&PERSISTENT_VOLUME_CLAIM_TEMPLATE)),
]);

static IMAGE_VOLUME_SOURCE: Message = Message(&[
    Field::new("reference", 1, Text), Field::new("pullPolicy", 2, Text),
]);

static CONFIG_MAP_ENV_SOURCE: Message = Message(&[
    Field::embedded(1, &LOCAL_OBJECT_REFERENCE), Field::new("optional", 2, Flag),
]);

static SECRET_ENV_SOURCE: Message = Message(&[
    Field::embedded(1, &LOCAL_OBJECT_REFERENCE), Field::new("optional", 2, Flag),
]);

static ENV_VAR_SOURCE: Message = Message(&[
    Field::new("fieldRef", 1, Nested(&OBJECT_FIELD_SELECTOR)),
    Field::new("resourceFieldRef", 2, Nested(&RESOURCE_FIELD_SELECTOR)),
    Field::new("configMapKeyRef", 3, Nested(&CONFIG_MAP_KEY_SELECTOR)),
    Field::new("secretKeyRef", 4, Nested(&SECRET_KEY_SELECTOR)),
    Field::new("fileKeyRef", 5, Nested(&FILE_KEY_SELECTOR)),
]);

static CONTAINER_RESTART_RULE_ON_EXIT_CODES: Message = Message(&[
    Field::new("operator", 1, Text), Field::new("values", 2, List(&Int32)),
]);

static PROBE_HANDLER: Message = Message(&[
    Field::new("exec", 1, Nested(&EXEC_ACTION)), Field::new("httpGet", 2, Nested(&HTTP_GET_ACTION)),
    Field::new("tcpSocket", 3, Nested(&TCP_SOCKET_ACTION)), Field::new("grpc", 4, Nested(&GRPC_ACTION)),
]);

static LIFECYCLE_HANDLER: Message = Message(&[
    Field::new("exec", 1, Nested(&EXEC_ACTION)), Field::new("httpGet", 2, Nested(&HTTP_GET_ACTION)),
    Field::new("tcpSocket", 3, Nested(&TCP_SOCKET_ACTION)), Field::new("sleep", 4, Nested(&SLEEP_ACTION)),
]);

static CAPABILITIES: Message = Message(&[
    Field::new("add", 1, List(&Text)), Field::new("drop", 2, List(&Text)),
]);

static NODE_SELECTOR: Message = Message(&[
    Field::new("nodeSelectorTerms", 1, List(&Nested(&NODE_SELECTOR_TERM))),
]);

static PREFERRED_SCHEDULING_TERM: Message = Message(&[
    Field::new("weight", 1, Int32), Field::new("preference", 2, Nested(&NODE_SELECTOR_TERM)),
]);

static POD_AFFINITY_TERM: Message = Message(&[
    Field::new("labelSelector", 1, Nested(&LABEL_SELECTOR)), Field::new("namespaces", 2, List(&Text)),
    Field::new("topologyKey", 3, Text), Field::new("namespaceSelector", 4, Nested(&LABEL_SELECTOR)),
    Field::new("matchLabelKeys", 5, List(&Text)), Field::new("mismatchLabelKeys", 6, List(&Text)),
]);

static WEIGHTED_POD_AFFINITY_TERM: Message = Message(&[
    Field::new("weight", 1, Int32), Field::new("podAffinityTerm", 2, Nested(&POD_AFFINITY_TERM)),
]);

static LABEL_SELECTOR_REQUIREMENT: Message = Message(&[
    Field::new("key", 1, Text), Field::new("operator", 2, Text), Field::new("values", 3, List(&Text)),
]);

static KEY_TO_PATH: Message = Message(&[
    Field::new("key", 1, Text), Field::new("path", 2, Text), Field::new("mode", 3, Int32),
]);

static DOWNWARD_API_VOLUME_FILE: Message = Message(&[
    Field::new("path", 1, Text), Field::new("fieldRef", 2, Nested(&OBJECT_FIELD_SELECTOR)),
    Field::new("resourceFieldRef", 3, Nested(&RESOURCE_FIELD_SELECTOR)), Field::new("mode", 4, Int32),
]);

static VOLUME_PROJECTION: Message = Message(&[
    Field::new("secret", 1, Nested(&SECRET_PROJECTION)),
    Field::new("downwardAPI", 2, Nested(&DOWNWARD_API_PROJECTION)),
    Field::new("configMap", 3, Nested(&CONFIG_MAP_PROJECTION)),
    Field::new("serviceAccountToken", 4, Nested(&SERVICE_ACCOUNT_TOKEN_PROJECTION)),
    Field::new("clusterTrustBundle", 5, Nested(&CLUSTER_TRUST_BUNDLE_PROJECTION)),
    Field::new("podCertificate", 6, Nested(&POD_CERTIFICATE_PROJECTION)),
]);

static PERSISTENT_VOLUME_CLAIM_TEMPLATE: Message = Message(&[
    Field::new("metadata", 1, Nested(&OBJECT_META)),
    Field::new("spec", 2, Nested(&PERSISTENT_VOLUME_CLAIM_SPEC)),
]);

static OBJECT_FIELD_SELECTOR: Message = Message(&[
    Field::new("apiVersion", 1, Text), Field::new("fieldPath", 2, Text),
]);

static RESOURCE_FIELD_SELECTOR: Message = Message(&[
    Field::new("containerName", 1, Text), Field::new("resource", 2, Text), Field::new("divisor", 3, Quantity),
]);

static CONFIG_MAP_KEY_SELECTOR: Message = Message(&[
    Field::embedded(1, &LOCAL_OBJECT_REFERENCE), Field::new("key", 2, Text), Field::new("optional", 3, Flag),
]);

static SECRET_KEY_SELECTOR: Message = Message(&[
    Field::embedded(1, &LOCAL_OBJECT_REFERENCE), Field::new("key", 2, Text), Field::new("optional", 3, Flag),
]);

static FILE_KEY_SELECTOR: Message = Message(&[
    Field::new("volumeName", 1, Text), Field::new("path", 2, Text), Field::new("key", 3, Text),
    Field::new("optional", 4, Flag),
]);

static EXEC_ACTION: Message = Message(&[
    Field::new("command", 1, List(&Text)),
]);

static HTTP_GET_ACTION: Message = Message(&[
    Field::new("path", 1, Text), Field::new("port", 2, IntOrString), Field::new("host", 3, Text),
    Field::new("scheme", 4, Text), Field::new("httpHeaders", 5, List(&Nested(&HTTP_HEADER))),
]);

static TCP_SOCKET_ACTION: Message = Message(&[
    Field::new("port", 1, IntOrString), Field::new("host", 2, Text),
]);

static GRPC_ACTION: Message = Message(&[
    Field::new("port", 1, Int32), Field::new("service", 2, Text),
]);

static SLEEP_ACTION: Message = Message(&[
    Field::new("seconds", 1, Int64),
]);

static NODE_SELECTOR_TERM: Message = Message(&[
    Field::new("matchExpressions", 1, List(&Nested(&NODE_SELECTOR_REQUIREMENT))),
    Field::new("matchFields", 2, List(&Nested(&NODE_SELECTOR_REQUIREMENT))),
]);

static SECRET_PROJECTION: Message = Message(&[
    Field::embedded(1, &LOCAL_OBJECT_REFERENCE), Field::new("items", 2, List(&Nested(&KEY_TO_PATH))),
    Field::new("optional", 4, Flag),
]);

static DOWNWARD_API_PROJECTION: Message = Message(&[
    Field::new("items", 1, List(&Nested(&DOWNWARD_API_VOLUME_FILE))),
]);

static CONFIG_MAP_PROJECTION: Message = Message(&[
    Field::embedded(1, &LOCAL_OBJECT_REFERENCE), Field::new("items", 2, List(&Nested(&KEY_TO_PATH))),
    Field::new("optional", 4, Flag),
]);

static SERVICE_ACCOUNT_TOKEN_PROJECTION: Message = Message(&[
    Field::new("audience", 1, Text), Field::new("expirationSeconds", 2, Int64), Field::new("path", 3, Text),
]);

static CLUSTER_TRUST_BUNDLE_PROJECTION: Message = Message(&[
    Field::new("name", 1, Text), Field::new("signerName", 2, Text),
    Field::new("labelSelector", 3, Nested(&LABEL_SELECTOR)), Field::new("path", 4, Text),
    Field::new("optional", 5, Flag),
]);

static POD_CERTIFICATE_PROJECTION: Message = Message(&[
    Field::new("signerName", 1, Text), Field::new("keyType", 2, Text),
    Field::new("maxExpirationSeconds", 3, Int32), Field::new("credentialBundlePath", 4, Text),
    Field::new("keyPath", 5, Text), Field::new("certificateChainPath", 6, Text),
    Field::new("userAnnotations", 7, Map(&Text)),
]);

static OBJECT_META: Message = Message(&[
    Field::new("name", 1, Text), Field::new("generateName", 2, Text), Field::new("namespace", 3, Text),
    Field::new("selfLink", 4, Text), Field::new("uid", 5, Text), Field::new("resourceVersion", 6, Text),
    Field::new("generation", 7, Int64), Field::new("creationTimestamp", 8, Time),
    Field::new("deletionTimestamp", 9, Time), Field::new("deletionGracePeriodSeconds", 10, Int64),
    Field::new("labels", 11, Map(&Text)), Field::new("annotations", 12, Map(&Text)),
    Field::new("ownerReferences", 13, List(&Nested(&OWNER_REFERENCE))),
    Field::new("finalizers", 14, List(&Text)),
]);

static PERSISTENT_VOLUME_CLAIM_SPEC: Message = Message(&[
    Field::new("accessModes", 1, List(&Text)),
    Field::new("resources", 2, Nested(&VOLUME_RESOURCE_REQUIREMENTS)), Field::new("volumeName", 3, Text),
    Field::new("selector", 4, Nested(&LABEL_SELECTOR)), Field::new("storageClassName", 5, Text),
    Field::new("volumeMode", 6, Text), Field::new("dataSource", 7, Nested(&TYPED_LOCAL_OBJECT_REFERENCE)),
    Field::new("dataSourceRef", 8, Nested(&TYPED_OBJECT_REFERENCE)),
    Field::new("volumeAttributesClassName", 9, Text),
]);

static HTTP_HEADER: Message = Message(&[
    Field::new("name", 1, Text), Field::new("value", 2, Text),
]);

static NODE_SELECTOR_REQUIREMENT: Message = Message(&[
    Field::new("key", 1, Text), Field::new("operator", 2, Text), Field::new("values", 3, List(&Text)),
]);

static OWNER_REFERENCE: Message = Message(&[
    Field::new("kind", 1, Text), Field::new("name", 3, Text), Field::new("uid", 4, Text),
    Field::new("apiVersion", 5, Text), Field::new("controller", 6, Flag),
    Field::new("blockOwnerDeletion", 7, Flag),
]);

static VOLUME_RESOURCE_REQUIREMENTS: Message = Message(&[
    Field::new("limits", 1, Map(&Quantity)), Field::new("requests", 2, Map(&Quantity)),
]);

static TYPED_LOCAL_OBJECT_REFERENCE: Message = Message(&[
    Field::new("apiGroup", 1, Text), Field::new("kind", 2, Text), Field::new("name", 3, Text),
]);

static TYPED_OBJECT_REFERENCE: Message = Message(&[
    Field::new("apiGroup", 1, Text), Field::new("kind", 2, Text), Field::new("name", 3, Text),
    Field::new("namespace", 4, Text),
]);
