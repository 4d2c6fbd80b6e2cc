/// Links of pages that lead nowhere: every one that does not go to the web must lead to a page, and on it to the place.
///
/// - Parameter pages: by their path, HTML and Markdown.
package func deadLinks(in pages: [String: String]) throws -> [String] {
    var dead: [String] = []
    for (path, page) in pages.sorted(by: { $0.key < $1.key }) {
        // What stands in code is no link, whatever it looks like.
        let text = path.hasSuffix(".md") ? page.replacing(/`[^`\n]*`/, with: "") : page
        let pattern = path.hasSuffix(".html") ? #"href="([^"]*)""# : #"(?:^|[^\\])\]\(([^)]*)\)"#
        for match in text.matches(of: try Regex(pattern, as: (Substring, Substring).self)) {
            let link = String(match.output.1)
            if link.hasPrefix("https://") || link.hasPrefix("http://") { continue }
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let page = parts[0].isEmpty ? path : resolved(parts[0], from: path)
            guard let target = pages[page] else {
                dead.append("\(path): \(link)")
                continue
            }
            guard parts.count > 1 else { continue }
            let heading = parts[1].replacing(/^(cause|remedy)-/) { "\($0.output.1) " }
            let place = page.hasSuffix(".html") ? "id=\"\(parts[1])\"" : "\n### \(heading)\n"
            if !target.contains(place) { dead.append("\(path): \(link)") }
        }
    }
    return dead
}

private func resolved(_ path: String, from page: String) -> String {
    var folder = page.split(separator: "/").dropLast().map(String.init)
    for part in path.split(separator: "/").map(String.init) {
        if part == ".." { _ = folder.popLast() } else { folder.append(part) }
    }
    return folder.joined(separator: "/")
}
