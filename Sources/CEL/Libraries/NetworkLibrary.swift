extension Library {
    /// IP addresses and networks, as in Kubernetes and, by the same names, in cel-go's network extension.
    static let network = Library("network", functions: addresses + addressKinds + networks + networkParts)

    private static let addresses = [
        Function(
            "ip", "The IPv4 or IPv6 address that a text names, or that a network has.",
            overloads: [
                Overload(
                    "string_to_ip", [.string], IPAddress.type, cost: Cost.traversal, .function(IPAddress.init(parsing:))
                ),
                Overload(
                    "cidr_ip", member: true, [CIDR.type], IPAddress.type, .function { (cidr: CIDR) in cidr.address }),
            ],
            examples: [
                .init("ip('2001:db8::1') == ip('2001:DB8:0::1')", equals: "true"),
                .init("cidr('192.168.1.5/24').ip()", equals: "ip('192.168.1.5')"),
            ]),
        Function(
            "isIP", "Whether the text is an IP address.",
            overloads: [
                Overload(
                    "is_ip", [.string], .bool, cost: Cost.traversal,
                    .function { (text: String) in (try? IPAddress(parsing: text)) != nil })
            ],
            examples: [
                .init("isIP('127.0.0.1')", equals: "true"), .init("isIP('127.0.0.01')", equals: "false"),
                .init("isIP('fe80::1%eth0')", equals: "false"),
            ]),
        Function(
            "ip.isCanonical", "Whether the text is the address's canonical form (RFC 5952).",
            overloads: [
                Overload(
                    "ip_is_canonical", [.string], .bool, cost: Cost.rewriting,
                    .function { (text: String) throws(EvaluationError) in
                        try IPAddress(parsing: text).description.isIdentical(to: text)
                    })
            ],
            examples: [
                .init("ip.isCanonical('2001:db8::1')", equals: "true"),
                .init("ip.isCanonical('2001:DB8::1')", equals: "false"),
            ]),
        Function(
            "string", "The value as text.",
            overloads: [
                Overload("ip_to_string", [IPAddress.type], .string, .function { (ip: IPAddress) in ip.description }),
                Overload("cidr_to_string", [CIDR.type], .string, .function { (cidr: CIDR) in cidr.description }),
            ],
            examples: [
                .init("string(ip('2001:DB8:0:0:1:0:0:1'))", equals: "'2001:db8::1:0:0:1'"),
                .init("string(cidr('10.0.0.0/8'))", equals: "'10.0.0.0/8'"),
            ]),
    ]

    private static let addressKinds = [
        Function(
            "family", "4 or 6.",
            overloads: [
                Overload(
                    "ip_family", member: true, [IPAddress.type], .int,
                    .function { (ip: IPAddress) in ip.family.rawValue })
            ],
            examples: [.init("ip('::1').family()", equals: "6"), .init("ip('127.0.0.1').family()", equals: "4")]),
        addressKind(
            "isUnspecified", "ip_is_unspecified", "Whether it is the address that means any.", \.isUnspecified,
            yes: "0.0.0.0",
            no: "::1"),
        addressKind(
            "isLoopback", "ip_is_loopback", "Whether it means the machine itself.", \.isLoopback, yes: "127.0.0.1",
            no: "::2"),
        addressKind(
            "isLinkLocalMulticast", "ip_is_link_local_multicast", "Whether it means a group on the same link.",
            \.isLinkLocalMulticast, yes: "ff02::1", no: "224.0.1.1"),
        addressKind(
            "isLinkLocalUnicast", "ip_is_link_local_unicast", "Whether it holds on one link only.",
            \.isLinkLocalUnicast,
            yes: "169.254.169.254", no: "fd80::1"),
        addressKind(
            "isGlobalUnicast", "ip_is_global_unicast",
            "Whether it means one machine beyond the link; private ones do too.",
            \.isGlobalUnicast, yes: "192.168.0.1", no: "255.255.255.255"),
    ]

    private static func addressKind(
        _ name: String, _ id: String, _ summary: String, _ kind: @escaping @Sendable (IPAddress) -> Bool, yes: String,
        no: String
    ) -> Function {
        Function(
            name, summary,
            overloads: [Overload(id, member: true, [IPAddress.type], .bool, .function { (ip: IPAddress) in kind(ip) })],
            examples: [
                .init("ip('\(yes)').\(name)()", equals: "true"), .init("ip('\(no)').\(name)()", equals: "false"),
            ])
    }

    private static let networks = [
        Function(
            "cidr", "The network that a text in CIDR notation names.",
            overloads: [
                Overload("string_to_cidr", [.string], CIDR.type, cost: Cost.traversal, .function(CIDR.init(parsing:)))
            ],
            examples: [.init("cidr('192.168.0.1/24') == cidr('192.168.0.0/24')", equals: "false")]),
        Function(
            "isCIDR", "Whether the text is a network in CIDR notation.",
            overloads: [
                Overload(
                    "is_cidr", [.string], .bool, cost: Cost.traversal,
                    .function { (text: String) in (try? CIDR(parsing: text)) != nil })
            ],
            examples: [
                .init("isCIDR('::1/128')", equals: "true"), .init("isCIDR('192.168.0.0/33')", equals: "false"),
                .init("isCIDR('192.168.0.0')", equals: "false"),
            ]),
    ]

    private static let networkParts = [
        Function(
            "containsIP", "Whether the address is in the network.",
            overloads: [
                Overload(
                    "cidr_contains_ip_ip", member: true, [CIDR.type, IPAddress.type], .bool,
                    .function { (cidr: CIDR, ip: IPAddress) in cidr.contains(ip) }),
                Overload(
                    "cidr_contains_ip_string", member: true, [CIDR.type, .string], .bool,
                    .function { (cidr: CIDR, ip: String) throws(EvaluationError) in
                        cidr.contains(try IPAddress(parsing: ip))
                    }),
            ],
            examples: [
                .init("cidr('10.0.0.0/8').containsIP('10.1.2.3')", equals: "true"),
                .init("cidr('10.0.0.0/8').containsIP(ip('::1'))", equals: "false"),
            ]),
        Function(
            "containsCIDR", "Whether the whole other network is in the network.",
            overloads: [
                Overload(
                    "cidr_contains_cidr", member: true, [CIDR.type, CIDR.type], .bool,
                    .function { (cidr: CIDR, other: CIDR) in cidr.contains(other) }),
                Overload(
                    "cidr_contains_cidr_string", member: true, [CIDR.type, .string], .bool,
                    .function { (cidr: CIDR, other: String) throws(EvaluationError) in
                        cidr.contains(try CIDR(parsing: other))
                    }),
            ],
            examples: [
                .init("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", equals: "true"),
                .init("cidr('10.0.0.0/8').containsCIDR(cidr('0.0.0.0/0'))", equals: "false"),
            ]),
        Function(
            "masked", "The network with all bits behind its prefix zero.",
            overloads: [
                Overload("cidr_masked", member: true, [CIDR.type], CIDR.type, .function { (cidr: CIDR) in cidr.masked })
            ],
            examples: [.init("cidr('192.168.1.5/24').masked()", equals: "cidr('192.168.1.0/24')")]),
        Function(
            "isMask", "Whether all bits behind the prefix are zero.",
            overloads: [
                Overload(
                    "cidr_is_mask", member: true, [CIDR.type], .bool, .function { (cidr: CIDR) in cidr.masked == cidr })
            ],
            examples: [
                .init("cidr('192.168.1.0/24').isMask()", equals: "true"),
                .init("cidr('192.168.1.5/24').isMask()", equals: "false"),
            ]),
        Function(
            "prefixLength", "How many bits the network's addresses share.",
            overloads: [
                Overload(
                    "cidr_prefix_length", member: true, [CIDR.type], .int,
                    .function { (cidr: CIDR) in Int64(cidr.prefixLength) })
            ],
            examples: [.init("cidr('192.168.1.0/24').prefixLength()", equals: "24")]),
    ]
}
