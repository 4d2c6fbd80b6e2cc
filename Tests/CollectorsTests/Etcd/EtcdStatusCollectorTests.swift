import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

@Suite struct EtcdStatusCollectorTests {
    private static let prefix = "etcdctl --dial-timeout=3s --command-timeout=5s"
    private static let status = """
        [{"Endpoint":"http://10.0.0.1:2379","Status":{"header":{"cluster_id":14841639068965178418,\
        "member_id":10276657743932975437},"version":"3.5.6","dbSize":2147483648,"leader":10276657743932975437,\
        "dbSizeInUse":1048576,"errors":["memberID:10276657743932975437 alarm:NOSPACE "]}}]
        """

    private func commands(_ flags: String, alarms: String) -> [String: CommandOutput] {
        let answers = ["endpoint status": Self.status, "alarm list": alarms]
        return Dictionary(
            uniqueKeysWithValues: answers.map { words, answer in
                (
                    "\(Self.prefix)\(flags) \(words) -w json",
                    CommandOutput(exitCode: 0, standardOutput: Array(answer.utf8), standardError: [])
                )
            })
    }

    @Test func `ids beyond the signed range, sizes and alarms are read`() async throws {
        let world = MadeUpWorld(
            files: ["/proc/1/cmdline": "init\0"],
            commands: commands("", alarms: #"{"alarms":[{"memberID":10276657743932975437,"alarm":1}]}"#))
        let fact = try await collect(
            EtcdStatusCollector(),
            in: Surroundings(
                environment: ["ETCDCTL_ENDPOINTS": "http://10.0.0.1:2379"], now: Timestamp(seconds: 0), effects: world))
        #expect(fact.text("endpoints.0.memberID") == "8e9e05c52164694d")
        #expect(fact.flag("endpoints.0.leader") == true)
        #expect(fact.number("endpoints.0.quota") == 2 << 30, "etcd's default")
        #expect(fact.number("endpoints.0.dbSizeInUse") == 1 << 20)
        #expect(fact.text("alarms.0.alarm") == "NOSPACE")
        #expect(fact.text("alarms.0.memberID") == "8e9e05c52164694d")
    }

    @Test func `without endpoints the member of this machine is asked, and its quota is known`() async throws {
        let member = "etcd\0--advertise-client-urls=http://10.0.0.1:2379\0--quota-backend-bytes=8589934592\0"
        let world = MadeUpWorld(
            files: ["/proc/1/cmdline": "init\0", "/proc/9/cmdline": member],
            commands: commands(" --endpoints=http://10.0.0.1:2379", alarms: "{}"))
        let fact = try await collect(
            EtcdStatusCollector(), in: Surroundings(now: Timestamp(seconds: 0), effects: world))
        #expect(fact.number("endpoints.0.quota") == 8 << 30)
        #expect(fact.texts("alarms") == [])
    }

    @Test func `without etcdctl, and where nothing answers at the endpoint, nothing is claimed`() async {
        let surroundings = machine([:], environment: ["ETCDCTL_ENDPOINTS": "http://10.0.0.1:2379"])
        #expect(await reason { _ = try await EtcdStatusCollector().collect([:], in: surroundings) } == .unreachable)
    }

    @Test func `a variable that a flag replaces is not handed to etcdctl, which would end`() {
        let surroundings = machine(
            [:], environment: ["ETCDCTL_ENDPOINTS": "x", "ETCDCTL_CACERT": "/ca.crt", "ETCDCTL_DIAL_TIMEOUT": "9s"])
        let command = Command.etcdctl(["--endpoints=y", "alarm", "list"], in: surroundings)
        #expect(command.environment == ["ETCDCTL_API": "3", "ETCDCTL_CACERT": "/ca.crt"])
    }
}
