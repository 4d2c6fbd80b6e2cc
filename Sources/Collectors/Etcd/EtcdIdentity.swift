internal import Crypto

/// The ids that etcd gives to members and clusters when they are founded.
///
/// Source: etcd, server/etcdserver/api/membership (`computeMemberID`, `genID`): a member's id is made of its peer URLs
/// and the token, a cluster's of its founding members' ids. A member that is added later gets the time mixed in.
enum EtcdIdentity {
    /// `peerURLs` of one member.
    static func memberID(peerURLs: [String], token: String) -> UInt64 {
        leadingBytes(Array((peerURLs.sorted().joined() + token).utf8))
    }

    static func clusterID(memberIDs: [UInt64]) -> UInt64 {
        leadingBytes(memberIDs.sorted().flatMap(bigEndianBytes))
    }

    /// As etcd prints an id: without leading zeros.
    static func text(_ id: UInt64) -> String { String(id, radix: 16) }

    private static func leadingBytes(_ bytes: [UInt8]) -> UInt64 {
        Insecure.SHA1.hash(data: bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func bigEndianBytes(_ number: UInt64) -> [UInt8] {
        (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
