package import CEL
package import Facts

extension Diagnostician {
    /// The facts of these collectors, each asked with the parameters that it declares, in the order of the names.
    package func facts(of collectors: [String], parameters: [String: Value] = [:]) async -> [Fact] {
        let requests = collectors.compactMap { name -> FactRequest? in
            guard let declaration = catalogue[name]?.declaration else { return nil }
            let known = Set(declaration.parameters.map(\.name))
            return FactRequest(declaration, parameters: parameters.filter { known.contains($0.key) })
        }
        return await withinTotal { [self] in await collect(requests, from: source) }
    }
}
