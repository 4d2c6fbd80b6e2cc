public import CEL

extension LintRule {
    /// What Kubernetes allows a validation rule by its estimate (`StaticEstimatedCostLimit`): ten times what an evaluation
    /// may cost, since an estimate supposes that every loop goes to its end and every filter keeps everything.
    private static let limit: UInt64 = 10_000_000

    static let costlyCondition = LintRule(.costlyCondition) { subject in
        subject.playbook.expressions.compactMap { condition in
            let highest = condition.program.ordinaryCost.highest
            guard highest > limit else { return nil }
            let cost = highest == .max ? "any number of" : "up to \(highest)"
            return subject.problem(
                .costlyCondition,
                "this may cost \(cost) units in a cluster of ordinary size, and an evaluation ends at its budget; expected at"
                    + " most \(limit) by the estimate: fewer loops within loops",
                at: condition.location(of: 0..<condition.program.source.utf8.count))
        }
    }
}

extension Program {
    /// What an evaluation costs in a cluster of ordinary size, by the estimate.
    public var ordinaryCost: CostRange { estimatedCost(sharing: 5, sizes: Self.ordinarySize) }

    /// Where Kubernetes reads sizes from a schema, these are those of an ordinary cluster.
    private static func ordinarySize(at path: [String], _ type: ValueType) -> ClosedRange<UInt64>? {
        let isPart = path.contains("*")
        let isFact = path.first == "facts"
        switch type {
        case .nullable(let inner), .optional(let inner): return ordinarySize(at: path, inner)
        case .string, .bytes: return 0...(isFact && !isPart ? 4000 : 200)
        // Containers of a pod, conditions of a node.
        case .list where isPart, .map where isPart, .dyn where isPart: return 0...5
        // Kubernetes objects.
        case .list(.dyn) where isFact, .dyn where isFact: return 0...100
        // Members of a cluster, devices of a machine, what a definition kept.
        case .list, .map, .dyn: return 0...20
        case .object, .opaque, .parameter, .error, .null, .bool, .int, .uint, .double, .timestamp, .duration, .type:
            return nil
        }
    }
}
