internal import YAML

/// Reading single fields out of a YAML file, without making values of the rest.
extension Node {
    func field(_ name: String) -> Node? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key.scalarText == name }?.value
    }

    /// `nil` for a list, a map and a plain null.
    var scalarText: String? {
        guard case .scalar(let scalar) = content else { return nil }
        let isNull = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.text)
        return isNull ? nil : scalar.text
    }

    var elements: [Node] {
        guard case .sequence(let elements) = content else { return [] }
        return elements
    }

    var pairs: [(key: String, value: String)] {
        guard case .mapping(let entries) = content else { return [] }
        return entries.compactMap { entry in
            entry.key.scalarText.flatMap { key in entry.value.scalarText.map { (key, $0) } }
        }
    }
}

/// The documents of a file that other programs wrote; none where it cannot be read.
func documents(of text: String) -> [Node] { parse(Array(text.utf8), limits: .kubeconfig).documents }
