/// Paths as Go's `path/filepath` treats them: purely by their text.
enum GoPath {
    /// The shortest equivalent path; `.` for an empty one.
    static func clean(_ path: String) -> String {
        let isAbsolute = path.hasPrefix("/")
        var kept: [Substring] = []
        for part in path.split(separator: "/") {
            switch part {
            case ".": continue
            case "..":
                if let last = kept.last, last != ".." {
                    kept.removeLast()
                } else if !isAbsolute {
                    kept.append(part)
                }
            default: kept.append(part)
            }
        }
        let joined = kept.joined(separator: "/")
        if isAbsolute { return "/" + joined }
        return joined.isEmpty ? "." : joined
    }

    /// The path made absolute by the folder, unless it is.
    static func resolve(_ path: String, in folder: String) -> String {
        path.isEmpty || path.hasPrefix("/") ? path : clean(folder + "/" + path)
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return clean(slash == path.startIndex ? "/" : String(path[..<slash]))
    }

    static func base(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? (path.isEmpty ? "." : "/")
    }

    /// Where `exec.LookPath` looks for a command: as given where it holds a slash, else on PATH.
    ///
    /// Relative folders on PATH do not count: Go refuses what they lead to.
    static func candidates(for command: String, searchPath: String) -> [String] {
        if command.contains("/") { return [command] }
        return searchPath.split(separator: ":").filter { $0.hasPrefix("/") }.map { clean($0 + "/" + command) }
    }
}
