/// A form that strings of Kubernetes' objects must have (apiserver's CEL library, format.go).
enum NamedFormat: String, CaseIterable, OpaqueValue, FunctionValue {
    case dns1123Label, dns1123Subdomain, dns1035Label
    case dns1123LabelPrefix, dns1123SubdomainPrefix, dns1035LabelPrefix
    case qualifiedName, labelValue
    case uri, uuid, byte, date, datetime

    static let type = ValueType.opaque("kubernetes.NamedFormat", [])

    var typeName: String { "kubernetes.NamedFormat" }
    var description: String { rawValue }
    func isEqual(to other: any OpaqueValue) -> Bool { other as? NamedFormat == self }

    /// Why the text does not have the form, in Kubernetes' words; empty where it has.
    func problems(of text: String) -> [String] {
        switch self {
        case .dns1123Label: Self.label(text)
        case .dns1123Subdomain: Self.subdomain(text)
        case .dns1035Label: Self.dns1035Label(text)
        case .dns1123LabelPrefix: Self.label(Self.withoutTrailingDash(text))
        case .dns1123SubdomainPrefix: Self.subdomain(Self.withoutTrailingDash(text))
        case .dns1035LabelPrefix: Self.dns1035Label(Self.withoutTrailingDash(text))
        case .qualifiedName: Self.qualifiedName(text)
        case .labelValue: Self.labelValue(text)
        case .uri: Self.uri(text)
        case .uuid:
            Self.matches(text, "[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}")
                ? [] : ["does not match the UUID format"]
        case .byte:
            !text.isEmpty && Self.matches(text, "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
                ? [] : ["invalid base64"]
        case .date: Self.isDate(text) ? [] : ["invalid date"]
        case .datetime: Self.isDateTime(text) ? [] : ["invalid datetime"]
        }
    }

    // MARK: names (apimachinery, util/validation)

    private static let labelForm = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    private static let subdomainForm = labelForm + #"(\."# + labelForm + ")*"
    private static let dns1035Form = "[a-z]([-a-z0-9]*[a-z0-9])?"
    private static let nameForm = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

    private static func label(_ text: String) -> [String] {
        var problems = tooLong(text, 63)
        if matches(text, labelForm) { return problems }
        problems.append(
            matches(text, subdomainForm)
                ? "must not contain dots"
                : form(
                    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
                        + "and end with an alphanumeric character", labelForm, "my-name", "123-abc"))
        return problems
    }

    private static func subdomain(_ text: String) -> [String] {
        tooLong(text, 253)
            + (matches(text, subdomainForm)
                ? []
                : [
                    form(
                        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
                            + "and must start and end with an alphanumeric character", subdomainForm, "example.com")
                ])
    }

    private static func dns1035Label(_ text: String) -> [String] {
        tooLong(text, 63)
            + (matches(text, dns1035Form)
                ? []
                : [
                    form(
                        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
                            + "alphabetic character, and end with an alphanumeric character", dns1035Form, "my-name",
                        "abc-123")
                ])
    }

    private static func qualifiedName(_ text: String) -> [String] {
        let rule = form(
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            nameForm, "MyName", "my.name", "123-abc")
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        var problems: [String] = []
        switch parts.count {
        case 1: break
        case 2 where parts[0].isEmpty: problems.append("prefix part must be non-empty")
        case 2: problems += subdomain(parts[0]).map { "prefix part " + $0 }
        default:
            return [
                "a qualified name " + rule
                    + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ]
        }
        guard let name = parts.last, !name.isEmpty else { return problems + ["name part must be non-empty"] }
        problems += tooLong(name, 63).map { "name part " + $0 }
        return problems + (matches(name, nameForm) ? [] : ["name part " + rule])
    }

    private static func labelValue(_ text: String) -> [String] {
        let rule = "(\(nameForm))?"
        return tooLong(text, 63)
            + (matches(text, rule)
                ? []
                : [
                    form(
                        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
                            + "must start and end with an alphanumeric character", rule, "MyValue", "my_value", "12345")
                ])
    }

    /// A prefix may end in a dash: whatever follows it is taken for a letter.
    private static func withoutTrailingDash(_ text: String) -> String {
        text.utf8.count > 1 && text.hasSuffix("-") ? text.dropLast(2) + "a" : text
    }

    private static func tooLong(_ text: String, _ limit: Int) -> [String] {
        text.utf8.count > limit ? ["must be no more than \(limit) bytes"] : []
    }

    private static func form(_ message: String, _ pattern: String, _ examples: String...) -> String {
        let list = examples.map { "'\($0)'" }.joined(separator: ",  or ")
        return "\(message) (e.g. \(list), regex used for validation is '\(pattern)')"
    }

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        (try? Pattern.cached("^(?:\(pattern))$"))?.matches(text) ?? false
    }

    // MARK: others (kube-openapi, strfmt)

    private static func uri(_ text: String) -> [String] {
        do throws(EvaluationError) {
            _ = try URLValue(parsing: text)
            return []
        } catch {
            return [error.message]
        }
    }

    private static func isDate(_ text: String) -> Bool {
        guard matches(text, "[0-9]{4}-[0-9]{2}-[0-9]{2}") else { return false }
        let numbers = text.split(separator: "-").compactMap { Int($0) }
        guard numbers.count == 3, (1...12).contains(numbers[1]) else { return false }
        let isLeapYear = numbers[0] % 4 == 0 && (numbers[0] % 100 != 0 || numbers[0] % 400 == 0)
        let lengths = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...lengths[numbers[1] - 1]).contains(numbers[2])
    }

    private static func isDateTime(_ text: String) -> Bool {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "T" || $0 == "t" }
        return parts.count == 2 && isDate(String(parts[0]))
            && matches(
                String(parts[1]), #"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([zZ]|[+-][0-9]{2}:[0-9]{2})"#)
    }
}
