/// A log as nodes and pods write it, the same every time: klog, JSON and plain lines, few of which are errors.
struct MadeUpLog {
    private var random = Numbers()
    /// Lines that show a symptom, put in now and then.
    let hits: [String]

    init(hits: [String]) { self.hits = hits }

    /// So many bytes, or a line more.
    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 1024)
        var lines = 0
        while bytes.count < count {
            lines += 1
            let text = lines % 20_000 == 0 && !hits.isEmpty ? hits[lines / 20_000 % hits.count] : line()
            bytes += text.utf8
            bytes.append(0x0A)
        }
        return bytes
    }

    private mutating func line() -> String {
        let time = "\(two(24)):\(two(60)):\(two(60))"
        let pod = "\(pick(Self.names))-\(hex(9))-\(hex(5))"
        switch random.next(8) {
        case 0:
            return "I1124 \(time).\(digits(6)) \(digits(4)) \(pick(Self.files)).go:\(digits(3))] "
                + "\"\(pick(Self.messages))\" pod=\"\(pick(Self.spaces))/\(pod)\" containerID=\"containerd://\(hex(40))\""
        case 1:
            return "E1124 \(time).\(digits(6)) \(digits(4)) \(pick(Self.files)).go:\(digits(3))] "
                + "\"\(pick(Self.troubles))\" err=\"rpc error: code = \(pick(Self.codes)) desc = "
                + "\(pick(Self.troubles)): \(hex(16))\" pod=\"\(pod)\""
        case 2:
            return "{\"level\":\"info\",\"ts\":\"2026-11-24T\(time)Z\","
                + "\"caller\":\"\(pick(Self.files))/server.go:\(digits(4))\",\"msg\":\"\(pick(Self.messages))\",\"took\":\"\(digits(2)).\(digits(3))ms\",\"id\":\"\(hex(16))\"}"
        case 3:
            return "{\"level\":\"warn\",\"ts\":\"2026-11-24T\(time)Z\",\"msg\":\"\(pick(Self.troubles))\","
                + "\"error\":\"context deadline exceeded\",\"remote\":\"10.\(digits(2)).\(digits(2)).\(digits(2)):2379\"}"
        case 4:
            return "10.\(digits(2)).\(digits(2)).\(digits(2)) - - [24/Nov/2026:\(time) +0000] "
                + "\"GET /api/v1/\(pick(Self.names))/\(hex(8)) HTTP/1.1\" 200 \(digits(5)) \"-\" \"kube-probe/1.31\""
        case 5:
            return "Nov 24 \(time) node-\(digits(2)) kubelet[\(digits(4))]: \(pick(Self.messages)) \(pod)"
        case 6:
            return
                "time=\"2026-11-24T\(time)Z\" level=info msg=\"\(pick(Self.messages))\" id=\(hex(32)) namespace=k8s.io"
        default:
            return
                "2026-11-24T\(time).\(digits(3))Z \(pick(Self.levels)) [\(pick(Self.names))] \(pick(Self.messages)) in "
                + "\(digits(3)) ms (attempt \(digits(1)) of 5)"
        }
    }

    private mutating func pick(_ words: [String]) -> String { words[random.next(words.count)] }
    private mutating func two(_ limit: Int) -> String {
        let number = random.next(limit)
        return number < 10 ? "0\(number)" : "\(number)"
    }
    private mutating func digits(_ count: Int) -> String {
        String(decoding: (0..<count).map { _ in UInt8(ascii: "1") + UInt8(random.next(9)) }, as: UTF8.self)
    }
    private mutating func hex(_ count: Int) -> String {
        String(decoding: (0..<count).map { _ in Array("0123456789abcdef".utf8)[random.next(16)] }, as: UTF8.self)
    }

    private static let names = [
        "web", "worker", "coredns", "etcd", "api", "ingress-nginx-controller", "cart", "billing",
    ]
    private static let spaces = ["default", "kube-system", "shop", "monitoring"]
    private static let levels = ["INFO", "DEBUG", "WARN", "ERROR"]
    private static let codes = ["Unknown", "NotFound", "Unavailable", "DeadlineExceeded"]
    private static let files = [
        "kubelet", "pod_workers", "reflector", "garbage_collector", "proxier", "leaderelection",
    ]
    private static let messages = [
        "SyncLoop (PLEG): event for pod", "Observed pod startup duration", "finished scheduled compaction",
        "Starting reconciler sync loop", "apply request took too long", "Updated endpoints of service",
        "successfully acquired lease", "request completed", "cache synced for shared informer",
    ]
    private static let troubles = [
        "Error syncing pod, skipping", "failed to get container status", "could not renew the lease in time",
        "Failed to update node status", "the object has been modified", "slow fdatasync", "handler returned an error",
    ]
}

/// Numbers that are the same every time (Lehmer's generator, by Park and Miller).
struct Numbers {
    private var state: UInt64 = 20_261_124

    mutating func next(_ limit: Int) -> Int {
        state = state * 48_271 % 2_147_483_647
        return Int(state % UInt64(limit))
    }
}
