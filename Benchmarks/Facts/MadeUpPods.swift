/// The pods of a made-up cluster, as bytes: written so fast that the reader is what is measured.
struct MadeUpPods {
    let cluster: MadeUpCluster

    /// Appends the JSON of a pod.
    func append(_ index: Int, to bytes: inout [UInt8]) {
        let deployment = index / MadeUpCluster.podsOfDeployment
        let values = [
            cluster.podName(deployment, index % MadeUpCluster.podsOfDeployment), cluster.namespace(of: deployment),
            cluster.name(of: deployment), cluster.hash(of: deployment),
            cluster.uid(4, deployment, index % MadeUpCluster.podsOfDeployment), cluster.uid(3, deployment, 0),
            "10.\(index >> 16 & 255).\(index >> 8 & 255).\(index & 255)", padded(index, 9),
            deployment == min(MadeUpCluster.broken, cluster.deploymentCount - 1)
                ? "{}" : #"{"limits":{"memory":"256Mi"},"requests":{"cpu":"100m","memory":"128Mi"}}"#,
        ]
        for part in Self.parts {
            bytes += part.text
            if let hole = part.hole { bytes += values[hole].utf8 }
        }
    }

    /// A page as an API server answers it: `limit` pods from there on, and where the next one begins.
    func page(from start: Int, limit: Int) -> [UInt8] {
        let end = min(cluster.podCount, start + limit)
        let token =
            end < cluster.podCount ? #","continue":"\#(end)","remainingItemCount":\#(cluster.podCount - end)"# : ""
        var bytes = Array(
            #"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"987654"\#(token)},"items":["#.utf8)
        bytes.reserveCapacity((end - start) * 5500)
        for index in start..<end {
            if index > start { bytes.append(UInt8(ascii: ",")) }
            append(index, to: &bytes)
        }
        return bytes + Array("]}\n".utf8)
    }

    private struct Part {
        var text: [UInt8]
        var hole: Int?
    }

    /// The template, taken apart at its holes `<0>`, `<1>`, ….
    private static let parts: [Part] = template.split(separator: "<", omittingEmptySubsequences: false).enumerated()
        .flatMap { index, piece -> [Part] in
            guard index > 0, let hole = piece.first?.wholeNumberValue else { return [Part(text: Array(piece.utf8))] }
            return [Part(text: [], hole: hole), Part(text: Array(piece.dropFirst(2).utf8))]
        }

    private static let template = #"""
        {"metadata":{"name":"<0>","generateName":"<2>-<3>-","namespace":"<1>","uid":"<4>","resourceVersion":"<7>",\#
        "creationTimestamp":"2026-11-01T08:00:12Z","labels":{"app.kubernetes.io/name":"<2>","app.kubernetes.io/part-of":"shop","pod-template-hash":"<3>"},\#
        "annotations":{"cni.projectcalico.org/containerID":"5b1f2c0a9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a","cni.projectcalico.org/podIP":"<6>/32","prometheus.io/scrape":"true","prometheus.io/path":"/metrics?name[]=\"up\"","kubectl.kubernetes.io/restartedAt":"2026-11-01T08:00:00Z"},\#
        "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"<2>-<3>","uid":"<5>","controller":true,"blockOwnerDeletion":true}],\#
        "managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2026-11-01T08:00:12Z","fieldsType":"FieldsV1","fieldsV1":\#
        {"f:metadata":{"f:annotations":{".":{},"f:prometheus.io/scrape":{},"f:prometheus.io/path":{}},"f:generateName":{},"f:labels":{".":{},"f:app.kubernetes.io/name":{},"f:app.kubernetes.io/part-of":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"<5>\"}":{}}},\#
        "f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:env":{".":{},"k:{\"name\":\"POD_IP\"}":{".":{},"f:name":{},"f:valueFrom":{".":{},"f:fieldRef":{}}},"k:{\"name\":\"LOG_LEVEL\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{},"f:successThreshold":{},"f:timeoutSeconds":{}},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}}},"f:readinessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{},"f:successThreshold":{},"f:timeoutSeconds":{}},"f:resources":{".":{},"f:limits":{".":{},"f:memory":{}},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"f:securityContext":{".":{},"f:allowPrivilegeEscalation":{},"f:capabilities":{".":{},"f:drop":{}}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:serviceAccountName":{},"f:terminationGracePeriodSeconds":{}}}},\#
        {"manager":"kubelet","operation":"Update","apiVersion":"v1","time":"2026-11-01T08:00:31Z","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:conditions":{"k:{\"type\":\"ContainersReady\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Initialized\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},"f:hostIP":{},"f:hostIPs":{},"f:phase":{},"f:podIP":{},"f:podIPs":{".":{},"k:{\"ip\":\"<6>\"}":{".":{},"f:ip":{}}},"f:startTime":{}}},"subresource":"status"}]},\#
        "spec":{"volumes":[{"name":"kube-api-access-x<7>","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}],\#
        "containers":[{"name":"app","image":"registry.example.org/team/service:1.24.7","ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],"env":[{"name":"POD_IP","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}},{"name":"LOG_LEVEL","value":"info"}],"resources":<8>,\#
        "volumeMounts":[{"name":"kube-api-access-x<7>","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],"livenessProbe":{"httpGet":{"path":"/healthz","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"readinessProbe":{"httpGet":{"path":"/ready","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent","securityContext":{"capabilities":{"drop":["ALL"]},"allowPrivilegeEscalation":false}}],\#
        "restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","serviceAccount":"default","nodeName":"node-<3>","securityContext":{"runAsNonRoot":true},"schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},\#
        "status":{"phase":"Running","conditions":[{"type":"PodReadyToStartContainers","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-11-01T08:00:15Z"},{"type":"Initialized","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-11-01T08:00:12Z"},{"type":"Ready","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-11-01T08:00:31Z"},{"type":"ContainersReady","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-11-01T08:00:31Z"},{"type":"PodScheduled","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-11-01T08:00:12Z"}],"hostIP":"192.168.7.21","hostIPs":[{"ip":"192.168.7.21"}],"podIP":"<6>","podIPs":[{"ip":"<6>"}],"startTime":"2026-11-01T08:00:12Z","containerStatuses":[{"name":"app","state":{"running":{"startedAt":"2026-11-01T08:00:14Z"}},"lastState":{},"ready":true,"restartCount":0,"image":"registry.example.org/team/service:1.24.7","imageID":"registry.example.org/team/service@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","containerID":"containerd://2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae","started":true}],"qosClass":"Burstable"}}
        """#
}
