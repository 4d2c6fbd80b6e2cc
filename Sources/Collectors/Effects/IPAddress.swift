#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The 4 or 16 bytes of an IP address in its usual text form.
func addressBytes(_ text: String) -> [UInt8]? {
    var four = [UInt8](repeating: 0, count: 4)
    if unsafe inet_pton(AF_INET, text, &four) == 1 { return four }
    var sixteen = [UInt8](repeating: 0, count: 16)
    return unsafe inet_pton(AF_INET6, text, &sixteen) == 1 ? sixteen : nil
}

/// The usual text form of 4 or 16 bytes.
func addressText(_ bytes: [UInt8]) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let length = socklen_t(text.count)
    guard unsafe inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, length) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The addresses of this machine's interfaces.
func ownAddresses() -> Set<String> {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&first) == 0 else { return [] }
    defer { unsafe freeifaddrs(first) }
    var found: Set<String> = []
    var next = unsafe first
    while let entry = unsafe next {
        unsafe next = entry.pointee.ifa_next
        guard let address = unsafe entry.pointee.ifa_addr else { continue }
        let family = unsafe Int32(address.pointee.sa_family)
        guard family == AF_INET || family == AF_INET6 else { continue }
        let length = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let size = socklen_t(text.count)
        guard unsafe getnameinfo(address, socklen_t(length), &text, size, nil, 0, NI_NUMERICHOST) == 0 else { continue }
        // Without the zone of a link's address.
        let shown = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        found.insert(String(shown.prefix { $0 != "%" }))
    }
    return found
}

/// Whether it is an IP address, which TLS never sends as a server's name.
func isAddress(_ host: String) -> Bool { addressBytes(host) != nil }
